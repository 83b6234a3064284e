"""Validation errors of the HTTP API's schemas as named fields with a sentence and a limit."""

from collections.abc import Mapping, Sequence
from typing import Any

MOST_NAMED = 50
NAME_LENGTH = 80

# Where a value came from stands before the field in `loc`, and the tried type behind it.
_PLACES = frozenset({"body", "payload", "query", "path", "form", "file", "header", "data"})
_TYPES = frozenset({"dict[str,any]", "str"})
_LIMITS = ("max_length", "min_length", "le", "ge", "lt", "gt", "expected")


def problem_fields(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """{"field", "message", "limit"} for the first 50 fields that do not fit."""
    found: dict[str, dict[str, Any]] = {}
    for error in errors:
        field = _field(error.get("loc", ()))
        found.setdefault(field, _described(field, error))
        if len(found) == MOST_NAMED:
            break
    return list(found.values())


def _field(loc: Sequence[Any]) -> str:
    """For example `tags.0`; `body` when the body as a whole is wrong."""
    place = [str(part) for part in loc]
    while len(place) > 1 and place[0] in _PLACES:
        place.pop(0)
    if len(place) > 1 and place[-1] in _TYPES:
        place.pop()
    name = ".".join(place)[:NAME_LENGTH]
    return "body" if name in ("", "payload") else name


def _described(field: str, error: Mapping[str, Any]) -> dict[str, Any]:
    limits = error.get("ctx") or {}
    limit = next((limits[key] for key in _LIMITS if key in limits), None)
    return {"field": field, "message": _sentence(field, error), "limit": limit}


def _sentence(field: str, error: Mapping[str, Any]) -> str:
    match error.get("type"):
        case "missing":
            return f"{field} is required."
        case "extra_forbidden":
            return f"{field} is no field of this request: remove it, or correct its name."
        case "model_attributes_type" | "model_type" | "dict_type":
            return f"{field} must be a JSON object."
        case "list_type":
            return f"{field} must be a list."
        case "string_type":
            return f"{field} must be text."
    text = str(error.get("msg", "is not valid")).rstrip(".")
    return f"{field}: {text}."
