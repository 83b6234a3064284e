"""GET /api/v1/credits (docs/api-credits)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..context import account_of, authorize
from ..wallet import balance


def show_credits(request: Request) -> JSONResponse:
    """`{"current_credits": 123}`."""
    sandbox = authorize(request, "credits:read")
    sandbox.now_ms()
    return JSONResponse({"current_credits": balance(sandbox.store, account_of(request))})


ROUTES = [Route("/api/v1/credits", show_credits, methods=["GET"])]
