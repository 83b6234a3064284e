"""Signatures: what is signed verifies, and nothing else does."""

from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from rivya_bridge.sandbox.webhooks.signing import (
    HEADER,
    new_secret,
    preview,
    sign,
    sign_by,
    signer,
)

SECRETS = st.text(st.characters(codec="utf-8"), min_size=1).map(lambda text: "whsec_" + text)
TIMES = st.integers(0, 10**11)


def verifies(secret: str, body: bytes, header: str) -> bool:
    """The receiver's side, from the recipe."""
    parts = dict(part.split("=", 1) for part in header.split(","))
    message = parts["t"].encode() + b"." + body
    expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, parts["v1"])


@given(SECRETS, st.binary(), TIMES)
def test_what_is_signed_verifies(secret: str, body: bytes, seconds: int) -> None:
    header = sign(secret, body, seconds)

    assert header.startswith(f"t={seconds},v1=")
    assert verifies(secret, body, header)


@given(SECRETS, SECRETS, st.binary(), st.binary(), TIMES, TIMES)
def test_no_other_secret_body_or_time_verifies(
    secret: str, other: str, body: bytes, changed: bytes, seconds: int, later: int
) -> None:
    header = sign(secret, body, seconds)

    assert verifies(other, body, header) == (other == secret)
    assert verifies(secret, changed, header) == (changed == body)
    moved = header.replace(f"t={seconds},", f"t={later},")
    assert verifies(secret, body, moved) == (later == seconds)


@given(SECRETS, st.binary(), st.integers(10_000, 10**11))
def test_faulty_signatures_fail_in_their_own_way(secret: str, body: bytes, seconds: int) -> None:
    good, bad, old = (
        sign_by("usual", "evt_1", body, signer(kind, secret, seconds))[HEADER]
        for kind in ("good", "bad", "old")
    )

    assert good == sign(secret, body, seconds)
    assert bad.startswith(f"t={seconds},v1=") and not verifies(secret, body, bad)
    assert verifies(secret, body, old) and old.startswith(f"t={seconds - 3600},")


def test_secrets_differ_and_their_previews_hide_them() -> None:
    secret = new_secret()

    assert secret != new_secret()
    assert len(preview(secret)) < len(secret) / 2
