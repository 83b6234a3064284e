"""Identifiers of our rows: UUID version 7 (RFC 9562), so that their order is the order of creation."""

import secrets
import threading
import time
import uuid
from datetime import datetime

_lock = threading.Lock()
_last = 0


def new_id(at: datetime | None = None) -> uuid.UUID:
    """A UUIDv7 of now or of `at`: Unix milliseconds, 12 bits of their fraction, then random bits.

    The fraction is RFC 9562's section 6.2, method 3. Two of one process always stand in the order
    in which they were made. Lists are paged by id alone: "older than this id" needs no second
    column.
    """
    stamp = _next_stamp() if at is None else _stamp(round(at.timestamp() * 1_000_000) * 1000)
    value = (stamp >> 12 & (2**48 - 1)) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64
    return uuid.UUID(int=value | 0b10 << 62 | secrets.randbits(62))


def _stamp(nanoseconds: int) -> int:
    """Units of 1/4096 of a millisecond."""
    return nanoseconds * 4096 // 1_000_000


def _next_stamp() -> int:
    """Now, or just after the last one: the clock stands still between two calls, or is set back.

    A clock set back by more than a second is followed, so that dates read from ids stay true.
    """
    global _last
    with _lock:
        now = _stamp(time.time_ns())
        behind = _last - now
        _last = _last + 1 if 0 <= behind < 4096 * 1000 else now
        return _last
