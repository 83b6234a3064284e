"""The broker's messages: put, reserve, acknowledge, release, in one SQLite file.

Every change is a single conditional statement, so that two consumers never hold one delivery.
"""

import math
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rivya_bridge.broker import schema
from rivya_bridge.broker.database_file import DatabaseFile
from rivya_bridge.broker.errors import BrokerFileUnusable

#: UPDATE ... RETURNING came with this version (sqlite.org, "RETURNING").
OLDEST_SQLITE = (3, 35, 0)

#: A delivery stamped further in the future than this was stamped by a clock since put back.
CLOCK_SLACK_SECONDS = 5.0

_PUT = "INSERT INTO messages (queue, payload) VALUES (?, ?)"
_MAY_BE_TAKEN = "(visible_at <= :now OR delivered_at > :now + :slack)"
# The cast yields bytes whatever the column holds: a row with broken text must not stop a consumer.
_RESERVE = f"""
UPDATE messages
SET holder = :holder, delivered_at = :now, visible_at = :until, deliveries = deliveries + 1
WHERE id = (
    SELECT id FROM messages WHERE queue = :queue AND {_MAY_BE_TAKEN} ORDER BY id LIMIT 1
)
RETURNING id, CAST(payload AS BLOB), deliveries
"""  # noqa: S608
_ACKNOWLEDGE = "DELETE FROM messages WHERE id = ? AND holder = ?"
_RELEASE = """
UPDATE messages SET holder = '', delivered_at = 0, visible_at = 0 WHERE id = ? AND holder = ?
"""
_NEXT_VISIBLE = "SELECT min(visible_at) FROM messages WHERE queue = ?"
_SIZE = f"SELECT count(*) FROM messages WHERE queue = :queue AND {_MAY_BE_TAKEN}"  # noqa: S608
_PURGE = f"DELETE FROM messages WHERE queue = :queue AND {_MAY_BE_TAKEN}"  # noqa: S608
_DELETE_QUEUE = "DELETE FROM messages WHERE queue = ?"


@dataclass(frozen=True)
class Delivery:
    """One message handed to one consumer, until acknowledged, released or overdue."""

    #: Names this delivery, not the message: a second delivery of the same one has another tag.
    tag: str
    payload: bytes
    #: How often the message was handed out, this time included.
    deliveries: int


@dataclass(frozen=True)
class _Idle:
    """What a queue looked like when nothing could be taken from it."""

    version: tuple[int, int, int]
    checked_at: float
    next_visible_at: float

    def still_holds(self, version: tuple[int, int, int], now: float) -> bool:
        return version == self.version and self.checked_at <= now < self.next_visible_at


class MessageStore:
    """Messages by queue, oldest first, in the file `path`; `clock` gives Unix seconds.

    Safe between threads, processes and forks. Every method raises BrokerUnavailable if trying again
    can help and BrokerFileUnusable if a person must act.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Open nothing yet. Raises BrokerFileUnusable if Python's SQLite is too old."""
        refuse_old_sqlite(sqlite3.sqlite_version_info)
        self.path = path
        self._clock = clock
        self._file = DatabaseFile(path, schema.prepare)
        self._idle: dict[str, _Idle] = {}

    def open(self) -> None:
        """Open the file now, making it if absent, so that trouble shows early."""
        self._file.open()

    def close(self) -> None:
        """Close the file. A late acknowledgement still arrives."""
        self._file.close()

    def put(self, queue: str, payload: bytes) -> None:
        """Add a message at the end of `queue`."""
        with self._file.use() as connection:
            connection.execute(_PUT, (queue, payload))

    def reserve(self, queue: str, seconds: float) -> Delivery | None:
        """Take the oldest message nobody holds, for `seconds`; None if there is none.

        Cheap when nothing changed since the last call: it then only reads SQLite's change counter.
        """
        with self._file.use() as connection:
            now = self._clock()
            version = self._version(connection)
            idle = self._idle.get(queue)
            if idle and idle.still_holds(version, now):
                return None
            delivery = _take_oldest(connection, queue, now, seconds)
            if delivery is None:
                self._idle[queue] = _Idle(version, now, _next_visible_at(connection, queue))
            return delivery

    def acknowledge(self, tag: str) -> bool:
        """Delete a delivered message; False if the delivery was overdue and taken by another."""
        return self._change(_ACKNOWLEDGE, _split(tag)) == 1

    def release(self, tag: str) -> bool:
        """Give a delivered message back to its place; False if it is no longer held by `tag`."""
        return self._change(_RELEASE, _split(tag)) == 1

    def size(self, queue: str) -> int:
        """How many messages of `queue` nobody holds."""
        with self._file.use() as connection:
            row = connection.execute(_SIZE, self._ready_rows(queue)).fetchone()
        return int(row[0])

    def purge(self, queue: str) -> int:
        """Delete the messages of `queue` that nobody holds; how many there were."""
        return self._change(_PURGE, self._ready_rows(queue))

    def delete_queue(self, queue: str) -> int:
        """Delete all messages of `queue`, held ones too; how many there were."""
        return self._change(_DELETE_QUEUE, (queue,))

    def _change(self, statement: str, values: tuple[object, ...] | dict[str, str | float]) -> int:
        with self._file.use() as connection:
            return connection.execute(statement, values).rowcount

    def _ready_rows(self, queue: str) -> dict[str, str | float]:
        return {"queue": queue, "now": self._clock(), "slack": CLOCK_SLACK_SECONDS}

    def _version(self, connection: sqlite3.Connection) -> tuple[int, int, int]:
        # data_version tells of other connections' commits, total_changes of this one's own.
        other = connection.execute("PRAGMA data_version").fetchone()[0]
        return self._file.openings, other, connection.total_changes


def refuse_old_sqlite(version: tuple[int, ...]) -> None:
    """Raise BrokerFileUnusable if SQLite lacks what reserving a message needs."""
    if version < OLDEST_SQLITE:
        raise BrokerFileUnusable(
            f"Python was built with SQLite {'.'.join(map(str, version))}, and the embedded broker "
            f"needs {'.'.join(map(str, OLDEST_SQLITE))} or newer. Use a newer Python, or set "
            "CELERY_BROKER_URL to Redis or RabbitMQ."
        )


def _take_oldest(
    connection: sqlite3.Connection, queue: str, now: float, seconds: float
) -> Delivery | None:
    values = {
        "queue": queue,
        "now": now,
        "until": now + seconds,
        "slack": CLOCK_SLACK_SECONDS,
        "holder": uuid.uuid4().hex,
    }
    # Reading to the end finishes the statement, which is what commits it.
    rows = connection.execute(_RESERVE, values).fetchall()
    if not rows:
        return None
    row_id, payload, deliveries = rows[0]
    return Delivery(f"{row_id}:{values['holder']}", payload, deliveries)


def _next_visible_at(connection: sqlite3.Connection, queue: str) -> float:
    earliest = connection.execute(_NEXT_VISIBLE, (queue,)).fetchone()[0]
    return math.inf if earliest is None else float(earliest)


def _split(tag: str) -> tuple[int, str]:
    row_id, _, holder = tag.partition(":")
    return int(row_id), holder
