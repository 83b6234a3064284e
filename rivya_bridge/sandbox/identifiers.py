"""Opaque ids and ISO timestamps as the API writes them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def new_id(prefix: str) -> str:
    """`prefix_` and 20 random characters; callers treat it as opaque."""
    return f"{prefix}_{secrets.token_hex(10)}"


def iso_utc(milliseconds: int) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`, from Unix milliseconds."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"
