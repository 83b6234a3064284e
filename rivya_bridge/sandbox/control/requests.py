"""GET /_sandbox/requests: the last requests, the newest first, and which scenario met them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from ..context import Sandbox
from ..errors import invalid
from ..traffic import REMEMBERED
from .guard import Body, controlled

DEFAULT_LIMIT = 100


def show_requests(sandbox: Sandbox, request: Request, _: Body) -> dict[str, Any]:
    """How many requests came in all, and the last `?limit=` of them."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= REMEMBERED):
        raise invalid(f"limit must be a whole number from 1 to {REMEMBERED}.")
    last = sandbox.traffic.last(int(text))
    return {"count": sandbox.traffic.count, "data": [seen.shown() for seen in last]}


ROUTES = [controlled("/_sandbox/requests", show_requests)]
