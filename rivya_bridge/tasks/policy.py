"""What follows from an error: pure rules over the client's error properties.

The kinds of error are the client's; the budgets are named here. An answer that is lost makes the task
`unconfirmed`, never `failed`: only the same key with the same bytes may be sent again.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from rivya_bridge.rivya import errors

MAX_UNKNOWN_TRIES = 8
MAX_SAME_FAILURES = 3
CONFLICT_DELAYS = (1.0, 4.0, 15.0)
RETRY_AFTER_RANGE = (1.0, 900.0)
DISABLED_SECONDS = 60.0
# How long a repeated key is trusted to be the same task. The documented retention is only assumed.
KEY_WINDOW = timedelta(minutes=10)
CONNECT_BUDGET = timedelta(hours=24)
POLL_BUDGET = timedelta(hours=24)
MISSING_GRACE = timedelta(seconds=60)
MAX_LOST_LEASES = 3


@dataclass(frozen=True, slots=True)
class Next:
    """Where a task goes after a failed sending.

    `status`: queued, unconfirmed, held or failed. `delay_seconds` until the next try. `gate`: "" or
    "vendor" or "bucket", closed for the same time.
    """

    status: str
    reason: str
    delay_seconds: float = 0.0
    gate: str = ""


def backoff(tries: int, *, base: float = 1.0, cap: float = 60.0) -> float:
    """Full jitter: a random time up to base * 2^tries, at most `cap` seconds."""
    return random.uniform(base / 2, min(cap, base * 2 ** min(tries, 10)))  # noqa: S311


def clamp_retry_after(seconds: float | None, tries: int) -> float:
    """The server's wish within 1 s and 15 min, or a back-off where it named none."""
    if seconds is None:
        return backoff(tries)
    low, high = RETRY_AFTER_RANGE
    return min(max(seconds, low), high)


def after_failed_sending(
    error: errors.RivyaError,
    *,
    unknown_tries: int,
    same_failures: int,
    conflicts: int,
    gate_failures: int,
) -> Next:
    """The next state for a failed POST. Counts include the failure at hand, gate_failures do not."""
    match error:
        case errors.ConnectionFailed():
            return Next("queued", "unreachable", backoff(gate_failures), "vendor")
        case errors.ApiDisabled():
            return Next("queued", "api_disabled", DISABLED_SECONDS, "vendor")
        case errors.RateLimited():
            wait = clamp_retry_after(error.retry_after, gate_failures)
            return Next("queued", "rate_limited", wait, "bucket")
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
        case errors.ServerFailure() | errors.OutcomeUnknown() | errors.BadAnswer():
            if unknown_tries >= MAX_UNKNOWN_TRIES:
                return Next("held", "outcome_unknown")
            return Next("unconfirmed", "outcome_unknown", backoff(unknown_tries))
        case errors.StatusError():
            return Next("failed", error.code)
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
