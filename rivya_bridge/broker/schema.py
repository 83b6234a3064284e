"""The broker's one table, made or mended by whichever process comes first."""

import sqlite3
from pathlib import Path
from time import monotonic
from time import sleep as pause

from rivya_bridge.broker.database_file import BUSY_SECONDS
from rivya_bridge.broker.errors import BrokerFileUnusable, is_busy

VERSION = 1
TABLE = "messages"
COLUMNS = ("id", "queue", "payload", "visible_at", "delivered_at", "holder", "deliveries")

#: visible_at: Unix seconds from which a consumer may take the row; 0 is at once, whatever the clock
#: does. delivered_at, holder: when and by which delivery it was last taken.
_CREATE_TABLE = """
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    payload BLOB NOT NULL,
    visible_at REAL NOT NULL DEFAULT 0,
    delivered_at REAL NOT NULL DEFAULT 0,
    holder TEXT NOT NULL DEFAULT '',
    deliveries INTEGER NOT NULL DEFAULT 0
)
"""
_CREATE_INDEX = "CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, id)"


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Set the connection up and make sure that the table is there and whole.

    An empty file and a half-made table are completed. Raises BrokerFileUnusable if the file belongs
    to another program or its disk cannot do write-ahead logging.
    """
    _refuse_foreign_tables(connection, path)
    _use_write_ahead_log(connection, path)
    # A commit is then not flushed to the disk at once: a power cut may take back the latest rings,
    # never the file's integrity, and a killed process loses nothing. The task rows are the queue
    # and are flushed, so that a doorbell need not pay for a flush per message.
    connection.execute("PRAGMA synchronous=NORMAL")
    if not _is_complete(connection):
        _create(connection)


def _refuse_foreign_tables(connection: sqlite3.Connection, path: Path) -> None:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    ).fetchall()
    if foreign := sorted(name for (name,) in rows if name != TABLE):
        raise BrokerFileUnusable(
            f"The broker file {path} belongs to another program (it has a table {foreign[0]!r}). "
            "Nothing was changed; name a file of its own for the broker."
        )


def _use_write_ahead_log(connection: sqlite3.Connection, path: Path) -> None:
    # While several processes switch a new file at once, SQLite answers "locked" at once instead of
    # waiting as it does elsewhere.
    deadline = monotonic() + BUSY_SECONDS
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            break
        except sqlite3.OperationalError as error:
            if not is_busy(error) or monotonic() > deadline:
                raise
            pause(0.01)
    if mode != "wal":
        raise BrokerFileUnusable(
            f"The broker file {path} is on a disk without write-ahead logging (SQLite uses "
            f"{mode!r} there). Put it on a local disk, then start again."
        )


def _is_complete(connection: sqlite3.Connection) -> bool:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return bool(version == VERSION and _columns(connection) == COLUMNS)


def _columns(connection: sqlite3.Connection) -> tuple[str, ...]:
    return tuple(row[1] for row in connection.execute(f"PRAGMA table_info({TABLE})").fetchall())


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        _create_in_transaction(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _create_in_transaction(connection: sqlite3.Connection) -> None:
    # Another process may have done all this while this one waited for the lock: each step looks.
    if _columns(connection) != COLUMNS:
        # Rows of another shape are given up: they are rings, and the sweep finds their tasks.
        connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
        connection.execute(_CREATE_TABLE)
    connection.execute(_CREATE_INDEX)
    connection.execute(f"PRAGMA user_version={VERSION}")
