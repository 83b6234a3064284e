"""Checks of arguments before anything is sent; each raises ValueError naming field and limit."""

from rivya_bridge.rivya.choices import CLIENT_REQUEST_ID_MAX, IDEMPOTENCY_KEY_MAX
from rivya_bridge.rivya.types._fields import ID_MAX, identifier


def check_identifier(field: str, value: str) -> None:
    """An id goes into a path, so it must be one path step."""
    if identifier(value) is None:
        raise ValueError(f"{field} must be 1 to {ID_MAX} printable characters, and no path step")


def check_idempotency_key(value: str) -> None:
    """A key goes into a header: visible ASCII only."""
    fits = 0 < len(value) <= IDEMPOTENCY_KEY_MAX
    if not fits or not value.isascii() or not value.isprintable() or value.strip() != value:
        raise ValueError(
            f"idempotency_key must be 1 to {IDEMPOTENCY_KEY_MAX} printable ASCII characters"
        )


def check_client_request_id(value: str | None) -> None:
    if value is not None and len(value) > CLIENT_REQUEST_ID_MAX:
        raise ValueError(f"client_request_id may have {CLIENT_REQUEST_ID_MAX} characters at most")
