"""The retry rule by itself, over everything that it may be asked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rivya_bridge.rivya import (
    BadAnswer,
    ConnectionFailed,
    DeadlineExceeded,
    OutcomeUnknown,
    RedirectRefused,
    RivyaError,
)
from rivya_bridge.rivya._calls import Call
from rivya_bridge.rivya._retries import may_repeat, wait_before_retry
from rivya_bridge.rivya.choices import BACKOFF_CAP_SECONDS, RETRY_AFTER_CAP_SECONDS
from rivya_bridge.rivya.errors import ERRORS_BY_CODE, StatusError, status_error_class

METHODS = ["GET", "POST", "PATCH", "DELETE"]
LOST = [ConnectionFailed, OutcomeUnknown, DeadlineExceeded, BadAnswer, RedirectRefused]

calls = st.builds(
    Call,
    method=st.sampled_from(METHODS),
    path=st.just("/x"),
    idempotency_key=st.none() | st.just("key-1"),
    can_spend=st.booleans(),
)


@st.composite
def refusals(draw: st.DrawFn) -> StatusError:
    status = draw(st.integers(400, 599))
    code = draw(st.none() | st.sampled_from([*ERRORS_BY_CODE, "new"]))
    wished = draw(st.none() | st.floats(0, 1e9))
    return status_error_class(code, status)("no", http_status=status, retry_after=wished)


errors = st.sampled_from(LOST).map(lambda kind: kind("lost")) | refusals()


@given(call=calls, error=errors)
def test_a_post_without_a_key_is_repeated_only_if_it_never_left(
    call: Call, error: RivyaError
) -> None:
    if call.method == "POST" and call.idempotency_key is None:
        assert may_repeat(call, error) == isinstance(error, ConnectionFailed)


@given(call=calls, error=errors)
def test_no_answer_but_429_and_5xx_is_repeated(call: Call, error: RivyaError) -> None:
    if isinstance(error, StatusError) and may_repeat(call, error):
        assert error.http_status is not None
        assert error.http_status == 429 or error.http_status >= 500
    if isinstance(error, BadAnswer):
        assert not may_repeat(call, error)


@given(
    call=calls,
    error=errors,
    retries=st.integers(0, 2000),
    max_retries=st.integers(0, 2000),
    seconds_left=st.floats(0, 1e6),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_a_wait_keeps_every_limit(call: Call, error: RivyaError, **given_: Any) -> None:
    wait = wait_before_retry(call, error, **given_)
    if wait is None:
        return
    assert given_["retries"] < given_["max_retries"]
    assert 0.5 <= wait < given_["seconds_left"]
    assert wait <= max(BACKOFF_CAP_SECONDS, RETRY_AFTER_CAP_SECONDS)
    assert error.retry_after is None or error.retry_after <= wait


@pytest.mark.parametrize(
    ("retries", "longest"), [(0, 1.0), (1, 2.0), (4, 16.0), (5, 30.0), (99, 30.0)]
)
def test_waits_double_up_to_the_cap(retries: int, longest: float) -> None:
    limits = {"retries": retries, "max_retries": 100, "seconds_left": 1e9}
    error = ConnectionFailed("refused")
    waits = [wait_before_retry(Call("GET", "/x"), error, jitter=j, **limits) for j in (0.0, 1.0)]  # type: ignore[arg-type]
    assert waits == [longest / 2, longest]
