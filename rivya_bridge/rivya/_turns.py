"""What one payload of a chat stream means; judged by its members, never by its event's name. Pure."""

from typing import Any

from rivya_bridge.rivya._json import parse_object
from rivya_bridge.rivya.choices import (
    STREAM_DONE,
    STREAM_ERROR_KEY,
    STREAM_FINAL_KEYS,
    STREAM_TEXT_PATHS,
)

Payload = dict[str, Any]


def payload_of(data: str) -> Payload | None:
    """The object in an event's data; None for `[DONE]` and for whatever is no JSON object."""
    if data.strip() == STREAM_DONE:
        return None
    try:
        return parse_object(data.encode())
    except ValueError:
        return None


def error_of(payload: Payload) -> Payload | None:
    """The error that the payload reports; a bare text becomes its message."""
    error = payload.get(STREAM_ERROR_KEY)
    if isinstance(error, str) and error:
        return {"message": error}
    return error if isinstance(error, dict) else None


def is_final(payload: Payload) -> bool:
    """True for the finished turn."""
    return all(isinstance(payload.get(key), dict) for key in STREAM_FINAL_KEYS)


def text_of_payload(payload: Payload) -> str:
    """The first text found where a text may be; "" if there is none."""
    for path in STREAM_TEXT_PATHS:
        value: Any = payload
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value
    return ""


def shows_progress(payload: Payload) -> bool:
    """True for a payload that proves the model is at work though it carries no text."""
    return any(payload.get(path[0]) for path in STREAM_TEXT_PATHS)
