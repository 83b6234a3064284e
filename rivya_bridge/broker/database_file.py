"""One SQLite connection to one file, safe between threads, over forks and if it is replaced.

SQLite forbids carrying a connection across ``fork()``: its locks belong to the process, yet the
child inherits the bookkeeping that says they are held. Therefore every connection is closed just
before a fork, while its lock is held, and both sides open their own when they next need one.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rivya_bridge.broker.errors import explain, is_busy

BUSY_SECONDS = 10.0

Prepare = Callable[[sqlite3.Connection, Path], None]


class DatabaseFile:
    """The connection to `path`, opened when first used and shared by the threads of this process.

    `prepare(connection, path)` runs after each opening. Threads take turns: SQLite allows a single
    writer anyway, and a lock wakes the next one at once where SQLite's own waiting naps.
    """

    def __init__(self, path: Path, prepare: Prepare) -> None:
        self.path = path
        #: How often the file was opened: SQLite's change counters start anew each time.
        self.openings = 0
        self._prepare = prepare
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._keeps_open = True
        with _registry.lock:
            _registry.files.add(self)

    @contextmanager
    def use(self) -> Iterator[sqlite3.Connection]:
        """The open connection, for this thread alone until the block ends.

        Raises BrokerUnavailable if trying again can help, BrokerFileUnusable if a person must act.
        """
        with self._lock:
            try:
                yield self._connected()
            except sqlite3.DatabaseError as error:
                # Whatever else went wrong, the next use starts from a fresh look at the file.
                if not is_busy(error):
                    self._drop()
                explained = explain(error, self.path)
                if explained is error:
                    raise
                raise explained from error
            finally:
                if not self._keeps_open:
                    self._drop()

    def open(self) -> None:
        """Keep the connection open between uses (as it is at first), and show that it opens."""
        self._keeps_open = True
        with self.use():
            pass

    def close(self) -> None:
        """Close the connection. A late use still works and leaves nothing open behind it."""
        with self._lock:
            self._keeps_open = False
            self._drop()

    def _connected(self) -> sqlite3.Connection:
        # Somebody may have deleted or replaced the file: a connection to the old one still works,
        # but nobody else would ever hear from it.
        if self._connection is not None and self._identity != self._identity_on_disk():
            self._drop()
        if self._connection is None:
            self._connection = self._opened()
            self._identity = self._identity_on_disk()
            self.openings += 1
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        # `isolation_level=None` leaves transactions to us: each statement commits by itself.
        connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _identity_on_disk(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _hold_for_fork(self) -> None:
        self._lock.acquire()
        self._drop()

    def _resume_in_parent(self) -> None:
        self._lock.release()

    def _resume_in_child(self) -> None:
        # Threads that waited for the old lock do not exist here.
        self._lock = threading.RLock()


class _Registry:
    """All files of this process, so that a fork can close them and hold off new ones."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.files: weakref.WeakSet[DatabaseFile] = weakref.WeakSet()
        self._held: list[DatabaseFile] = []

    def before_fork(self) -> None:
        self.lock.acquire()
        self._held = list(self.files)
        for file in self._held:
            file._hold_for_fork()

    def after_fork_in_parent(self) -> None:
        held, self._held = self._held, []
        for file in held:
            file._resume_in_parent()
        self.lock.release()

    def after_fork_in_child(self) -> None:
        held, self._held = self._held, []
        for file in held:
            file._resume_in_child()
        self.lock = threading.Lock()


_registry = _Registry()
os.register_at_fork(
    before=_registry.before_fork,
    after_in_parent=_registry.after_fork_in_parent,
    after_in_child=_registry.after_fork_in_child,
)
