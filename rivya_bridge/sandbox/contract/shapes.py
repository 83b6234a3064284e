"""Building blocks of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from ..choices import DEFAULT_SIZE_MB

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
WHOLE: Json = {"type": "integer"}
LINK: Json = {"type": "string", "format": "uri"}
MOMENT: Json = {"type": "string", "format": "date-time"}
KIND: Json = {"type": "string", "enum": sorted(DEFAULT_SIZE_MB)}
LABEL: Json = {"type": "string", "maxLength": 128}


def call(
    name: str,
    status: int,
    schema: str | None,
    *,
    scope: str | None = None,
    body: Json | None = None,
    parameters: list[Json] | None = None,
) -> Json:
    """One operation: its answer, the common refusal, and the scope it needs."""
    shape = ref(schema) if schema else {"type": "object"}
    call: Json = {
        "operationId": name,
        "responses": {
            str(status): {"description": "Success", "content": json_content(shape)},
            "default": {"description": "Refusal", "content": json_content(ref("Error"))},
        },
        "security": [{"bearer": [scope]}] if scope else [],
    }
    if body:
        call["requestBody"] = body
    if parameters:
        call["parameters"] = parameters
    return call


def json_content(schema: Json) -> Json:
    """A JSON body of this schema."""
    return {"application/json": {"schema": schema}}


def body(content_type: str, schema: str) -> Json:
    """A required request body."""
    return {"required": True, "content": {content_type: {"schema": ref(schema)}}}


def parameter(name: str, place: str, *, required: bool) -> Json:
    """A text parameter."""
    schema = {"type": "string", "minLength": 1, "maxLength": 255}
    return {"name": name, "in": place, "required": required, "schema": schema}


def ref(name: str) -> Json:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def object_of(required: list[str], **properties: Json) -> Json:
    """An object with these properties."""
    return {"type": "object", "required": required, "properties": properties}


def all_of(**properties: Json) -> Json:
    """An object that has all of these properties."""
    return object_of(list(properties), **properties)


def or_null(schema: Json) -> Json:
    """This schema or null."""
    return {"oneOf": [schema, {"type": "null"}]}
