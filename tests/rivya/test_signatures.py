"""Callbacks: whose they are, what they say, and what of it is believed."""

import base64
import hashlib
import hmac
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rivya_bridge.rivya import (
    EventUnreadable,
    NotFound,
    Rivya,
    SignatureRefused,
    fresh_generation,
    read_event,
    verify_webhook,
)
from rivya_bridge.rivya.signatures import Encoding
from tests.samples import names, sample

from .payloads import FAILED, as_json, refusal
from .scripted_server import ScriptedServer, answer

NOW = datetime(2026, 5, 11, 12, 0, 0, tzinfo=UTC)
SECRET = "whsec_12sample0000000000000000000abc123"
OLD_SECRET = "whsec_98sample0000000000000000000fed321"
BODY = as_json(sample("event/succeeded")).encode()


def digest(body: bytes = BODY, secret: str = SECRET, at: datetime = NOW) -> bytes:
    message = f"{int(at.timestamp())}.".encode() + body
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()


def header(*signatures: str, at: datetime = NOW) -> dict[str, str]:
    parts = [f"t={int(at.timestamp())}", *(f"v1={signature}" for signature in signatures)]
    return {"Rivya-Signature": ",".join(parts)}


GOOD = header(digest().hex())


def reason(headers: Any, secret: Any = SECRET, body: bytes = BODY, **changes: Any) -> str:
    with pytest.raises(SignatureRefused) as caught:
        verify_webhook(body, headers, secret, **({"now": NOW} | changes))
    assert SECRET not in str(caught.value) + repr(caught.value)
    return caught.value.reason


def test_it_works() -> None:
    assert verify_webhook(BODY, GOOD, SECRET, now=NOW) == NOW


@pytest.mark.parametrize("name", ["rivya-signature", "RIVYA-SIGNATURE", "Rivya-Signature"])
def test_the_name_of_the_header_is_read_in_any_case(name: str) -> None:
    assert verify_webhook(BODY, {name: GOOD["Rivya-Signature"]}, SECRET, now=NOW)


@pytest.mark.parametrize("order", [(SECRET, OLD_SECRET), (OLD_SECRET, SECRET)])
def test_one_match_among_several_signatures_or_secrets_is_enough(order: tuple[str, str]) -> None:
    both = header(*[digest(secret=secret).hex() for secret in order])
    assert verify_webhook(BODY, both, SECRET, now=NOW)
    assert verify_webhook(BODY, GOOD, order, now=NOW)
    assert verify_webhook(BODY, header("00", "zz", digest().hex()), SECRET, now=NOW)


@pytest.mark.parametrize(
    "body", [b"", BODY + b" ", BODY[:-1], BODY.replace(b"succeeded", b"failed")]
)
def test_another_body_is_a_mismatch(body: bytes) -> None:
    assert reason(GOOD, body=body) == "mismatch"


@pytest.mark.parametrize("secret", [OLD_SECRET, "", [], ["", OLD_SECRET], "\ud800", SECRET[:-1]])
def test_another_secret_or_none_is_a_mismatch(secret: Any) -> None:
    assert reason(GOOD, secret) == "mismatch"


def test_a_signature_made_without_a_secret_is_a_mismatch() -> None:
    assert reason(header(digest(secret="").hex()), "") == "mismatch"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-301, "too_old"), (301, "too_new"), (10**9, "too_new")]
)
def test_a_good_signature_from_another_time_is_refused(seconds: int, expected: str) -> None:
    at = NOW + timedelta(seconds=seconds)
    assert reason(header(digest(at=at).hex(), at=at)) == expected


@pytest.mark.parametrize("seconds", [-300, 300])
def test_the_tolerance_itself_is_allowed(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    assert verify_webhook(BODY, header(digest(at=at).hex(), at=at), SECRET, now=NOW) == at


def test_a_moved_time_is_a_mismatch() -> None:
    assert reason(header(digest().hex(), at=NOW + timedelta(seconds=1))) == "mismatch"


@pytest.mark.parametrize("headers", [{}, {"Other": "x"}, {"Rivya-Signature": ""}])
def test_no_signature_is_missing(headers: dict[str, str]) -> None:
    assert reason(headers) == "missing"


HEX = digest().hex()
TIME = int(NOW.timestamp())


@pytest.mark.parametrize(
    "value",
    [
        " ", ",", "=", "t", "t=", "v1=", HEX, f"v1={HEX}", f"t={TIME}", f"t={TIME},v0={HEX}",
        f"t={TIME},v1=", f"t={TIME},v1={HEX[:-1]}", f"t={TIME},v1={HEX}0", f"t={TIME},v1={'é' * 64}",
        f"t=-{TIME},v1={HEX}", f"t={TIME}.0,v1={HEX}", f"t=nan,v1={HEX}", f"t=²,v1={HEX}",
        f"t={'9' * 5000},v1={HEX}", f"t={'9' * 12},v1={HEX}", f"t={TIME},t={TIME},v1={HEX}",
        f"t={TIME},v1={HEX}" + ",v1=00" * 2000, f"T={TIME},V1={HEX}", None, 5, b"t=1",
    ],
)  # fmt: skip
def test_a_header_of_another_shape_is_malformed(value: Any) -> None:
    assert reason({"Rivya-Signature": value}) == "malformed"


def test_a_header_that_comes_twice_is_malformed() -> None:
    assert reason(GOOD | {"rivya-signature": GOOD["Rivya-Signature"]}) == "malformed"


def test_every_part_of_the_scheme_can_be_replaced() -> None:
    message = f"{TIME}.".encode() + BODY
    made = hmac.new(SECRET.removeprefix("whsec_").encode(), message, hashlib.sha256).digest()
    headers = {"X-Sign": f"ts={TIME},sha256={base64.b64encode(made).decode()}"}
    scheme: dict[str, Any] = {
        "header_name": "x-sign",
        "time_field": "ts",
        "signature_field": "sha256",
        "encoding": "base64",
        "secret_prefix": "whsec_",
    }
    assert verify_webhook(BODY, headers, SECRET, now=NOW, **scheme) == NOW
    headers["X-Sign"] += "!"
    assert reason(headers, **scheme) == "malformed"
    assert reason(GOOD, **scheme) == "missing"


def test_the_clock_of_the_machine_is_the_default() -> None:
    at = datetime.now(UTC)
    assert verify_webhook(BODY, header(digest(at=at).hex(), at=at), SECRET)


PIECES = ["t", "v1", "=", ",", " ", str(TIME), HEX, HEX[:10], "²", "-", "\x00", "é", "\ud800"]


def refuses(value: str, body: bytes, secret: str, encoding: Encoding) -> bool:
    headers = {"Rivya-Signature": value}
    try:
        verify_webhook(body, headers, secret, now=NOW, encoding=encoding, tolerance=1e18)
    except SignatureRefused:
        return True
    return False


def test_twenty_thousand_forged_headers_are_refused_with_one_exception() -> None:
    chance = random.Random(20260511)
    for _ in range(20_000):
        text = "".join(chance.choices(PIECES, k=chance.randrange(7)))
        start = chance.choice(["", f"t={TIME},v1=", "t=", f"t={TIME},v1={HEX},", f"v1={HEX},t="])
        body, secret = chance.randbytes(4), chance.choice(["", "a", "\ud800", OLD_SECRET])
        assert refuses(start + text, body, secret, chance.choice(["hex", "base64"]))


@settings(max_examples=200)
@given(value=st.text(max_size=60), body=st.binary(max_size=20), secret=st.text(max_size=8))
def test_no_text_at_all_passes_for_a_signature(value: str, body: bytes, secret: str) -> None:
    assert refuses(value, body, secret, "hex")
    assert refuses(f"t={TIME},v1={value}", body, secret, "base64")


@pytest.mark.parametrize("name", ["succeeded", "in_object", "in_generation"])
def test_the_generation_is_found_wherever_it_may_stand(name: str) -> None:
    payload = sample(f"event/{name}")
    event = read_event(as_json(payload).encode())
    assert event.generation is not None
    found = event.generation
    assert (found.id, found.status, found.model) == ("task_8s1", "succeeded", "z-image")
    assert found.raw["final_credits"] == 1
    assert (event.id, event.type) == (payload["id"], "generation.succeeded")
    assert event.api_version == "2026-05-11"
    assert event.created_at == datetime(2026, 5, 11, 0, 1, tzinfo=UTC)
    assert not event.is_test
    assert event.raw == payload


def test_a_test_event_says_so() -> None:
    payload = sample("event/test")
    assert read_event(as_json(payload).encode()).is_test
    outside = sample("event/succeeded") | {"test": True}
    assert read_event(as_json(outside).encode()).is_test
    assert not read_event(as_json(outside | {"test": "false"}).encode()).is_test


@pytest.mark.parametrize(
    "payload", [{}, {"data": None}, {"data": {"object": []}}, {"id": 5, "type": None, "data": {"id": "x"}}]
)  # fmt: skip
def test_an_event_may_say_next_to_nothing(payload: object) -> None:
    event = read_event(as_json(payload).encode())
    assert (event.id, event.type, event.generation, event.is_test) == (None, "", None, False)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b'{"a":NaN}', b"[" * 100_000])
def test_a_body_that_is_no_object_is_unreadable(raw: bytes) -> None:
    with pytest.raises(EventUnreadable):
        read_event(raw)


leaves = st.none() | st.integers() | st.booleans() | st.text(max_size=4)
inner = st.dictionaries(st.sampled_from(["object", "id", "status", "model", "test"]), leaves)
outer = st.fixed_dictionaries(
    {"id": leaves, "type": leaves, "created_at": leaves, "data": leaves | inner}
)


@settings(max_examples=300)
@given(raw=st.binary(max_size=40) | outer.map(lambda value: json.dumps(value).encode()))
def test_reading_an_event_raises_nothing_else(raw: bytes) -> None:
    try:
        event = read_event(raw)
    except EventUnreadable:
        return
    assert isinstance(event.type, str)


def test_every_sample_event_can_be_read() -> None:
    for name in names("event"):
        if name != "event/list":
            assert read_event(as_json(sample(name)).encode()).generation is not None


def test_only_a_fresh_answer_is_believed(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json(FAILED | {"id": "task_8s1"})))
    event = read_event(BODY)
    assert event.generation is not None
    assert event.generation.status == "succeeded"
    assert fresh_generation(client, event).status == "failed"
    assert server.requests[0].line == "GET /api/v1/generations/task_8s1 HTTP/1.1"


def test_a_forged_event_names_a_task_of_nobody(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(404, refusal("not_found")))
    with pytest.raises(NotFound):
        fresh_generation(client, read_event(BODY))


def test_an_event_without_a_generation_is_not_asked_about(client: Rivya) -> None:
    with pytest.raises(ValueError, match="names no generation"):
        fresh_generation(client, read_event(b"{}"))
