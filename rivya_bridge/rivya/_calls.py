"""What a call is and what comes back: plain values that the request path takes and gives."""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from rivya_bridge.rivya.choices import REPEATABLE_METHODS
from rivya_bridge.rivya.types.answer import AnswerMeta


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds. The first four are per socket operation, `operation` for a whole call.

    `operation` covers retries and waits between them as well; `upload` replaces it for files and
    `chat` for a turn that is not streamed, which stays silent until it is finished. `stream` is
    the whole of a streamed turn; it ends earlier after `stream_idle` without a byte, or after
    `stream_stall` without an event, keep-alive lines not counted.
    """

    connect: float = 5.0
    read: float = 30.0
    write: float = 30.0
    pool: float = 5.0
    operation: float = 45.0
    upload: float = 45.0
    chat: float = 120.0
    stream: float = 600.0
    stream_idle: float = 60.0
    stream_stall: float = 180.0


DEFAULT_TIMEOUTS: Final = Timeouts()


@dataclass(frozen=True, slots=True)
class Clocks:
    """Time and chance, so that tests need not wait. `jitter` returns 0 <= x < 1."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Call:
    """One operation. `can_spend`: it may cost credits. `path` starts below `/api/v1`.

    `seconds` limits the whole call, `read_seconds` one wait for bytes; None takes the client's
    own. `may_be_empty`: a success without a body is read as an empty object.
    """

    method: str
    path: str
    content: bytes | Iterable[bytes] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None
    needs_key: bool = True
    can_spend: bool = False
    may_be_empty: bool = False
    seconds: float | None = None
    read_seconds: float | None = None
    max_retries: int | None = None

    @property
    def is_repeatable(self) -> bool:
        """True if sending it twice has one effect: no POST, or a POST under a key."""
        return self.method in REPEATABLE_METHODS or self.idempotency_key is not None


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: its JSON object and where it came from."""

    data: dict[str, Any] = field(repr=False)
    meta: AnswerMeta
