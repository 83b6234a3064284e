"""The four routes of Chat (docs/api-chat).

Documented: the shape of a turn. Assumed: the events' names, the sessions' shapes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from anyio import sleep
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from ..bodies import read_json_bytes
from ..checks import check_idempotency_key, parse_json_object
from ..context import Sandbox, account_of, authorize
from ..conversation.records import Session, Turn, finish, session, sessions, turns
from ..conversation.request import check_question
from ..conversation.stream import event, paced, pieces
from ..conversation.turns import take_turn
from ..errors import missing
from ..identifiers import iso_utc
from ..lifecycle import milliseconds

COMPLETE = "/api/v1/chat/completions"
STREAM = "/api/v1/chat/completions/stream"
SESSIONS = "/api/v1/chat/sessions"
STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


async def complete(request: Request) -> JSONResponse:
    """One turn, answered as a whole."""
    sandbox, turn, is_replay = await _accepted(request, COMPLETE)
    if not is_replay:
        await sleep(sandbox.choices.chat_thinking_seconds / sandbox.choices.speed)
        await run_in_threadpool(finish, sandbox.store, turn.id, milliseconds(sandbox.clock))
    return JSONResponse(present(turn))


async def stream(request: Request) -> StreamingResponse:
    """One turn as server-sent events; a replay tells the whole answer in one delta."""
    sandbox, turn, is_replay = await _accepted(request, STREAM)
    events = _events(sandbox, turn, [turn.answer] if is_replay else None)
    return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)


def list_sessions(request: Request) -> JSONResponse:
    """All sessions, the one that was used last first."""
    sandbox = authorize(request, "chat:read")
    sandbox.now_ms()
    found = [present_session(one) for one in sessions(sandbox.store, account_of(request))]
    return JSONResponse({"object": "list", "data": found})


def show_session(request: Request) -> JSONResponse:
    """One session with its messages; an answer appears when its turn has ended."""
    sandbox = authorize(request, "chat:read")
    sandbox.now_ms()
    found = session(sandbox.store, request.path_params["session_id"], account_of(request))
    if found is None:
        raise missing("This session")
    said = [message for turn in turns(sandbox.store, found.id) for message in _messages(turn)]
    return JSONResponse({**present_session(found), "messages": said})


async def _accepted(request: Request, route: str) -> tuple[Sandbox, Turn, bool]:
    """The sandbox, the turn, and whether it was told before."""
    sandbox = authorize(request, "chat:create")
    account = account_of(request)
    choices = sandbox.choices
    key = check_idempotency_key(request.headers.get("idempotency-key"), choices)
    body = parse_json_object(await read_json_bytes(request, choices.json_body_bytes))

    def accept() -> tuple[Turn, bool]:
        question = check_question(body, sandbox.catalogue, sandbox.store, choices, account)
        return take_turn(sandbox, question, body, key, route, account)

    turn, is_replay = await run_in_threadpool(accept)
    return sandbox, turn, is_replay


async def _events(sandbox: Sandbox, turn: Turn, told: list[str] | None) -> AsyncIterator[bytes]:
    opening = {"id": turn.id, "session_id": turn.session_id, "model": turn.model}
    yield event("session", opening)
    if told is None:
        async for part in paced(pieces(turn.answer), sandbox.choices):
            yield part
        await run_in_threadpool(finish, sandbox.store, turn.id, milliseconds(sandbox.clock))
    else:
        for text in told:
            yield event("delta", {"delta": text})
    yield event("completed", present(turn))


def present(turn: Turn) -> dict[str, Any]:
    """The turn object."""
    total = turn.input_tokens + turn.output_tokens
    return {
        "id": turn.id,
        "object": "chat.completion",
        "session_id": turn.session_id,
        "model": turn.model,
        "created_at": iso_utc(turn.created_ms),
        "message": {"id": turn.answer_id, "role": "assistant", "content": turn.answer},
        "usage": {
            "input_tokens": turn.input_tokens,
            "output_tokens": turn.output_tokens,
            "total_tokens": total,
        },
        "credits": {"reserved": turn.reserved, "final": turn.final},
    }


def present_session(found: Session) -> dict[str, Any]:
    """The session object without its messages."""
    return {
        "id": found.id,
        "object": "chat.session",
        "model": found.model,
        "title": None,
        "created_at": iso_utc(found.created_ms),
        "updated_at": iso_utc(found.updated_ms),
    }


def _messages(turn: Turn) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {
        "id": turn.message_id,
        "role": "user",
        "content": turn.message,
        "attachments": [{"file_id": file_id} for file_id in turn.file_ids()],
        "created_at": iso_utc(turn.created_ms),
    }
    answered = {
        "id": turn.answer_id,
        "role": "assistant",
        "content": turn.answer,
        "created_at": iso_utc(turn.ends_ms),
    }
    return [asked, answered] if turn.is_settled else [asked]


ROUTES = [
    Route(COMPLETE, complete, methods=["POST"]),
    Route(STREAM, stream, methods=["POST"]),
    Route(SESSIONS, list_sessions, methods=["GET"]),
    Route(SESSIONS + "/{session_id}", show_session, methods=["GET"]),
]
