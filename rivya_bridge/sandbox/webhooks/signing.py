"""Secrets and signatures of callbacks. The whole scheme is assumed and stands only here."""

from __future__ import annotations

import hashlib
import hmac
import secrets

PREFIX = "whsec_"
OLD_SECONDS = 3600
"""How far back an `old` signature is dated: well beyond any receiver's tolerance."""


def new_secret() -> str:
    """A fresh signing secret, `whsec_` and 48 random characters."""
    return PREFIX + secrets.token_hex(24)


def preview(secret: str) -> str:
    """First 8 and last 6 characters of a secret."""
    return f"{secret[:8]}...{secret[-6:]}"


def sign(secret: str, body: bytes, unix_seconds: int) -> str:
    """`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 by the whole secret over `<t>.<raw body>`."""
    message = str(unix_seconds).encode() + b"." + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return f"t={unix_seconds},v1={digest}"


def sign_as(kind: str, secret: str, body: bytes, unix_seconds: int) -> str:
    """A `good` signature, a `bad` one by a foreign secret, or a right but `old` one."""
    if kind == "bad":
        return sign(new_secret(), body, unix_seconds)
    if kind == "old":
        return sign(secret, body, unix_seconds - OLD_SECONDS)
    return sign(secret, body, unix_seconds)
