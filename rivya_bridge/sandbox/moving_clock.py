"""A clock that can be set forward; how far is stored, so that a restart does not go back."""

from __future__ import annotations

from .lifecycle import Clock
from .store import Store

LARGEST_STEP_SECONDS = 10 * 365 * 86400


class MovingClock:
    """Unix seconds of another clock, plus what it was set forward by."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self._ahead_seconds = 0.0
        self.load()

    def __call__(self) -> float:
        return self._clock() + self._ahead_seconds

    @property
    def ahead_seconds(self) -> float:
        """How far it was set forward in all."""
        return self._ahead_seconds

    def load(self) -> None:
        """Read from the database again how far it was set forward."""
        rows = self._store.rows("SELECT ahead_ms FROM clock")
        self._ahead_seconds = rows[0]["ahead_ms"] / 1000 if rows else 0.0

    def advance(self, seconds: float) -> None:
        """Set it forward; it never goes back."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO clock VALUES (1, ?) "
                "ON CONFLICT (number) DO UPDATE SET ahead_ms = ahead_ms + excluded.ahead_ms",
                (round(seconds * 1000),),
            )
        self.load()
