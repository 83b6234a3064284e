"""GET /api/v1/openapi.json: public description of exactly the routes served here."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..context import sandbox_of
from ..contract import openapi_document


def show_openapi(request: Request) -> JSONResponse:
    """The OpenAPI 3.1 document (the version is assumed; docs/api-openapi-schema)."""
    return JSONResponse(openapi_document(sandbox_of(request).catalogue))


ROUTES = [Route("/api/v1/openapi.json", show_openapi, methods=["GET"])]
