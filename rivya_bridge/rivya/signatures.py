"""Callbacks from the vendor: verify the raw bytes, then read them, then ask the API what is true.

The scheme is not documented; every part of it is a parameter whose default stands in `choices`.
Where the true scheme is unknown, `fresh_generation` needs none: a callback then only says that
there is something to look at, and the answer of the API alone is believed.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from rivya_bridge.rivya.choices import (
    SIGNATURE_ENCODING,
    SIGNATURE_FIELD,
    SIGNATURE_HEADER,
    SIGNATURE_SECRET_PREFIX,
    SIGNATURE_TIME_FIELD,
    SIGNATURE_TOLERANCE_SECONDS,
)
from rivya_bridge.rivya.client import Rivya
from rivya_bridge.rivya.types.generation import Generation
from rivya_bridge.rivya.types.webhook import WebhookEvent, read_event

__all__ = [
    "SignatureRefused",
    "fresh_generation",
    "read_event",
    "verify_webhook",
]

Refusal = Literal["missing", "malformed", "too_old", "too_new", "mismatch"]
Encoding = Literal["hex", "base64"]

_HEADER_MAX: Final = 4_096
_VALUES_MAX: Final = 8
_SECONDS: Final = re.compile(r"\d{1,11}", re.ASCII)

_SENTENCES: Final[dict[Refusal, str]] = {
    "missing": "The callback carries no signature.",
    "malformed": "The callback's signature header cannot be read.",
    "too_old": "The callback was signed too long ago.",
    "too_new": "The callback was signed in the future; is this machine's clock right?",
    "mismatch": "The callback's signature belongs to another body or another secret.",
}


class SignatureRefused(Exception):
    """The callback is not believed; `reason` says why: the only exception of `verify_webhook`.

    too_old and too_new are said only of a signature that matches: a repeated or a wrongly timed
    callback, not a forged one.
    """

    def __init__(self, reason: Refusal) -> None:
        super().__init__(_SENTENCES[reason])
        self.reason = reason


def verify_webhook(
    raw_body: bytes,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    header_name: str = SIGNATURE_HEADER,
    tolerance: float = SIGNATURE_TOLERANCE_SECONDS,
    now: datetime | None = None,
    time_field: str = SIGNATURE_TIME_FIELD,
    signature_field: str = SIGNATURE_FIELD,
    encoding: Encoding = SIGNATURE_ENCODING,
    secret_prefix: str = SIGNATURE_SECRET_PREFIX,
) -> datetime:
    """When the callback was signed (UTC), if it was signed with one of the secrets.

    `raw_body`: the bytes as they came, before any parsing. `headers`: names in any case. `secret`:
    one or several, as during a rotation; the header may hold several signatures too, and one match
    is enough. `tolerance`: seconds that the signing time may differ from `now`, in both
    directions. `encoding`: of the signatures. `secret_prefix`: cut off a secret before it becomes
    the key. Raises SignatureRefused and nothing else for any bytes, headers and secrets.
    """
    signed_at, signatures = _parsed(
        _header(headers, header_name), time_field, signature_field, encoding
    )
    message = f"{signed_at}.".encode() + raw_body
    secrets = [secret] if isinstance(secret, str) else secret
    keys = [one.removeprefix(secret_prefix) for one in secrets]
    if not _matches(message, signatures, [key for key in keys if key]):
        raise SignatureRefused("mismatch")
    age = (now or datetime.now(UTC)).timestamp() - int(signed_at)
    if age > tolerance:
        raise SignatureRefused("too_old")
    if -age > tolerance:
        raise SignatureRefused("too_new")
    return datetime.fromtimestamp(int(signed_at), UTC)


def fresh_generation(client: Rivya, event: WebhookEvent) -> Generation:
    """The generation that an event names, as the API tells it now: the only answer to believe.

    Safe with unsigned or unverified events: it costs one read, of this account's own tasks.
    Raises ValueError if the event names none (a test event need not), NotFound for a task of
    nobody or of another account, RivyaError.
    """
    if event.generation is None:
        raise ValueError("the event names no generation")
    return client.generations.retrieve(event.generation.id)


def _header(headers: Mapping[str, str], name: str) -> str:
    """The one value of the header. Raises SignatureRefused."""
    wanted = name.lower()
    values = [value for key, value in headers.items() if str(key).lower() == wanted]
    if not values or values == [""]:
        raise SignatureRefused("missing")
    value = values[0]
    if len(values) > 1 or not isinstance(value, str) or len(value) > _HEADER_MAX:
        raise SignatureRefused("malformed")
    return value


def _parsed(
    header: str, time_field: str, signature_field: str, encoding: Encoding
) -> tuple[str, list[bytes]]:
    """The signing time as it was written, and every signature. Raises SignatureRefused."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == time_field]
    written = [value for name, _, value in pairs if name == signature_field]
    found = [_decoded(value, encoding) for value in written[:_VALUES_MAX]]
    signatures = [value for value in found if value is not None]
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not signatures:
        raise SignatureRefused("malformed")
    return times[0], signatures


def _decoded(value: str, encoding: Encoding) -> bytes | None:
    """A signature's 32 bytes, or None for anything else."""
    try:
        if encoding == "hex":
            decoded = bytes.fromhex(value) if len(value) == 64 else b""
        else:
            decoded = base64.b64decode(value, validate=True)
    except ValueError:
        return None
    return decoded if len(decoded) == hashlib.sha256().digest_size else None


def _matches(message: bytes, signatures: Sequence[bytes], keys: Sequence[str]) -> bool:
    """True if any key made any signature; every pair is compared, in constant time each."""
    expected = [
        hmac.digest(key.encode("utf-8", "surrogatepass"), message, "sha256") for key in keys
    ]
    equal = [hmac.compare_digest(one, other) for one in expected for other in signatures]
    return any(equal)
