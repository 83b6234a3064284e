"""What can go wrong with the broker's file, told apart by whether trying again can help.

Both kinds are ``kombu.exceptions.KombuError``, so that whoever rings the doorbell catches one type.
"""

import os
import sqlite3
from pathlib import Path

from kombu.exceptions import KombuError, OperationalError

_NOT_RETRIED = (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.NotSupportedError)
_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_REFUSED = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}


class BrokerUnavailable(OperationalError):
    """The file cannot be used just now (locked, disk full, read error); Celery tries again."""


class BrokerFileUnusable(KombuError):
    """The file will not become usable by itself; a person has to act. Celery does not retry."""


def explain(error: sqlite3.DatabaseError, path: Path) -> Exception:
    """The error to raise in place of SQLite's own, naming the file and the next step.

    A mistake in our own statement stays what it is.
    """
    if isinstance(error, _NOT_RETRIED):
        return error
    code = _primary_code(error)
    if code in _DAMAGED:
        return BrokerFileUnusable(
            f"The broker file {path} is not a readable SQLite database ({error}). No task is lost: "
            f"stop the bridge, move {path.name}, {path.name}-wal and {path.name}-shm away and "
            "start it again; a new file is made."
        )
    if code in _REFUSED and (obstacle := _obstacle(path)):
        return BrokerFileUnusable(f"The broker file {path} cannot be used: {obstacle}")
    return BrokerUnavailable(f"The broker file {path} cannot be used just now: {error}.")


def is_busy(error: sqlite3.DatabaseError) -> bool:
    """Whether another connection merely held the lock for too long."""
    return _primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _primary_code(error: sqlite3.DatabaseError) -> int:
    # The low byte is the primary code; the rest says more precisely where it happened. Errors that
    # Python's own module raises carry no code.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _obstacle(path: Path) -> str:
    """What a person can change about the place of the file, or '' if nothing is visibly wrong."""
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist. Make it, then start again."
    if path.is_dir():
        return "it is a folder. Name a file in it, then start again."
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return f"the folder {path.parent} is not writable. Allow writing, then start again."
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return "it is not readable and writable. Allow both, then start again."
    return ""
