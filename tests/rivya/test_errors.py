"""From an answer's status and code to the class, its marks and its sentences."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rivya_bridge.rivya import (
    ApiDisabled,
    AuthenticationFailed,
    BadAnswer,
    ChatAttachmentNotSupported,
    ChatModelNotSupported,
    ChatSessionConflict,
    ConnectionFailed,
    IdempotencyConflict,
    InsufficientCredits,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RedirectRefused,
    Rivya,
    RivyaError,
    ScopeDenied,
    ServerFailure,
    ValidationFailed,
    WebhookUrlRejected,
)
from rivya_bridge.rivya._failures import refused, retry_after_seconds
from rivya_bridge.rivya.choices import REQUEST_ID_HEADERS
from rivya_bridge.rivya.errors import ERRORS_BY_CODE
from tests.samples import names

from .payloads import refusal
from .scripted_server import Reply, ScriptedServer, answer, raw


def submit(server: ScriptedServer, client: Rivya, reply: Reply) -> RivyaError:
    server.play(reply)
    with pytest.raises(RivyaError) as caught:
        client.generations.submit(b"{}", idempotency_key="key-1", max_retries=0)
    assert len(server.requests) == 1
    return caught.value


def test_it_works(server: ScriptedServer, client: Rivya) -> None:
    error = submit(server, client, answer(400, refusal("validation_failed", "prompt too long")))
    assert type(error) is ValidationFailed
    assert str(error) == "Rivya answered 400 validation_failed: prompt too long"
    assert (error.code, error.http_status, error.request_id) == ("validation_failed", 400, "req_01")
    assert (error.sent, error.spent, error.retryable, error.permanent) == (True, "no", False, True)
    assert "No credits were spent." in error.sentence
    assert error.sentence.endswith(error.action)


# status, code, class, spent after a submit, retryable, permanent
CASES = [
    (503, "public_api_disabled", ApiDisabled, "no", True, False),
    (401, "api_key_missing", AuthenticationFailed, "no", False, False),
    (401, "api_key_invalid", AuthenticationFailed, "no", False, False),
    (401, "api_key_revoked", AuthenticationFailed, "no", False, False),
    (401, "api_key_expired", AuthenticationFailed, "no", False, False),
    (403, "api_scope_denied", ScopeDenied, "no", False, False),
    (429, "rate_limited", RateLimited, "no", True, False),
    (400, "validation_failed", ValidationFailed, "no", False, True),
    (400, "webhook_url_rejected", WebhookUrlRejected, "no", False, True),
    (404, "not_found", NotFound, "no", False, True),
    (409, "idempotency_conflict", IdempotencyConflict, "unknown", True, False),
    (409, "chat_session_conflict", ChatSessionConflict, "no", False, True),
    (400, "chat_model_not_supported", ChatModelNotSupported, "no", False, True),
    (400, "chat_attachment_not_supported", ChatAttachmentNotSupported, "no", False, True),
    (402, "insufficient_credits", InsufficientCredits, "no", False, False),
    (500, "internal_error", ServerFailure, "unknown", True, False),
    # Codes that no page knows, judged by their status.
    (401, "new_code", AuthenticationFailed, "no", False, False),
    (402, "new_code", InsufficientCredits, "no", False, False),
    (403, "new_code", ScopeDenied, "no", False, False),
    (404, "new_code", NotFound, "no", False, True),
    (408, "new_code", ServerFailure, "unknown", True, False),
    (409, "new_code", IdempotencyConflict, "unknown", True, False),
    (413, "new_code", ValidationFailed, "no", False, True),
    (418, "new_code", ValidationFailed, "no", False, True),
    (429, "new_code", RateLimited, "no", True, False),
    (500, "new_code", ServerFailure, "unknown", True, False),
    (502, "new_code", ServerFailure, "unknown", True, False),
    (503, "new_code", ServerFailure, "unknown", True, False),
    (599, "new_code", ServerFailure, "unknown", True, False),
]


@pytest.mark.parametrize(("status", "code", "kind", "spent", "retryable", "permanent"), CASES)
def test_every_code_has_its_class_and_marks(
    server: ScriptedServer,
    client: Rivya,
    status: int,
    code: str,
    kind: type[RivyaError],
    spent: str,
    retryable: bool,
    permanent: bool,
) -> None:
    error = submit(server, client, answer(status, refusal(code)))
    assert type(error) is kind
    assert (error.code, error.http_status) == (code, status)
    assert (error.spent, error.retryable, error.permanent) == (spent, retryable, permanent)
    assert error.action


def test_every_documented_code_is_tried_above() -> None:
    tried = {code for _, code, *_ in CASES} - {"new_code"}
    assert tried == set(ERRORS_BY_CODE)
    assert {name.removeprefix("error/") for name in names("error")} == tried


def test_every_class_says_what_to_do_in_its_own_words() -> None:
    kinds = {*ERRORS_BY_CODE.values(), ConnectionFailed, OutcomeUnknown, BadAnswer, RedirectRefused}
    actions = [kind.action for kind in kinds]
    assert len(set(actions)) == len(actions)
    assert all(action.endswith(".") and action != RivyaError.action for action in actions)


codes = st.sampled_from([*ERRORS_BY_CODE, "generation_failed", "new"])


@settings(max_examples=300)
@given(
    status=st.integers(400, 599),
    code=codes | st.text(max_size=5) | st.none(),
    message=st.text(max_size=5) | st.integers() | st.none(),
    wait=st.text(alphabet="0123456789 MonGTday,:-.e²", max_size=12),
    can_spend=st.booleans(),
)
def test_the_marks_of_an_error_never_contradict_each_other(
    status: int, code: Any, message: Any, wait: str, can_spend: bool
) -> None:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    headers = {"retry-after": wait}
    error = refused(status, headers, body, api_key=None, can_spend=can_spend, now=NOON)
    assert not (error.retryable and error.permanent)
    assert error.http_status == status
    assert error.code
    assert can_spend or error.spent == "no"
    assert error.retry_after is None or error.retry_after >= 0
    if code not in ERRORS_BY_CODE:
        assert error.retryable == (status >= 500 or status in (408, 409, 429))


@pytest.mark.parametrize(
    "body", ["", "<html>no</html>", "[]", '{"error": null}', '{"error": {"code": 5}}', "{" * 9000]
)
def test_an_error_body_of_any_shape_is_judged_by_its_status(
    server: ScriptedServer, client: Rivya, body: str
) -> None:
    error = submit(server, client, answer(429, body, {"X-Request-Id": "req_h"}))
    assert type(error) is RateLimited
    assert (error.code, error.request_id) == ("rate_limited", "req_h")
    assert len(error.body) <= 4000


@pytest.mark.parametrize("name", REQUEST_ID_HEADERS)
def test_the_request_is_named_by_whichever_header_has_its_id(
    server: ScriptedServer, client: Rivya, name: str
) -> None:
    error = submit(server, client, answer(429, "", {name.lower(): "req_h"}))
    assert error.request_id == "req_h"


def test_an_error_body_that_breaks_off_still_has_its_status(
    server: ScriptedServer, client: Rivya
) -> None:
    head = b"HTTP/1.1 402 Pay\r\nContent-Length: 900\r\n\r\n"
    error = submit(server, client, raw(head + b'{"error":'))
    assert type(error) is InsufficientCredits


def test_a_read_never_spends(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(500, refusal("internal_error")))
    with pytest.raises(ServerFailure) as caught:
        client.generations.retrieve("task_1", max_retries=0)
    assert caught.value.spent == "no"


NOON = datetime(2026, 5, 11, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("Mon, 11 May 2026 12:00:30 GMT", 30.0),
        ("Mon, 11 May 2026 11:00:00 GMT", 0.0),
        ("Monday, 11-May-26 12:00:30 GMT", 30.0),
        ("-5", None),
        ("nan", None),
        ("1e9", None),
        ("9" * 5000, None),
        ("soon", None),
        ("", None),
        ("Mon, 99 May 2026 12:00:30 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOON) == seconds


@pytest.mark.parametrize("value", ["90", "Mon, 11 May 2026 12:01:30 GMT"])
def test_a_refusal_tells_how_long_to_wait(
    server: ScriptedServer, client: Rivya, value: str
) -> None:
    reply = answer(429, refusal("rate_limited"), {"Retry-After": value})
    error = submit(server, client, reply)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 90.0
