"""How many readings a second may be asked of Rivya: a budget that a rate limit teaches to be smaller.

Reading has no other limit than this: RIVYA_READS_PER_SECOND is the budget. Each rate limit halves the
pace, and half a minute without one raises it by a tenth of the budget, as far as the budget goes.
"""

import threading
import time
from collections.abc import Callable

from django.conf import settings

SLOWEST = 0.2
GROWS_AFTER_SECONDS = 30.0
GROWTH = 0.1
BURST = 2.0
# A dispatcher looks now and then: what half a second allows may go at once.
BURST_SECONDS = 0.5


class Pace:
    """A bucket of readings; safe to share between threads. `monotonic` counts seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._learned: float | None = None
        self._learned_at = 0.0
        self._left, self._filled_at = 1.0, monotonic()

    @property
    def budget(self) -> float:
        return float(settings.RIVYA_READS_PER_SECOND)

    @property
    def rate(self) -> float:
        """Readings a second that are allowed now."""
        if self._learned is None:
            return self.budget
        raises = int(max(0.0, self._monotonic() - self._learned_at) / GROWS_AFTER_SECONDS)
        return min(self.budget, self._learned + raises * GROWTH * self.budget)

    def slow_down(self) -> None:
        """A rate limit was met."""
        with self._lock:
            self._learned = max(min(SLOWEST, self.budget), self.rate / 2)
            self._learned_at = self._monotonic()

    def take(self) -> bool:
        """Whether one reading may go now; then it is counted."""
        with self._lock:
            now = self._monotonic()
            gained = max(0.0, now - self._filled_at) * self.rate
            most = max(BURST, BURST_SECONDS * self.rate)
            self._left, self._filled_at = min(most, self._left + gained), now
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True


pace = Pace()
