"""The shared clients of this process, one per account in use."""

import threading
import time

from django.conf import settings

from rivya_bridge.connection.current import Connection, current_connection
from rivya_bridge.rivya import Downloader, Rivya, Timeouts

# A clip on a slow line takes minutes; the lease of its task is renewed while bytes arrive.
DOWNLOAD_SECONDS = 900.0
# No call lasts this long, so that a client unused for it is in nobody's hands.
IDLE_SECONDS = 1800.0

_lock = threading.Lock()
_clients: dict[str, Rivya] = {}
_used_at: dict[str, float] = {}


def rivya_client(connection: Connection | None = None) -> Rivya:
    """The shared client for `connection`, or for the one in use.

    A new one costs tens of milliseconds, so it is kept; one of a former account is closed after half
    an hour without use. A connection whose key cannot be read gives a client without a key, whose
    calls fail with AuthenticationFailed before anything is sent.
    """
    wanted = connection or current_connection()
    # An unreadable key has the account's fingerprint all the same, so that it is kept apart.
    slot = wanted.account if wanted.api_key else f"{wanted.account} without key"
    now = time.monotonic()
    with _lock:
        if slot not in _clients:
            _close_idle(now)
            _clients[slot] = Rivya(
                base_url=wanted.base_url, api_key=wanted.api_key or None, timeout=_timeouts()
            )
        _used_at[slot] = now
        return _clients[slot]


def _timeouts() -> Timeouts:
    return Timeouts(
        read=settings.ANSWER_SECONDS,
        stream=settings.CHAT_STREAM_SECONDS,
        stream_idle=settings.CHAT_IDLE_SECONDS,
        stream_stall=settings.CHAT_STALL_SECONDS,
    )


def _close_idle(now: float) -> None:
    for slot in [slot for slot, used in _used_at.items() if now - used > IDLE_SECONDS]:
        _clients.pop(slot).close()
        del _used_at[slot]


def downloader() -> Downloader:
    """A client for result files: it has no key, no cookies, and follows no redirect."""
    return Downloader(
        current_connection().base_url,
        max_bytes=settings.DOWNLOAD_MAX_BYTES,
        deadline_seconds=DOWNLOAD_SECONDS,
    )


def close_clients() -> None:
    """Closes the shared clients (tests, and processes that end)."""
    with _lock:
        _used_at.clear()
        while _clients:
            _clients.popitem()[1].close()
