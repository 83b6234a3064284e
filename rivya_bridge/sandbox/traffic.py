"""The last requests as they came, in memory, for tests and for the home page."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from .identifiers import iso_utc
from .lifecycle import Clock

REMEMBERED = 10_000
WATCHED = ("/api/", "/results/", "/uploads/")


@dataclass
class Seen:
    """One request; `status` stays None where no answer was sent."""

    number: int
    at: float
    request_id: str
    method: str
    path: str
    key: str
    idempotency_key: str | None
    status: int | None = None
    scenarios: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """The request as the control routes show it."""
        return {**vars(self), "at": iso_utc(int(self.at * 1000))}


class Traffic:
    """Counts all requests and remembers the last ones."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: deque[Seen] = deque(maxlen=REMEMBERED)
        self.count = 0

    def note(self, scope: Any) -> Seen | None:
        """Remember a request of the API or its media; None for any other."""
        path: str = scope["path"]
        if not path.startswith(WATCHED):
            return None
        headers = dict(scope["headers"])
        key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")[2].strip()
        once = headers.get(b"idempotency-key")
        with self._lock:
            self.count += 1
            seen = Seen(
                self.count,
                self._clock(),
                scope["request_id"],
                scope["method"],
                path,
                key,
                once.decode("latin-1") if once else None,
            )
            self._last.append(seen)
        return seen

    def last(self, limit: int) -> list[Seen]:
        """The newest requests, the newest first."""
        with self._lock:
            return list(self._last)[: -limit - 1 : -1]

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._last.clear()
            self.count = 0
