"""Secrets and signatures of callbacks. The whole scheme is assumed and stands only here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

PREFIX = "whsec_"
HEADER = "Rivya-Signature"
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


@dataclass(frozen=True)
class Signer:
    """Whose secret signs, and the time that the signature names."""

    secret: str
    unix_seconds: int


def signer(kind: str, secret: str, unix_seconds: int) -> Signer:
    """For a `good` signature, a `bad` one by a foreign secret, or a right but `old` one."""
    if kind == "bad":
        return Signer(new_secret(), unix_seconds)
    return Signer(secret, unix_seconds - (OLD_SECONDS if kind == "old" else 0))


def sign_by(scheme: str, event_id: str, body: bytes, signed: Signer) -> dict[str, str]:
    """The headers of a signature in the `usual` scheme or in one of its variants."""
    usual = sign(signed.secret, body, signed.unix_seconds)
    if scheme == "standard":
        return _standard(event_id, body, signed)
    if scheme == "two_signatures":
        _, _, foreign = sign(new_secret(), body, signed.unix_seconds).partition(",")
        stamp, _, own = usual.partition(",")
        return {HEADER: f"{stamp},{foreign},{own}"}
    if scheme == "base64":
        stamp, _, digest = usual.partition(",v1=")
        return {HEADER: f"{stamp},v1={base64.b64encode(bytes.fromhex(digest)).decode()}"}
    return {HEADER: usual}


def _standard(event_id: str, body: bytes, signed: Signer) -> dict[str, str]:
    """The headers of the Standard Webhooks specification; the key is what follows `whsec_`."""
    stamp = str(signed.unix_seconds)
    key = base64.b64decode(signed.secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{event_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "Webhook-Id": event_id,
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}",
    }
