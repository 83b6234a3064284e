"""Chat turns and sessions (docs/api-chat)."""

from __future__ import annotations

from ..conversation.talk import EFFORTS
from .words import (
    AMOUNT,
    IDEMPOTENCY_KEY,
    LABEL,
    MOMENT,
    TEXT,
    YES_OR_NO,
    Json,
    as_json,
    body,
    call,
    constant,
    fields,
    in_path,
    many,
    one_of,
    or_null,
    page,
    record,
    ref,
)


def _event(name: str, schema: Json) -> Json:
    """One server-sent event whose data is JSON."""
    data = {**TEXT, "contentMediaType": "application/json", "contentSchema": schema}
    return record(event=constant(name), data=data)


EVENTS: Json = {
    "text/event-stream": {
        "schema": {
            "description": "Each event: session once, delta often, completed once. "
            "Refusals before the stream are JSON.",
            "oneOf": [
                _event("session", record(id=TEXT, session_id=TEXT, model=ref("ChatModelName"))),
                _event("delta", record(delta={**TEXT, "minLength": 1})),
                _event("completed", ref("ChatCompletion")),
                _event("error", ref("Error")),
            ],
        }
    }
}


def _turn(name: str, content: Json) -> Json:
    return call(
        name,
        200,
        content,
        scope="chat:create",
        refusals=[400, 402, 409],
        body=body("application/json", "ChatRequest"),
        parameters=[IDEMPOTENCY_KEY],
    )


PATHS: Json = {
    "/api/v1/chat/completions": {"post": _turn("createChatTurn", as_json(ref("ChatCompletion")))},
    "/api/v1/chat/completions/stream": {"post": _turn("streamChatTurn", EVENTS)},
    "/api/v1/chat/sessions": {
        "get": call("listChatSessions", 200, as_json(ref("ChatSessionList")), scope="chat:read")
    },
    "/api/v1/chat/sessions/{sessionId}": {
        "get": call(
            "getChatSession",
            200,
            as_json(ref("ChatSessionDetail")),
            scope="chat:read",
            refusals=[404],
            parameters=[in_path("sessionId")],
        )
    },
}

_SESSION: Json = {
    "id": TEXT,
    "object": constant("chat.session"),
    "model": ref("ChatModelName"),
    "title": or_null(TEXT),
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
_ATTACHMENT = record(file_id=TEXT)
_ASKED = record(
    id=TEXT,
    role=constant("user"),
    content=TEXT,
    attachments=many(_ATTACHMENT),
    created_at=MOMENT,
)
_ANSWERED = record(id=TEXT, role=constant("assistant"), content=TEXT, created_at=MOMENT)

SCHEMAS: Json = {
    "ChatRequest": fields(
        ["model", "message"],
        model=ref("ChatModelName"),
        message={**TEXT, "minLength": 1, "maxLength": 20_000},
        session_id=or_null(TEXT),
        attachments=or_null(many(_ATTACHMENT)),
        enable_web_search=or_null(YES_OR_NO),
        reasoning_effort=or_null(one_of(EFFORTS)),
        include_thoughts=or_null(YES_OR_NO),
        client_request_id=LABEL,
    ),
    "ChatCompletion": record(
        id=TEXT,
        object=constant("chat.completion"),
        session_id=TEXT,
        model=ref("ChatModelName"),
        created_at=MOMENT,
        message=record(id=TEXT, role=constant("assistant"), content={**TEXT, "minLength": 1}),
        usage=record(input_tokens=AMOUNT, output_tokens=AMOUNT, total_tokens=AMOUNT),
        credits=record(reserved=AMOUNT, final=AMOUNT),
    ),
    "ChatSessionList": page("ChatSession"),
    "ChatSession": record(**_SESSION),
    "ChatSessionDetail": record(**_SESSION, messages=many({"oneOf": [_ASKED, _ANSWERED]})),
}
