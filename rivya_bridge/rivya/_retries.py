"""The one retry rule: what may be repeated, and after how long. Pure.

Repeated are 429, 5xx and what the network does, never another answer; and only a call that has one
effect however often it arrives. Any other call is repeated only if it provably never left.
"""

from rivya_bridge.rivya._calls import Call
from rivya_bridge.rivya.choices import (
    BACKOFF_BASE_SECONDS,
    BACKOFF_CAP_SECONDS,
    RETRIED_HTTP_STATUSES,
    RETRY_AFTER_CAP_SECONDS,
)
from rivya_bridge.rivya.errors import ConnectionFailed, OutcomeUnknown, RivyaError, StatusError


def may_repeat(call: Call, error: RivyaError) -> bool:
    """True if `call`, which ended with `error`, may be sent again by itself."""
    if not call.is_repeatable:
        return isinstance(error, ConnectionFailed)
    if isinstance(error, StatusError):
        return error.http_status in RETRIED_HTTP_STATUSES
    return isinstance(error, ConnectionFailed | OutcomeUnknown)


def wait_before_retry(
    call: Call,
    error: RivyaError,
    *,
    retries: int,
    max_retries: int,
    seconds_left: float,
    jitter: float,
) -> float | None:
    """Seconds to wait before the next try, or None to give up now.

    `retries`: how many there were. The wait doubles from 1 s up to a cap, half of it by chance
    (0 <= `jitter` < 1), and is never shorter than the server's wish. A wish beyond the cap is left
    to the caller, and so is a wait that would outlast the call.
    """
    if retries >= max_retries or not may_repeat(call, error):
        return None
    wished = error.retry_after
    if wished is not None and wished > RETRY_AFTER_CAP_SECONDS:
        return None
    ceiling: float = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2 ** min(retries, 16))
    wait = max(wished or 0.0, ceiling * (0.5 + jitter / 2))
    return wait if wait < seconds_left else None


def more_doubtful(earlier: RivyaError | None, latest: RivyaError) -> RivyaError:
    """Of two failures of one call, the one that leaves more in doubt."""
    return earlier if earlier is not None and earlier.spent != "no" else latest
