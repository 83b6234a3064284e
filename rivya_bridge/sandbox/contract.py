"""The OpenAPI 3.1 document of the sandbox."""

from __future__ import annotations

from typing import Any

from .choices import DEFAULT_SIZE_MB, ERROR_STATUS

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
WHOLE: Json = {"type": "integer"}
LINK: Json = {"type": "string", "format": "uri"}
MOMENT: Json = {"type": "string", "format": "date-time"}
KIND: Json = {"type": "string", "enum": sorted(DEFAULT_SIZE_MB)}
LABEL: Json = {"type": "string", "maxLength": 128}


def openapi_document() -> Json:
    """The whole document as JSON-ready data."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rivya Public API (sandbox)", "version": "v1"},
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> Json:
    return {
        "/api/v1/models": {"get": _call("listModels", 200, "ModelList")},
        "/api/v1/generations": {
            "post": _call(
                "createGeneration",
                202,
                "Generation",
                scope="generations:create",
                body=_body("application/json", "GenerationRequest"),
                parameters=[_parameter("Idempotency-Key", "header", required=False)],
            )
        },
        "/api/v1/generations/{taskId}": {
            "get": _call(
                "getGeneration",
                200,
                "Generation",
                scope="generations:read",
                parameters=[_parameter("taskId", "path", required=True)],
            )
        },
        "/api/v1/files": {
            "post": _call(
                "createFile",
                201,
                "PublicApiFile",
                scope="files:create",
                body=_body("multipart/form-data", "FileRequest"),
            )
        },
        "/api/v1/files/{fileId}": {
            "get": _call(
                "getFile",
                200,
                "PublicApiFile",
                scope="files:read",
                parameters=[_parameter("fileId", "path", required=True)],
            )
        },
        "/api/v1/credits": {"get": _call("getCredits", 200, "Credits", scope="credits:read")},
        "/api/v1/openapi.json": {"get": _call("getOpenApi", 200, None)},
    }


def _call(
    name: str,
    status: int,
    schema: str | None,
    *,
    scope: str | None = None,
    body: Json | None = None,
    parameters: list[Json] | None = None,
) -> Json:
    shape = _ref(schema) if schema else {"type": "object"}
    call: Json = {
        "operationId": name,
        "responses": {
            str(status): {"description": "Success", "content": _json(shape)},
            "default": {"description": "Refusal", "content": _json(_ref("Error"))},
        },
        "security": [{"bearer": [scope]}] if scope else [],
    }
    if body:
        call["requestBody"] = body
    if parameters:
        call["parameters"] = parameters
    return call


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _body(content_type: str, schema: str) -> Json:
    return {"required": True, "content": {content_type: {"schema": _ref(schema)}}}


def _parameter(name: str, place: str, *, required: bool) -> Json:
    schema = {"type": "string", "minLength": 1, "maxLength": 255}
    return {"name": name, "in": place, "required": required, "schema": schema}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: list[str], **properties: Json) -> Json:
    return {"type": "object", "required": required, "properties": properties}


def _all(**properties: Json) -> Json:
    return _object(list(properties), **properties)


def _or_null(schema: Json) -> Json:
    return {"oneOf": [schema, {"type": "null"}]}


def _schemas() -> Json:
    refusal = _all(
        code={"type": "string", "enum": sorted(ERROR_STATUS)}, message=TEXT, requestId=TEXT
    )
    return {
        "Error": _all(error=refusal),
        "Credits": _all(current_credits=WHOLE),
        "ModelList": _all(
            object={"const": "list"}, data={"type": "array", "items": {"type": "object"}}
        ),
        "Generation": _generation(),
        "GenerationRequest": _generation_request(),
        "Reference": _object(
            ["url", "kind"],
            url=LINK,
            kind=KIND,
            name=TEXT,
            mimeType=TEXT,
            durationSeconds={"type": "number"},
            durationToken=TEXT,
        ),
        "FileRequest": _object(
            ["file", "kind"],
            file={"type": "string", "contentMediaType": "application/octet-stream"},
            kind=KIND,
            model=TEXT,
            client_request_id=LABEL,
        ),
        "PublicApiFile": _file(),
    }


def _generation() -> Json:
    return _all(
        id=TEXT,
        status={"type": "string", "enum": ["queued", "processing", "succeeded", "failed"]},
        model=TEXT,
        reserved_credits=WHOLE,
        final_credits=WHOLE,
        created_at=MOMENT,
        updated_at=MOMENT,
        result=_or_null(_all(primary_url=LINK, urls={"type": "array", "items": LINK})),
        error=_or_null(_all(code=TEXT, message=TEXT)),
    )


def _generation_request() -> Json:
    references = {"type": "array", "items": _ref("Reference")}
    shape = _object(
        ["model"],
        model=TEXT,
        prompt=TEXT,
        params={"type": "object", "properties": {"referenceMediaItems": references}},
        client_request_id=LABEL,
    )
    return {**shape, "additionalProperties": False}


def _file() -> Json:
    return _all(
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
