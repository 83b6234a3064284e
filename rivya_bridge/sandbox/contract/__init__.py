"""The OpenAPI 3.1 document of the sandbox: one module for each noun of the API.

Each module has PATHS and SCHEMAS. Source of the idea that the model layer is part of
it: docs/api-openapi-schema.
"""

from __future__ import annotations

from ..catalogue import Model
from . import chat, credits, errors, files, generations, models, webhooks
from .words import Json

NOUNS = (models, generations, files, credits, chat, webhooks)


def openapi_document(catalogue: dict[str, Model]) -> Json:
    """The whole document as JSON-ready data."""
    schemas = {**errors.SCHEMAS, **models.names(catalogue)}
    paths: Json = {}
    for noun in NOUNS:
        paths |= noun.PATHS
        schemas |= noun.SCHEMAS
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rivya Public API (sandbox)", "version": "v1"},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }
