"""Identifiers of our rows: UUID version 7 (RFC 9562), so that their order is the order of creation."""

import secrets
import time
import uuid
from datetime import datetime


def new_id(at: datetime | None = None) -> uuid.UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, of now or of `at`, then random bits.

    Lists are paged by id alone: "older than this id" needs no second column.
    """
    millis = time.time_ns() // 1_000_000 if at is None else int(at.timestamp() * 1000)
    value = (millis & (2**48 - 1)) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return uuid.UUID(int=value | 0b10 << 62 | secrets.randbits(62))
