"""What follows from an error: pure rules over the client's error properties.

The kinds of error are the client's; the budgets are named here. An answer that is lost makes the task
`unconfirmed`, never `failed`: only the same key with the same bytes may be sent again.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from rivya_bridge.rivya import errors

MAX_UNKNOWN_TRIES = 8
MAX_SAME_FAILURES = 3
MAX_DOWNLOAD_TRIES = 8
MAX_FRESH_ADDRESSES = 3
MAX_LOST_LEASES = 3
CONFLICT_DELAYS = (1.0, 4.0, 15.0)
RETRY_AFTER_RANGE = (1.0, 900.0)
DISABLED_SECONDS = 60.0
# How long a repeated key is trusted to be the same task: a retention of 24 hours is only assumed, so
# that it counts in full only for an account to which a contract probe has proved it.
KEY_WINDOW = timedelta(minutes=10)
PROVED_KEY_WINDOW = timedelta(hours=23)
CLOCK_SLACK = timedelta(seconds=60)
CONNECT_BUDGET = timedelta(hours=24)
POLL_BUDGET = timedelta(hours=24)
MISSING_GRACE = timedelta(seconds=60)
MAX_MISSING_POLLS = 3
REFUSED_PAYMENT_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Next:
    """Where a task goes after a failed sending: queued, unconfirmed, held or failed; and when."""

    status: str
    reason: str
    delay_seconds: float = 0.0


def backoff(tries: int, *, base: float = 1.0, cap: float = 60.0) -> float:
    """Jitter: a random time between base/2 and base * 2^tries, at most `cap` seconds."""
    return random.uniform(base / 2, min(cap, base * 2 ** min(tries, 10)))  # noqa: S311


def clamp_retry_after(seconds: float | None, tries: int) -> float:
    """The server's wish within 1 s and 15 min, or a back-off where it named none."""
    if seconds is None:
        return backoff(tries)
    low, high = RETRY_AFTER_RANGE
    return min(max(seconds, low), high)


def key_window_is_open(
    first_sent_at: datetime | None, now: datetime, window: timedelta = KEY_WINDOW
) -> bool:
    """Whether the same key may be repeated. A first sending in the future proves a clock that jumped,
    and then nothing is known about the time that has passed."""
    if first_sent_at is None:
        return True
    return -CLOCK_SLACK <= now - first_sent_at <= window


def gate_of(error: errors.RivyaError) -> str:
    """The gate that an error closes for every task of the account: vendor, bucket, key or none."""
    match error:
        case errors.ConnectionFailed() | errors.ApiDisabled():
            return "vendor"
        case errors.RateLimited():
            return "bucket"
        case errors.AuthenticationFailed() | errors.ScopeDenied():
            return "key"
        case _:
            return ""


def gate_seconds(error: errors.RivyaError, failures: int) -> float:
    """How long that gate stays closed; `failures`: how often it was closed in a row before."""
    match error:
        case errors.RateLimited():
            return clamp_retry_after(error.retry_after, failures)
        case errors.ApiDisabled():
            return DISABLED_SECONDS
        case errors.ConnectionFailed():
            return backoff(failures)
        case _:
            return 0.0


def gate_reason(error: errors.RivyaError) -> str:
    match error:
        case errors.RateLimited():
            return "rate_limited"
        case errors.ApiDisabled():
            return "api_disabled"
        case errors.ConnectionFailed():
            return "unreachable"
        case _:
            return "key_refused"


def shows_service(error: errors.RivyaError) -> bool:
    """An error that only the working service gives. A 5xx may come from something in front of it."""
    return isinstance(error, errors.StatusError) and not isinstance(
        error, errors.ServerFailure | errors.ApiDisabled
    )


def after_failed_sending(
    error: errors.RivyaError,
    *,
    unknown_tries: int,
    same_failures: int,
    conflicts: int,
    gate_seconds: float = 0.0,
) -> Next:
    """The next state for a failed POST. Counts include the failure at hand."""
    if gate_of(error) in ("vendor", "bucket"):
        return Next("queued", gate_reason(error), gate_seconds)
    match error:
        case errors.InsufficientCredits():
            return Next("held", "insufficient_credits")
        case errors.AuthenticationFailed() | errors.ScopeDenied():
            return Next("held", "key_refused")
        case errors.IdempotencyConflict():
            if conflicts <= len(CONFLICT_DELAYS):
                return Next("unconfirmed", "idempotency_conflict", CONFLICT_DELAYS[conflicts - 1])
            return Next("held", "idempotency_conflict")
        case errors.RedirectRefused():
            return Next("held", "redirect_refused")
        case errors.ServerFailure() if same_failures >= MAX_SAME_FAILURES:
            return Next("held", "server_failure")
        case errors.StatusError() if not isinstance(error, errors.ServerFailure):
            return Next("failed", error.code)
        case _ if unknown_tries >= MAX_UNKNOWN_TRIES:
            return Next("held", "outcome_unknown")
        case _:
            return Next("unconfirmed", "outcome_unknown", backoff(unknown_tries))


FIRST_POLL_SECONDS = 2.5
NEXT_POLL_SECONDS = 5.0
POLL_GROWTH = 1.5
SLOWEST_POLL = {"image": 10.0}
SLOWEST_POLL_OTHERS = 30.0
USUAL_TIME = {"image": timedelta(minutes=10)}
USUAL_TIME_OTHERS = timedelta(minutes=60)
OVERDUE_POLL_SECONDS = 60.0
# Where a webhook is expected, polling is only the fallback.
TOLD_POLL_SECONDS = 60.0
# One reading may take so long: an answer that drips must not stop the readings of others.
POLL_CALL_SECONDS = 10.0
CROWD_SHARE = 0.8


def poll_delay(category: str, polls: int, running_for: timedelta) -> float:
    """Seconds until the next poll: 2.5, then 5 growing by half up to 10 (images) or 30, +-20 %.

    Source: docs/api-generation-status names 2-3 s and then 5-10 s, slower for long video and audio;
    growth, jitter and the slow pace after the usual time are assumed.
    """
    if polls == 0:
        return FIRST_POLL_SECONDS
    if running_for > USUAL_TIME.get(category, USUAL_TIME_OTHERS):
        return OVERDUE_POLL_SECONDS
    slowest = SLOWEST_POLL.get(category, SLOWEST_POLL_OTHERS)
    pace = min(slowest, NEXT_POLL_SECONDS * POLL_GROWTH ** min(polls - 1, 20))
    return pace * random.uniform(0.8, 1.2)  # noqa: S311 - jitter


def crowd_delay(open_tasks: int, rate: float) -> float:
    """Seconds between two readings of one task when `rate` readings a second serve all of them, +-10 %.

    They plan for CROWD_SHARE of the rate: with all of it each reading would wait for others. What is left
    serves first readings and those that a webhook calls for.
    """
    return open_tasks / (rate * CROWD_SHARE) * random.uniform(0.9, 1.1)  # noqa: S311 - jitter
