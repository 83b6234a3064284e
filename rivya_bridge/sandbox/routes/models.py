"""GET /api/v1/models: public, with or without a key (docs/api-models)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..context import sandbox_of


def list_models(request: Request) -> JSONResponse:
    """`{"object": "list", "data": [...]}`, everything at once."""
    catalogue = sandbox_of(request).catalogue
    return JSONResponse({"object": "list", "data": list(catalogue.values())})


ROUTES = [Route("/api/v1/models", list_models, methods=["GET"])]
