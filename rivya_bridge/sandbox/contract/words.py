"""The words that the description of the API is written in: types, objects, calls.

Objects are closed: a field that the sandbox serves and the description does not name
is a mistake that a schema check shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..choices import DEFAULT_SIZE_MB

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
WHOLE: Json = {"type": "integer"}
AMOUNT: Json = {"type": "integer", "minimum": 0}
NUMBER: Json = {"type": "number"}
YES_OR_NO: Json = {"type": "boolean"}
LINK: Json = {"type": "string", "format": "uri"}
MOMENT: Json = {"type": "string", "format": "date-time"}
KIND: Json = {"type": "string", "enum": sorted(DEFAULT_SIZE_MB)}
LABEL: Json = {"type": ["string", "null"], "maxLength": 128}

REFUSALS: dict[int, str] = {
    400: "The request is not valid",
    401: "The key is missing, unknown, revoked or expired",
    402: "The wallet holds too few credits",
    403: "The key lacks the scope",
    404: "Not found in this account",
    409: "In conflict with something that exists",
    429: "Too many requests in this window",
    500: "The service failed",
    503: "The API is switched off for now",
}
PUBLIC = (500, 503)
WITH_KEY = (401, 403, 429, *PUBLIC)


def call(
    name: str,
    status: int,
    content: Json,
    *,
    scope: str | None = None,
    refusals: Iterable[int] = (),
    body: Json | None = None,
    parameters: Iterable[Json] = (),
) -> Json:
    """One operation; `refusals` are the statuses beside those of every call of its kind."""
    statuses = sorted({*refusals, *(WITH_KEY if scope else PUBLIC)})
    described: Json = {
        "operationId": name,
        "responses": {
            str(status): {"description": "Success", "content": content},
            **{str(number): _refusal(number) for number in statuses},
        },
        "security": [{"bearer": [scope]}] if scope else [],
    }
    if body:
        described["requestBody"] = body
    if listed := list(parameters):
        described["parameters"] = listed
    return described


def _refusal(status: int) -> Json:
    answer: Json = {"description": REFUSALS[status], "content": as_json(ref("Error"))}
    if status == 429:
        answer["headers"] = {"Retry-After": {"schema": TEXT, "description": "Whole seconds"}}
    return answer


def as_json(schema: Json) -> Json:
    """The content of a JSON answer."""
    return {"application/json": {"schema": schema}}


def body(content_type: str, schema: str) -> Json:
    """A required request body, by the name of its schema."""
    return {"required": True, "content": {content_type: {"schema": ref(schema)}}}


def in_path(name: str) -> Json:
    """A parameter of the path."""
    return {"name": name, "in": "path", "required": True, "schema": {**TEXT, "minLength": 1}}


IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    # Servers cut white space off both ends of a header, so it can't be the whole key.
    "schema": {"type": "string", "pattern": "^[!-~]([ -~]{0,253}[!-~])?$"},
}


def ref(name: str) -> Json:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def fields(required: Iterable[str], /, **properties: Json) -> Json:
    """A closed object with these properties."""
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def record(**properties: Json) -> Json:
    """A closed object whose properties are all required."""
    return fields(properties, **properties)


def constant(value: str) -> Json:
    """Exactly this string."""
    return {"type": "string", "const": value}


def one_of(values: Iterable[str]) -> Json:
    """One of these strings."""
    return {"type": "string", "enum": list(values)}


def many(schema: Json) -> Json:
    """A list."""
    return {"type": "array", "items": schema}


def page(schema: str) -> Json:
    """`{"object": "list", "data": [...]}` of a schema by its name."""
    return record(object=constant("list"), data=many(ref(schema)))


def or_null(schema: Json) -> Json:
    """The schema, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"oneOf": [schema, {"type": "null"}]}
