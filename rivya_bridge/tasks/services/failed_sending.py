"""What is written after a POST that brought no acceptance."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from rivya_bridge.credits.services import distrust_balance, release_credits
from rivya_bridge.rivya import InsufficientCredits, RivyaError
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.models import Exposure, Task, TaskAttempt, counted
from rivya_bridge.tasks.services.attempts import close_failed, count_failures
from rivya_bridge.tasks.services.finish import finish
from rivya_bridge.tasks.services.references import lost_references, renew_references
from rivya_bridge.tasks.services.transitions import add_event, change, hold, let_go, soon


def after_failed_sending(
    task: Task, attempt: TaskAttempt, error: RivyaError, *, was_unconfirmed: bool
) -> None:
    """Closes the attempt and moves the task on from `submitting`.

    `was_unconfirmed`: an earlier attempt of this key may have been acted on. Then no refusal of this
    one proves that nothing was spent, and the task never becomes queued or failed again by itself.
    """
    close_failed(attempt, error)
    failures = count_failures(task)
    following = policy.after_failed_sending(
        error,
        unknown_tries=failures.unknown,
        same_failures=failures.same,
        conflicts=failures.conflicts,
        gate_seconds=gates.heed(task.account, error),
    )
    is_clean = error.spent == "no" and not was_unconfirmed
    text = str(error)
    if isinstance(error, InsufficientCredits):
        distrust_balance(task.account)
    lost = lost_references(task, error) if is_clean else []
    if lost:
        with transaction.atomic():
            change(task, status="queued", **_restored(task))
            renew_references(task, lost, error)
    elif following.status == "failed" and is_clean:
        fail(task, following.reason, text, error)
    elif following.status == "failed":
        _hold(task, "repeat_refused", _refused_repeat_text(task, text), error, is_clean=False)
    elif following.status == "held":
        _hold(task, following.reason, text, error, is_clean=is_clean)
    elif is_clean and unreachable_too_long(task, error):
        hours = int(policy.CONNECT_BUDGET.total_seconds() // 3600)
        words = f"{text} That has lasted for more than {hours} hours."
        _hold(task, following.reason, words, error, is_clean=True)
    else:
        _come_back(task, following, text, error, is_clean=is_clean)


def _refused_repeat_text(task: Task, text: str) -> str:
    return (
        f"The first sending was never answered, and up to {counted(task.estimated_credits)} may have been "
        f"spent by it. Sent again, the request was refused: {text}"
    )


def unreachable_too_long(task: Task, error: RivyaError) -> bool:
    """Whether nothing could be reached for a day since the task was created or last continued."""
    return policy.gate_reason(error) == "unreachable" and (
        timezone.now() - _waiting_since(task) > policy.CONNECT_BUDGET
    )


def _waiting_since(task: Task) -> datetime:
    begun = task.events.filter(kind="continued").order_by("-seq").first()
    return begun.at if begun else task.created_at


def error_fields(error: RivyaError) -> dict[str, Any]:
    return {
        "error_code": error.code[:120],
        "error_message": str(error)[:2000],
        "request_id": error.request_id or "",
    }


def _restored(task: Task) -> dict[str, Any]:
    """What to write when Rivya provably took nothing: no exposure, no reservation of ours."""
    if task.holds_reservation:
        release_credits(task.account, task.estimated_credits)
    return {"exposure": Exposure.NONE, "holds_reservation": False, "first_sent_at": None}


def _come_back(
    task: Task, following: policy.Next, text: str, error: RivyaError, *, is_clean: bool
) -> None:
    status = "queued" if is_clean else "unconfirmed"
    with transaction.atomic():
        restored = _restored(task) if is_clean else {}
        until = soon(following.delay_seconds)
        let_go(task, until, status=status, **restored, **error_fields(error))
        words = f"{text} It is tried again by itself."
        add_event(task, status, words, reason=following.reason, code=error.code)


def _hold(task: Task, reason: str, text: str, error: RivyaError, *, is_clean: bool) -> None:
    with transaction.atomic():
        restored = _restored(task) if is_clean else {}
        origin = "queued" if is_clean else "unconfirmed"
        hold(task, reason, text, held_from=origin, **restored, **error_fields(error))


def fail(task: Task, reason: str, text: str, error: RivyaError) -> None:
    """Ends a task of which Rivya provably took nothing."""
    with transaction.atomic():
        restored = _restored(task)
        finish(task, "failed", reason, text, **restored, **error_fields(error))
