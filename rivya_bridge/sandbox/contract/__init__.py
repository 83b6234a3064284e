"""The OpenAPI 3.1 document of the sandbox."""

from __future__ import annotations

from ..choices import ERROR_STATUS
from . import webhooks
from .shapes import (
    KIND,
    LABEL,
    LINK,
    MOMENT,
    TEXT,
    WHOLE,
    Json,
    all_of,
    body,
    call,
    object_of,
    or_null,
    parameter,
    ref,
)


def openapi_document() -> Json:
    """The whole document as JSON-ready data."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rivya Public API (sandbox)", "version": "v1"},
        "paths": {**_paths(), **webhooks.paths()},
        "components": {
            "schemas": {**_schemas(), **webhooks.schemas()},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> Json:
    return {
        "/api/v1/models": {"get": call("listModels", 200, "ModelList")},
        "/api/v1/generations": {
            "post": call(
                "createGeneration",
                202,
                "Generation",
                scope="generations:create",
                body=body("application/json", "GenerationRequest"),
                parameters=[parameter("Idempotency-Key", "header", required=False)],
            )
        },
        "/api/v1/generations/{taskId}": {
            "get": call(
                "getGeneration",
                200,
                "Generation",
                scope="generations:read",
                parameters=[parameter("taskId", "path", required=True)],
            )
        },
        "/api/v1/files": {
            "post": call(
                "createFile",
                201,
                "PublicApiFile",
                scope="files:create",
                body=body("multipart/form-data", "FileRequest"),
            )
        },
        "/api/v1/files/{fileId}": {
            "get": call(
                "getFile",
                200,
                "PublicApiFile",
                scope="files:read",
                parameters=[parameter("fileId", "path", required=True)],
            )
        },
        "/api/v1/credits": {"get": call("getCredits", 200, "Credits", scope="credits:read")},
        "/api/v1/openapi.json": {"get": call("getOpenApi", 200, None)},
    }


def _schemas() -> Json:
    refusal = all_of(
        code={"type": "string", "enum": sorted(ERROR_STATUS)}, message=TEXT, requestId=TEXT
    )
    return {
        "Error": all_of(error=refusal),
        "Credits": all_of(current_credits=WHOLE),
        "ModelList": all_of(
            object={"const": "list"}, data={"type": "array", "items": {"type": "object"}}
        ),
        "Generation": _generation(),
        "GenerationRequest": _generation_request(),
        "Reference": object_of(
            ["url", "kind"],
            url=LINK,
            kind=KIND,
            name=TEXT,
            mimeType=TEXT,
            durationSeconds={"type": "number"},
            durationToken=TEXT,
        ),
        "FileRequest": object_of(
            ["file", "kind"],
            file={"type": "string", "contentMediaType": "application/octet-stream"},
            kind=KIND,
            model=TEXT,
            client_request_id=LABEL,
        ),
        "PublicApiFile": _file(),
    }


def _generation() -> Json:
    return all_of(
        id=TEXT,
        status={"type": "string", "enum": ["queued", "processing", "succeeded", "failed"]},
        model=TEXT,
        reserved_credits=WHOLE,
        final_credits=WHOLE,
        created_at=MOMENT,
        updated_at=MOMENT,
        result=or_null(all_of(primary_url=LINK, urls={"type": "array", "items": LINK})),
        error=or_null(all_of(code=TEXT, message=TEXT)),
    )


def _generation_request() -> Json:
    references = {"type": "array", "items": ref("Reference")}
    shape = object_of(
        ["model"],
        model=TEXT,
        prompt=TEXT,
        params={"type": "object", "properties": {"referenceMediaItems": references}},
        client_request_id=LABEL,
    )
    return {**shape, "additionalProperties": False}


def _file() -> Json:
    return all_of(
        id=TEXT,
        object={"const": "file"},
        kind=KIND,
        url=LINK,
        name=TEXT,
        mime_type=TEXT,
        size_bytes=WHOLE,
        duration_seconds={"type": ["number", "null"]},
        duration_token={"type": ["string", "null"]},
        model={"type": ["string", "null"]},
        client_request_id={"type": ["string", "null"]},
        created_at=MOMENT,
    )
