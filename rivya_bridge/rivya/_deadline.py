"""One wall-clock limit for a whole call, known to every socket operation below it.

httpx's timeouts apply to single reads, so a server that drips one byte at a time could hold a
call for ever. The limit of the running call is kept in a context variable, because the
connections that must obey it are shared between calls and threads. The same object lets another
thread end the call: it knows the socket that the call is waiting on.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar


class Deadline:
    """A point on a monotonic clock, `seconds` from now; `cut` brings it forward to now."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends = monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.seconds = seconds
        self.is_cut = False

    def remaining(self) -> float:
        """Seconds left, at least 0."""
        if self.is_cut:
            return 0.0
        return max(0.0, self._ends - self._monotonic())

    @property
    def is_over(self) -> bool:
        return self.remaining() <= 0

    def cut(self) -> None:
        """End the call now, from any thread; a socket operation that waits fails at once."""
        with self._lock:
            self.is_cut = True
            if self._socket is not None:
                _hang_up(self._socket)

    @contextmanager
    def waiting_on(self, sock: socket.socket) -> Iterator[None]:
        """Name the socket that `cut` has to wake. Raises TimeoutError if it was cut already."""
        with self._lock:
            if self.is_cut:
                raise TimeoutError("the call was ended")
            self._socket = sock
        try:
            yield
        finally:
            with self._lock:
                self._socket = None

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Make this the limit of every socket operation in the block."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


class StreamDeadline(Deadline):
    """A deadline with a second hand: `stall_seconds` without news end the call as well."""

    def __init__(
        self, seconds: float, stall_seconds: float, monotonic: Callable[[], float]
    ) -> None:
        super().__init__(seconds, monotonic)
        self.stall_seconds = stall_seconds
        self._stalls_at = monotonic() + stall_seconds

    def news(self) -> None:
        """Something arrived that counts: the stall limit begins anew."""
        self._stalls_at = self._monotonic() + self.stall_seconds

    @property
    def has_stalled(self) -> bool:
        """True if the stall limit, not the whole time, is what ended it."""
        now = self._monotonic()
        return self._stalls_at <= now < self._ends

    def remaining(self) -> float:
        """Seconds left until the nearer of both limits, at least 0."""
        if self.is_cut:
            return 0.0
        return max(0.0, min(self._ends, self._stalls_at) - self._monotonic())


_current: ContextVar[Deadline | None] = ContextVar("rivya_deadline", default=None)


def bounded(timeout: float | None) -> float | None:
    """`timeout`, shortened to what the running call has left.

    Raises TimeoutError once nothing is left: a socket would take 0 for "do not wait".
    """
    deadline = _current.get()
    if deadline is None:
        return timeout
    remaining = deadline.remaining()
    if remaining <= 0:
        raise TimeoutError(f"the call took longer than {deadline.seconds:g} s")
    return remaining if timeout is None else min(timeout, remaining)


@contextmanager
def interruptible(sock: socket.socket) -> Iterator[None]:
    """Let the running call's deadline wake an operation on `sock`. Raises TimeoutError."""
    deadline = _current.get()
    if deadline is None:
        yield
        return
    with deadline.waiting_on(sock):
        yield


def _hang_up(sock: socket.socket) -> None:
    # The plain socket's method also for TLS: SSLSocket.shutdown would drop the object that the
    # waiting thread is reading with. Closing instead would not wake that thread.
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
