"""The rules alone: what follows from an error, and when Rivya is asked again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rivya_bridge.rivya import errors
from rivya_bridge.tasks import policy

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def after(error: errors.RivyaError, **counts: int) -> policy.Next:
    usual = {"unknown_tries": 1, "same_failures": 1, "conflicts": 1}
    return policy.after_failed_sending(error, **(usual | counts))  # type: ignore[arg-type]


def test_it_works() -> None:
    assert after(errors.ConnectionFailed("x")).status == "queued"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.ConnectionFailed("x"), "queued"),
        (errors.ApiDisabled("x"), "queued"),
        (errors.RateLimited("x"), "queued"),
        (errors.OutcomeUnknown("x"), "unconfirmed"),
        (errors.DeadlineExceeded("x"), "unconfirmed"),
        (errors.BadAnswer("x"), "unconfirmed"),
        (errors.ServerFailure("x"), "unconfirmed"),
        (errors.IdempotencyConflict("x"), "unconfirmed"),
        (errors.RedirectRefused("x"), "held"),
        (errors.InsufficientCredits("x"), "held"),
        (errors.AuthenticationFailed("x"), "held"),
        (errors.ScopeDenied("x"), "held"),
        (errors.ValidationFailed("x"), "failed"),
        (errors.NotFound("x"), "failed"),
        (errors.RivyaError("x"), "unconfirmed"),
    ],
)
def test_each_kind_of_error_has_its_state(error: errors.RivyaError, status: str) -> None:
    assert after(error).status == status


def _all_kinds(kind: type[errors.RivyaError]) -> list[type[errors.RivyaError]]:
    return [kind, *(deeper for sub in kind.__subclasses__() for deeper in _all_kinds(sub))]


@pytest.mark.parametrize("kind", _all_kinds(errors.RivyaError))
def test_no_error_that_may_have_spent_becomes_queued_or_failed(
    kind: type[errors.RivyaError],
) -> None:
    error = kind("x")
    if error.spent != "no":
        assert after(error).status in ("unconfirmed", "held")
    for many in range(1, 20):
        following = after(error, unknown_tries=many, same_failures=many, conflicts=many)
        assert following.reason
        assert following.delay_seconds >= 0


def test_budgets_end_in_held() -> None:
    assert after(errors.OutcomeUnknown("x"), unknown_tries=7).status == "unconfirmed"
    assert after(errors.OutcomeUnknown("x"), unknown_tries=8).reason == "outcome_unknown"
    assert after(errors.ServerFailure("x"), same_failures=2).status == "unconfirmed"
    assert after(errors.ServerFailure("x"), same_failures=3).reason == "server_failure"
    assert [
        after(errors.IdempotencyConflict("x"), conflicts=n).delay_seconds for n in (1, 2, 3)
    ] == [1, 4, 15]
    assert after(errors.IdempotencyConflict("x"), conflicts=4).status == "held"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0, 1.0), (1.0, 1.0), (30.0, 30.0), (900.0, 900.0), (9e9, 900.0)]
)
def test_retry_after_is_clamped(seconds: float, expected: float) -> None:
    assert policy.clamp_retry_after(seconds, 0) == expected


@given(st.integers(0, 10_000))
def test_a_back_off_is_never_zero_and_never_over_a_minute(tries: int) -> None:
    assert 0.5 <= policy.backoff(tries) <= 60
    assert 0.5 <= policy.clamp_retry_after(None, tries) <= 60


@pytest.mark.parametrize(
    ("age", "is_open"), [(0, True), (600, True), (601, False), (-59, True), (-61, False)]
)
def test_the_window_of_a_key(age: int, is_open: bool) -> None:
    assert policy.key_window_is_open(NOW - timedelta(seconds=age), NOW) is is_open


def test_a_key_that_was_never_sent_is_open() -> None:
    assert policy.key_window_is_open(None, NOW)


def test_the_first_poll_comes_after_two_and_a_half_seconds() -> None:
    assert policy.poll_delay("image", 0, timedelta(0)) == 2.5


@given(st.sampled_from(["image", "video", "audio", "hologram"]), st.integers(1, 10_000))
def test_polls_keep_between_five_and_thirty_seconds(category: str, polls: int) -> None:
    slowest = 10 if category == "image" else 30
    delay = policy.poll_delay(category, polls, timedelta(minutes=5))
    assert 5 * 0.8 <= delay <= slowest * 1.2


def test_polls_slow_down_with_time() -> None:
    early = policy.poll_delay("video", 1, timedelta(seconds=10))
    late = policy.poll_delay("video", 9, timedelta(minutes=5))
    overdue = policy.poll_delay("video", 99, timedelta(minutes=61))
    assert early <= 6 < 24 <= late <= 36 < overdue == 60
    assert policy.poll_delay("image", 99, timedelta(minutes=11)) == 60
