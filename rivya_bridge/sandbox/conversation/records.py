"""Sessions and turns as stored, and booking the end of a turn once.

A turn's answer is written down when the turn is accepted, together with the time at
which it ends. So a client that leaves early, or a restart, changes nothing.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..store import Store
from ..wallet import give_back
from .talk import Said, Sight


@dataclass(frozen=True)
class Session:
    """One session of one model. Times are Unix milliseconds."""

    id: str
    model: str
    created_ms: int
    updated_ms: int
    account: str


@dataclass(frozen=True)
class Turn:
    """One message and its answer, as stored. Times are Unix milliseconds."""

    id: str
    session_id: str
    model: str
    route: str
    idempotency_key: str | None
    body: str
    body_sha256: str
    message_id: str
    message: str
    attachments: str
    answer_id: str
    answer: str
    input_tokens: int
    output_tokens: int
    reserved: int
    final: int
    is_settled: int
    created_ms: int
    ends_ms: int
    account: str

    def file_ids(self) -> list[str]:
        """The ids of the attached files."""
        return [entry["file_id"] for entry in json.loads(self.attachments)]

    def said(self) -> Said:
        """The turn as a later answer sees it."""
        return Said(self.message, self.answer, tuple(map(_sight, json.loads(self.attachments))))


def _sight(entry: dict[str, Any]) -> Sight:
    values = entry["sight"]
    return Sight(**{**values, "colours": tuple(values["colours"])})


def session(store: Store, session_id: str, account: str) -> Session | None:
    """The session of an account with this id."""
    query = "SELECT * FROM chat_session WHERE id = ? AND account = ?"
    found = store.rows(query, session_id, account)
    return Session(**dict(found[0])) if found else None


def sessions(store: Store, account: str) -> list[Session]:
    """The sessions of an account, the one that was used last first."""
    query = "SELECT * FROM chat_session WHERE account = ? ORDER BY updated_ms DESC, rowid DESC"
    rows = store.rows(query, account)
    return [Session(**dict(row)) for row in rows]


def turns(store: Store, session_id: str) -> list[Turn]:
    """The turns of a session, oldest first."""
    rows = store.rows("SELECT * FROM chat_turn WHERE session_id = ? ORDER BY rowid", session_id)
    return [Turn(**dict(row)) for row in rows]


def all_turns(store: Store, account: str) -> list[Turn]:
    """The turns of all sessions of an account, oldest first."""
    rows = store.rows("SELECT * FROM chat_turn WHERE account = ? ORDER BY rowid", account)
    return [Turn(**dict(row)) for row in rows]


def finish(store: Store, turn_id: str, now_ms: int) -> None:
    """Book the end of a turn whose answer was delivered; nothing when it is booked."""
    with store.transaction() as connection:
        _finish(connection, turn_id, now_ms)


def finish_due(store: Store, now_ms: int) -> None:
    """Book the end of every turn that is over by now, whoever listened."""
    query = "SELECT id FROM chat_turn WHERE is_settled = 0 AND ends_ms <= ?"
    if not store.rows(query + " LIMIT 1", now_ms):
        return
    with store.transaction() as connection:
        for row in connection.execute(query, (now_ms,)).fetchall():
            _finish(connection, row["id"], now_ms)


def _finish(connection: sqlite3.Connection, turn_id: str, now_ms: int) -> None:
    booked = connection.execute(
        "UPDATE chat_turn SET is_settled = 1, ends_ms = MIN(ends_ms, ?) "
        "WHERE id = ? AND is_settled = 0 RETURNING session_id, reserved - final AS unused, ends_ms, account",
        (now_ms, turn_id),
    ).fetchone()
    if booked is None:
        return
    give_back(connection, turn_id, booked["unused"], now_ms, booked["account"])
    connection.execute(
        "UPDATE chat_session SET updated_ms = MAX(updated_ms, ?) WHERE id = ?",
        (booked["ends_ms"], booked["session_id"]),
    )
