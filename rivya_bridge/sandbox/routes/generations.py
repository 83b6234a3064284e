"""POST /api/v1/generations and GET /api/v1/generations/{taskId}.

Shapes: docs/api-generations and docs/api-generation-status; the status 202 is assumed.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..bodies import read_json_bytes
from ..checks import check_idempotency_key, check_order, parse_json_object
from ..context import authorize, origin
from ..errors import missing
from ..identifiers import iso_utc
from ..lifecycle import State
from ..store import Generation
from ..submission import submit

FAILURE = {"code": "generation_failed", "message": "The sandbox was asked to fail this one."}


async def create_generation(request: Request) -> JSONResponse:
    """Accept one generation, or replay the answer to the same key and body."""
    sandbox = authorize(request, "generations:create")
    choices = sandbox.choices
    key = check_idempotency_key(request.headers.get("idempotency-key"), choices)
    body = parse_json_object(await read_json_bytes(request, choices.json_body_bytes))

    def accept() -> Generation:
        order = check_order(body, sandbox.catalogue, sandbox.desk(request), choices)
        return submit(sandbox, order, body, key)

    generation = await run_in_threadpool(accept)
    # A replay repeats the first answer, so the state is that of the moment of creation.
    first = State("queued", 0.0, 0, generation.created_ms)
    answer = present(generation, first, origin(request))
    return JSONResponse(answer, status_code=choices.created_generation_status)


def show_generation(request: Request) -> JSONResponse:
    """The generation as it stands now."""
    sandbox = authorize(request, "generations:read")
    now_ms = sandbox.now_ms()
    generation = sandbox.store.generation(request.path_params["task_id"])
    if generation is None:
        raise missing("This generation")
    return JSONResponse(present(generation, generation.state(now_ms), origin(request)))


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
        "error": FAILURE if state.status == "failed" else None,
    }


ROUTES = [
    Route("/api/v1/generations", create_generation, methods=["POST"]),
    Route("/api/v1/generations/{task_id}", show_generation, methods=["GET"]),
]
