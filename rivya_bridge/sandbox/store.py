"""The sandbox's memory: one SQLite file and two folders of media.

sandbox.sqlite3   generations, files, ledger, webhooks, the signing secret
uploads/          received files, named by id
results/          rendered media, named by the digest of what they show
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from .lifecycle import Course, State, state_at


@dataclass(frozen=True)
class Generation:
    """One accepted request, as stored. Times are Unix milliseconds, credits whole."""

    id: str
    model: str
    prompt: str
    params: str
    body: str
    body_sha256: str
    idempotency_key: str | None
    client_request_id: str | None
    reserved: int
    final: int | None
    settled_status: str | None
    fails: int
    result_names: str
    created_ms: int
    starts_ms: int
    ends_ms: int
    account: str
    origin: str
    fate: str | None = None

    def state(self, now_ms: int) -> State:
        """Where it stands at `now_ms`; a settled generation never moves again."""
        if self.settled_status is not None:
            return State(self.settled_status, 1.0, self.final or 0, self.ends_ms)
        return state_at(
            now_ms,
            created_ms=self.created_ms,
            course=Course(self.starts_ms, self.ends_ms),
            reserved=self.reserved,
            fails=bool(self.fails),
        )


@dataclass(frozen=True)
class StoredFile:
    """One uploaded file, as stored. `duration_*` are empty for images."""

    id: str
    kind: str
    name: str
    mime_type: str
    extension: str
    size_bytes: int
    sha256: str
    duration_seconds: float | None
    duration_token: str | None
    model: str | None
    client_request_id: str | None
    created_ms: int
    account: str


class Store:
    """Opens or creates the folder; `close()` it, or use it as a context manager.

    Raises OSError or sqlite3.Error when the folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self.uploads = folder / "uploads"
        self.results = folder / "results"
        for needed in (folder, self.uploads, self.results):
            needed.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            folder / "sandbox.sqlite3", timeout=20, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        self._prepare()
        self.secret = self._signing_secret()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; nothing is lost, every write was committed."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One immediate write transaction; rolled back when the block raises."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a read."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def generation(self, task_id: str) -> Generation | None:
        """The generation with this id, as last settled."""
        found = self.rows("SELECT * FROM generation WHERE id = ?", task_id)
        return Generation(**dict(found[0])) if found else None

    def generations(self, account: str) -> list[Generation]:
        """All generations of an account, oldest first."""
        return [Generation(**dict(row)) for row in self.rows(ALL_GENERATIONS, account)]

    def file(self, file_id: str) -> StoredFile | None:
        """The uploaded file with this id."""
        found = self.rows("SELECT * FROM file WHERE id = ?", file_id)
        return StoredFile(**dict(found[0])) if found else None

    def add_file(self, record: StoredFile) -> None:
        """Remember an upload whose bytes already lie at `upload_path(record)`."""
        with self.transaction() as connection:
            insert(connection, "file", vars(record))

    def upload_path(self, record: StoredFile) -> Path:
        """Where the bytes of an upload lie."""
        return self.uploads / f"{record.id}.{record.extension}"

    def empty(self) -> None:
        """Remove every row and upload but the signing secret; rendered results are kept."""
        with self.transaction() as connection:
            connection.execute("DROP TRIGGER IF EXISTS ledger_loses_nothing")
            tables = connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'secret'"
            )
            for name in [row["name"] for row in tables]:
                connection.execute(f"DELETE FROM {name}")  # noqa: S608
        with self._lock:
            self._prepare()
        for upload in self.uploads.iterdir():
            upload.unlink(missing_ok=True)

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._add_columns()
        schema = resources.files(__package__).joinpath("schema.sql").read_text("utf-8")
        self._connection.executescript(schema)

    def _add_columns(self) -> None:
        """Bring the tables of an older folder up to the schema, which may name the columns."""
        with self.transaction() as connection:
            for table, column, declaration in ADDED_COLUMNS:
                present = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
                if present and column not in present:
                    connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {declaration}")

    def _signing_secret(self) -> bytes:
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO secret VALUES ('duration', ?)", (secrets.token_bytes(32),)
            )
        value: bytes = self.rows("SELECT value FROM secret WHERE name = 'duration'")[0]["value"]
        return value


ADDED_COLUMNS = (
    ("generation", "account", "TEXT NOT NULL DEFAULT 'sandbox'"),
    ("generation", "origin", "TEXT NOT NULL DEFAULT 'http://127.0.0.1:8001'"),
    ("generation", "fate", "TEXT"),
    ("file", "account", "TEXT NOT NULL DEFAULT 'sandbox'"),
    ("ledger", "account", "TEXT NOT NULL DEFAULT 'sandbox'"),
)
"""Columns that came later: table, column, declaration. Folders without them exist."""

ALL_GENERATIONS = "SELECT * FROM generation WHERE account = ? ORDER BY created_ms, rowid"


def insert(connection: sqlite3.Connection, table: str, values: Mapping[str, object]) -> None:
    """Insert one row; table and column names come from this package only."""
    columns = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    connection.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608
        tuple(values.values()),
    )
