"""The queue of delivery attempts: claiming, recording, retrying, recovering.

Every attempt is a row. Claiming and finishing are conditional updates, so that two rounds at
once send each attempt once. A process that dies leaves its claims; the next one finds them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from ..choices import Choices
from ..store import Store
from .outbox import queue_delivery

CLAIM = (
    "SELECT d.id, d.endpoint_id, d.event_id, d.attempt, d.signature, n.url, n.secret, "
    "e.type AS event_type, e.body, e.generation_id, e.fault "
    "FROM webhook_delivery d "
    "JOIN webhook_event e ON e.id = d.event_id "
    "JOIN webhook_endpoint n ON n.id = d.endpoint_id "
)
WAITING = "d.status = 'pending' AND d.is_claimed = 0 AND d.due_ms <= ? "
ANY_WAITING = f"SELECT 1 FROM webhook_delivery d WHERE {WAITING} LIMIT 1"  # noqa: S608
CLAIM_OF_ENDPOINT = (
    f"{CLAIM} WHERE {WAITING} AND d.endpoint_id = ? ORDER BY d.due_ms, d.rowid LIMIT ?"
)
CLAIM_OF_GENERATION = f"{CLAIM} WHERE {WAITING} AND e.generation_id = ? ORDER BY d.rowid"
WAITING_ENDPOINTS = (
    f"SELECT d.endpoint_id, MIN(d.due_ms) AS due FROM webhook_delivery d WHERE {WAITING} "  # noqa: S608
    "GROUP BY d.endpoint_id ORDER BY due"
)


@dataclass(frozen=True)
class Attempt:
    """One claimed delivery: where it goes, what it says and how it is signed."""

    id: str
    endpoint_id: str
    event_id: str
    attempt: int
    signature: str
    url: str
    secret: str
    event_type: str
    body: str
    generation_id: str | None
    fault: str | None

    @property
    def scheme(self) -> str:
        """How the signature is written; see `DeliveryFault`."""
        fault = json.loads(self.fault) if self.fault else {}
        return str(fault.get("scheme", "usual"))

    @property
    def is_test(self) -> bool:
        return self.generation_id is None


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt; `error` is None exactly for a success."""

    response_status: int | None
    error: str | None
    duration_ms: int


def claim_due(
    store: Store, now_ms: int, busy: Mapping[str, int], choices: Choices
) -> list[Attempt]:
    """Claim what is due by `now_ms`, oldest first, as far as there is room.

    `busy` counts the attempts under way by endpoint. The least busy endpoints come first, so
    that one that does not answer delays no other.
    """
    room = choices.webhook_connections - sum(busy.values())
    most = choices.webhook_connections_per_endpoint
    claimed: list[Attempt] = []
    if room <= 0 or not store.rows(ANY_WAITING, now_ms):
        return claimed
    with store.transaction() as connection:
        for endpoint_id in _waiting_endpoints(connection, now_ms, busy):
            take = min(most - busy.get(endpoint_id, 0), room - len(claimed))
            values = (now_ms, endpoint_id, max(take, 0))
            rows = connection.execute(CLAIM_OF_ENDPOINT, values).fetchall()
            claimed += _take(connection, rows)
    return claimed


def claim_generation(store: Store, generation_id: str, now_ms: int) -> list[Attempt]:
    """Claim the due deliveries of one generation's event, whatever else is under way."""
    with store.transaction() as connection:
        rows = connection.execute(CLAIM_OF_GENERATION, (now_ms, generation_id)).fetchall()
        return _take(connection, rows)


def claimed_attempt(store: Store, delivery_id: str) -> Attempt:
    """An attempt that was claimed when it was made."""
    return Attempt(**dict(store.rows(CLAIM + "WHERE d.id = ?", delivery_id)[0]))


def next_due(store: Store, now_ms: int) -> int | None:
    """When something ends or is to be sent after `now_ms`; None when nothing is known to come."""
    row = store.rows(
        "SELECT MIN(due) AS due FROM ("
        "SELECT MIN(ends_ms) AS due FROM generation WHERE settled_status IS NULL AND ends_ms > ? "
        "UNION ALL SELECT MIN(due_ms) FROM webhook_delivery "
        "WHERE status = 'pending' AND is_claimed = 0 AND due_ms > ?)",
        now_ms,
        now_ms,
    )[0]
    due: int | None = row["due"]
    return due


def finish(store: Store, attempt: Attempt, outcome: Outcome, now_ms: int, choices: Choices) -> None:
    """Record the outcome once, keep the endpoint's score, and queue the retry if there is one."""
    status = "succeeded" if outcome.error is None else "failed"
    with store.transaction() as connection:
        next_ms = None
        if status == "failed":
            next_ms = _retry_ms(connection, attempt, now_ms, choices)
        changed = connection.execute(
            "UPDATE webhook_delivery SET status = ?, is_claimed = 0, response_status = ?, "
            "error = ?, duration_ms = ?, next_attempt_ms = ? WHERE id = ? AND status = 'pending'",
            (
                status,
                outcome.response_status,
                outcome.error,
                outcome.duration_ms,
                next_ms,
                attempt.id,
            ),
        )
        if changed.rowcount == 0:
            return
        _score(connection, attempt.endpoint_id, status, now_ms)
        if next_ms is not None:
            _queue_again(connection, attempt, attempt.attempt + 1, next_ms, now_ms)
        _release_held(connection, attempt, now_ms)


def recover(store: Store, now_ms: int) -> None:
    """Take up what an earlier process had claimed and never recorded.

    Whether it arrived is unknown, so it is sent again with a new delivery id (tests are not).
    """
    with store.transaction() as connection:
        rows = connection.execute(
            CLAIM + "WHERE d.status = 'pending' AND d.is_claimed = 1"
        ).fetchall()
        for attempt in (Attempt(**dict(row)) for row in rows):
            next_ms = now_ms if _may_repeat(connection, attempt) else None
            connection.execute(
                "UPDATE webhook_delivery SET status = 'failed', is_claimed = 0, "
                "error = 'The sandbox stopped before the answer.', next_attempt_ms = ? "
                "WHERE id = ?",
                (next_ms, attempt.id),
            )
            if next_ms is not None:
                _queue_again(connection, attempt, attempt.attempt, next_ms, now_ms)


def _waiting_endpoints(
    connection: sqlite3.Connection, now_ms: int, busy: Mapping[str, int]
) -> list[str]:
    rows = connection.execute(WAITING_ENDPOINTS, (now_ms,))
    return sorted((row["endpoint_id"] for row in rows), key=lambda found: busy.get(found, 0))


def _take(connection: sqlite3.Connection, rows: list[sqlite3.Row]) -> list[Attempt]:
    for row in rows:
        connection.execute(
            "UPDATE webhook_delivery SET is_claimed = 1, next_attempt_ms = NULL WHERE id = ?",
            (row["id"],),
        )
    return [Attempt(**dict(row)) for row in rows]


def _retry_ms(
    connection: sqlite3.Connection, attempt: Attempt, now_ms: int, choices: Choices
) -> int | None:
    waits = choices.webhook_retry_seconds
    if attempt.attempt > len(waits) or not _may_repeat(connection, attempt):
        return None
    wait = waits[attempt.attempt - 1] * choices.webhook_retry_scale / choices.speed
    return now_ms + round(wait * 1000)


def _may_repeat(connection: sqlite3.Connection, attempt: Attempt) -> bool:
    row = connection.execute(
        "SELECT status FROM webhook_endpoint WHERE id = ?", (attempt.endpoint_id,)
    ).fetchone()
    return not attempt.is_test and row is not None and row["status"] == "active"


def _queue_again(
    connection: sqlite3.Connection, attempt: Attempt, number: int, due_ms: int, now_ms: int
) -> None:
    queue_delivery(
        connection,
        endpoint_id=attempt.endpoint_id,
        event_id=attempt.event_id,
        attempt=number,
        signature=attempt.signature,
        due_ms=due_ms,
        next_attempt_ms=due_ms,
        created_ms=now_ms,
    )


def _score(connection: sqlite3.Connection, endpoint_id: str, status: str, now_ms: int) -> None:
    change = (
        "last_success_ms = ?, failure_count = 0"
        if status == "succeeded"
        else "last_failure_ms = ?, failure_count = failure_count + 1"
    )
    connection.execute(
        f"UPDATE webhook_endpoint SET {change} WHERE id = ?",  # noqa: S608
        (now_ms, endpoint_id),
    )


def _release_held(connection: sqlite3.Connection, attempt: Attempt, now_ms: int) -> None:
    """Let the latest earlier event go that was held back for a later one, all its copies."""
    endpoint = attempt.endpoint_id
    connection.execute(
        "UPDATE webhook_delivery SET due_ms = MIN(due_ms, ?), next_attempt_ms = MIN(due_ms, ?), "
        "waits_for_next = 0 "
        "WHERE status = 'pending' AND is_claimed = 0 AND waits_for_next = 1 AND endpoint_id = ? "
        "AND event_id = (SELECT h.event_id FROM webhook_delivery h WHERE h.endpoint_id = ? "
        "AND h.status = 'pending' AND h.waits_for_next = 1 AND h.rowid < "
        "(SELECT MIN(rowid) FROM webhook_delivery WHERE event_id = ? AND endpoint_id = ?) "
        "ORDER BY h.rowid DESC LIMIT 1)",
        (now_ms, now_ms, endpoint, endpoint, attempt.event_id, endpoint),
    )
