"""Accepting a turn: replay or conflict by key, session, answer, reservation, record."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import asdict
from typing import Any

from .. import wallet
from ..choices import Choices
from ..context import Sandbox
from ..errors import ApiError
from ..identifiers import new_id
from ..store import Store, insert
from .answer import compose
from .pictures import look
from .records import Session, Turn, session, turns
from .request import Question
from .stream import pieces
from .talk import Sight, Talk
from .tokens import input_tokens, output_tokens, price


def take_turn(
    sandbox: Sandbox,
    question: Question,
    body: dict[str, Any],
    key: str | None,
    route: str,
    account: str,
) -> tuple[Turn, bool]:
    """The new turn and False, or the earlier turn of this key and body and True.

    Raises ApiError chat_session_conflict, idempotency_conflict or insufficient_credits;
    nothing is then stored and nothing spent.
    """
    now_ms = sandbox.now_ms()
    digest = _digest(body)
    sights = tuple(look(sandbox.store.upload_path(file), file.sha256) for file in question.files)
    with sandbox.store.transaction() as connection:
        earlier = _earlier(connection, sandbox.choices, (account, key, route), now_ms)
        if earlier is not None:
            return _replayed(earlier, digest), True
        opened = _session(connection, sandbox.store, question, now_ms, account)
        turn = _turn(sandbox, question, opened, sights, now_ms)
        turn |= {"body": json.dumps(body, ensure_ascii=False), "body_sha256": digest}
        turn |= {"idempotency_key": key, "route": route, "account": account}
        wallet.reserve(connection, turn["id"], turn["reserved"], now_ms, account)
        insert(connection, "chat_turn", turn)
    return Turn(**turn), False


def _digest(body: dict[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _earlier(
    connection: sqlite3.Connection,
    choices: Choices,
    mark: tuple[str, str | None, str],
    now_ms: int,
) -> Turn | None:
    """The turn under this account, key and route that is not forgotten yet."""
    if mark[1] is None:
        return None
    oldest = now_ms - int(choices.idempotency_retention_seconds * 1000)
    row = connection.execute(
        "SELECT * FROM chat_turn WHERE account = ? AND idempotency_key = ? AND route = ? "
        "AND created_ms > ? "
        "ORDER BY created_ms DESC LIMIT 1",
        (*mark, oldest),
    ).fetchone()
    return None if row is None else Turn(**dict(row))


def _replayed(earlier: Turn, digest: str) -> Turn:
    if earlier.body_sha256 != digest:
        raise ApiError(
            "idempotency_conflict",
            "This Idempotency-Key was used with a different body, and this request did nothing. "
            "Send that first body again to learn what became of it; a new key is only for work "
            "that is really new.",
        )
    if not earlier.is_settled:
        raise ApiError(
            "idempotency_conflict",
            "The turn of this Idempotency-Key is still running. Send the same request with the "
            "same key again in a moment to get its answer.",
        )
    return earlier


def _session(
    connection: sqlite3.Connection, store: Store, question: Question, now_ms: int, account: str
) -> Session:
    if question.session_id is None:
        opened = Session(new_id("chat"), question.model["id"], now_ms, now_ms, account)
        insert(connection, "chat_session", dict(vars(opened)))
        return opened
    found = session(store, question.session_id, account)
    if found is None:
        raise ApiError(
            "chat_session_conflict", "This session was not created by the API for this account."
        )
    if found.model != question.model["id"]:
        raise ApiError(
            "chat_session_conflict",
            f"This session belongs to {found.model}. Go on with that model or start a new session.",
        )
    return found


def _turn(
    sandbox: Sandbox, question: Question, opened: Session, sights: tuple[Sight, ...], now_ms: int
) -> dict[str, Any]:
    earlier = tuple(turn.said() for turn in turns(sandbox.store, opened.id))
    talk = Talk(question.model["id"], question.message, earlier, sights, question.options)
    answer = compose(talk)
    spent = input_tokens(talk), output_tokens(talk, answer)
    reserved = question.model["base_credits"]
    attached = zip(question.files, sights, strict=True)
    return {
        "id": new_id("chatcmpl"),
        "session_id": opened.id,
        "model": opened.model,
        "message_id": new_id("msg"),
        "message": question.message,
        "attachments": json.dumps([{"file_id": f.id, "sight": asdict(s)} for f, s in attached]),
        "answer_id": new_id("msg"),
        "answer": answer,
        "input_tokens": spent[0],
        "output_tokens": spent[1],
        "reserved": reserved,
        "final": price(reserved, *spent, sandbox.choices),
        "is_settled": 0,
        "created_ms": now_ms,
        "ends_ms": now_ms + _length_ms(answer, sandbox.choices),
    }


def _length_ms(answer: str, choices: Choices) -> int:
    """How long the answer takes to be written."""
    writing = len(pieces(answer)) / choices.chat_pieces_per_second
    return round((choices.chat_thinking_seconds + writing) / choices.speed * 1000)
