"""The generation object, as the status route and the webhook events show it.

That both use one serializer is documented (docs/api-webhooks).
"""

from __future__ import annotations

import json
from typing import Any

from .identifiers import iso_utc
from .lifecycle import State
from .scenarios.fates import read_fate
from .store import Generation

FAILURE = {"code": "generation_failed", "message": "The sandbox was asked to fail this one."}


def present(generation: Generation, state: State, base: str) -> dict[str, Any]:
    """The generation object; result links start with `base`."""
    result = None
    if state.status == "succeeded":
        names = json.loads(generation.result_names)
        urls = [f"{base}/results/{generation.id}/{name}" for name in names]
        result = {"primary_url": urls[0], "urls": urls}
    return {
        "id": generation.id,
        "status": state.status,
        "model": generation.model,
        "reserved_credits": generation.reserved,
        "final_credits": state.charge,
        "created_at": iso_utc(generation.created_ms),
        "updated_at": iso_utc(state.changed_ms),
        "result": result,
        "error": _failure(generation) if state.status == "failed" else None,
    }


def _failure(generation: Generation) -> dict[str, str]:
    fate = read_fate(generation.fate)
    if fate.fails_with is None and fate.unpaid is None:
        return FAILURE
    return {"code": fate.fails_with or "insufficient_credits", "message": fate.failure}
