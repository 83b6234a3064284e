"""One wall-clock limit for a whole call, known to every socket operation below it.

httpx's timeouts apply to single reads, so a server that drips one byte at a time could hold a
call for ever. The limit of the running call is kept in a context variable, because the
connections that must obey it are shared between calls and threads.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Deadline:
    """A point on a monotonic clock, `seconds` from now."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends = monotonic() + seconds
        self.seconds = seconds

    def remaining(self) -> float:
        """Seconds left, at least 0."""
        return max(0.0, self._ends - self._monotonic())

    @property
    def is_over(self) -> bool:
        return self.remaining() <= 0

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Make this the limit of every socket operation in the block."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


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
