"""The errors of the HTTP API in its OpenAPI description."""

from typing import Any

_FIELD = {
    "type": "object",
    "required": ["field", "message", "limit"],
    "properties": {
        "field": {"type": "string"},
        "message": {"type": "string"},
        "limit": {"description": "the limit that was broken, null where there is none"},
        "see": {"type": "string", "description": "the page where it is put right, if there is one"},
    },
}
_ERROR = {
    "title": "Error",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "fields"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "fields": {"type": "array", "items": _FIELD},
            },
        }
    },
}
_ALWAYS = {401: "The token is missing, unknown or revoked"}
_WITH_ID = {404: "What is named does not exist"}
_WITH_INPUT = {422: "A field breaks a rule; each is named with its limit"}
_WITH_BODY = {400: "The body is no JSON", 413: "The body is too large"}
_WITH_KEY = {409: "The Idempotency-Key belongs to another body, or the name is taken"}


def with_errors(schema: dict[str, Any]) -> None:
    """Adds to every operation the errors that it may answer with, all of one shape.

    A route that knows of one more names it with its description alone, as `openapi_extra`.
    """
    schema["components"].setdefault("schemas", {})["Error"] = _ERROR
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            for status, text in _errors_of(path, method, operation).items():
                operation["responses"].setdefault(status, _response(text))
            for status, response in operation["responses"].items():
                if int(status) >= 400 and "content" not in response:
                    operation["responses"][status] = _response(response["description"])


def _errors_of(path: str, method: str, operation: dict[str, Any]) -> dict[int, str]:
    errors = dict(_ALWAYS)
    if "{" in path:
        errors |= _WITH_ID
    if operation.get("requestBody") or operation.get("parameters"):
        errors |= _WITH_INPUT
    if operation.get("requestBody"):
        errors |= _WITH_BODY
    if method == "post":
        errors |= _WITH_KEY
    return errors


def _response(text: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": text, "content": content}
