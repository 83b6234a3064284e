"""Names of the routes that a scenario can act on."""

from __future__ import annotations

from typing import Final

CREATE: Final = "create_generation"
STATUS: Final = "show_generation"
UPLOAD: Final = "create_file"
FILE: Final = "show_file"
CREDITS: Final = "credits"
MODELS: Final = "models"
OPENAPI: Final = "openapi"
CHAT: Final = "chat"
STREAM: Final = "chat_stream"
SESSIONS: Final = "sessions"
WEBHOOKS: Final = "webhooks"
RESULT: Final = "result"
BYTES: Final = "upload"

KEYED: Final = (CREATE, STATUS, UPLOAD, FILE, CREDITS, CHAT, STREAM, SESSIONS, WEBHOOKS)
API: Final = (*KEYED, MODELS, OPENAPI)
"""Every route of the API."""
MEDIA: Final = (RESULT, BYTES)
EVERYWHERE: Final = (*API, *MEDIA)

_FIRST = {
    "models": MODELS,
    "openapi.json": OPENAPI,
    "credits": CREDITS,
    "webhooks": WEBHOOKS,
    "webhook-events": WEBHOOKS,
}


def place_of(method: str, path: str) -> str | None:
    """The route that a request is for; None outside of the API and its media."""
    parts = path.strip("/").split("/")
    if parts[0] == "results":
        return RESULT
    if parts[0] == "uploads":
        return BYTES
    if parts[:2] != ["api", "v1"] or len(parts) < 3:
        return None
    noun = parts[2]
    if noun == "generations":
        return CREATE if method == "POST" else STATUS
    if noun == "files":
        return UPLOAD if method == "POST" else FILE
    if noun == "chat":
        return _chat_place(parts[3:])
    return _FIRST.get(noun)


def _chat_place(rest: list[str]) -> str:
    if rest[:1] == ["sessions"]:
        return SESSIONS
    return STREAM if rest[-1:] == ["stream"] else CHAT


def task_of(place: str | None, path: str) -> str | None:
    """The id of the generation that a status read or a result is about."""
    parts = path.strip("/").split("/")
    if place == STATUS and len(parts) > 3:
        return parts[3]
    if place == RESULT and len(parts) > 1:
        return parts[1]
    return None
