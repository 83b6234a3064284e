"""Who may call: the Bearer key, its scope, and the request window.

Order of checks (assumed): key, scope, rate. Source of the codes:
docs/api-authentication and docs/api-errors-and-limits.
"""

from __future__ import annotations

import math
import threading

from .choices import Choices
from .errors import ApiError
from .keyring import KeyRing
from .lifecycle import Clock

TOKEN_PREFIX = "rvya_sk_"  # noqa: S105


class RateWindow:
    """Counts requests per key in fixed windows, in memory."""

    def __init__(self, clock: Clock, choices: Choices) -> None:
        self._clock = clock
        self._limit = choices.rate_limit
        self._seconds = choices.rate_window_seconds
        self._counts: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Begin anew for every key."""
        with self._lock:
            self._counts.clear()

    def count(self, key: str) -> None:
        """Count one request; raise ApiError rate_limited with Retry-After when full."""
        if self._limit <= 0:
            return
        now = self._clock()
        window = int(now // self._seconds)
        with self._lock:
            since, used = self._counts.get(key, (window, 0))
            used = used + 1 if since == window else 1
            self._counts[key] = (window, used)
        if used > self._limit:
            raise self._refusal(window, now)

    def _refusal(self, window: int, now: float) -> ApiError:
        wait = max(1, math.ceil((window + 1) * self._seconds - now))
        return ApiError(
            "rate_limited",
            f"More than {self._limit} requests in {self._seconds:g} s. Retry in {wait} s.",
            headers={"Retry-After": str(wait)},
        )


def check_key(header: str | None, scope: str, ring: KeyRing) -> str:
    """The key in an Authorization header, if it is active and holds `scope`."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise ApiError("api_key_missing", "Send the header Authorization: Bearer rvya_sk_…")
    seed = ring.get(token) if token.startswith(TOKEN_PREFIX) else None
    if seed is None:
        raise ApiError("api_key_invalid", "This API key is not known.")
    if seed.state != "active":
        raise ApiError(f"api_key_{seed.state}", f"This API key is {seed.state}. Use a new key.")
    if scope not in seed.scopes:
        raise ApiError("api_scope_denied", f"This API key lacks the scope {scope}.")
    return token
