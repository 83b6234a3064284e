"""Asking Rivya how a running task is doing."""

from django.utils import timezone

from rivya_bridge.connection import current_connection, rivya_client
from rivya_bridge.rivya import NotFound, RateLimited, RivyaError
from rivya_bridge.rivya.errors import AuthenticationFailed, ScopeDenied
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.remote_state import apply_remote_state
from rivya_bridge.tasks.services.transitions import add_event, change, hold, let_go, soon


def poll(task: Task) -> None:
    """One claimed step of a running task: one GET, and its answer written down."""
    if task.base_url != current_connection().base_url:
        hold(
            task,
            "other_account",
            f"This task runs at {task.base_url}, which is not the address in use. {task.spent_text} "
            "Start with the former address and key to fetch its results.",
        )
        return
    wait_until = gates.pass_gates(current_connection().account, timezone.now())
    if wait_until:
        let_go(task, wait_until)
        return
    change(task, polls=task.polls + 1)
    try:
        generation = rivya_client().generations.retrieve(task.remote_id or "", max_retries=0)
    except RivyaError as error:
        _after_error(task, error)
        return
    gates.open_gate(gates.vendor_gate(current_connection().account))
    if generation.id != task.remote_id:
        hold(
            task,
            "wrong_answer",
            f"Asked for {task.remote_id}, Rivya answered for {generation.id}. {task.spent_text} "
            "Continue to ask again.",
        )
        return
    apply_remote_state(task, generation)


def _after_error(task: Task, error: RivyaError) -> None:
    """A failed poll never changes the state: the task goes on at Rivya whether we see it or not."""
    now = timezone.now()
    running_for = now - (task.accepted_at or now)
    text = f"Its state could not be read: {error} {error.action}"
    if isinstance(error, NotFound) and running_for > policy.MISSING_GRACE:
        hold(task, "not_found", f"{text} {task.spent_text} It is not sent again by itself.")
        return
    if isinstance(error, AuthenticationFailed | ScopeDenied):
        hold(task, "key_refused", f"{text} {task.spent_text}")
        return
    if running_for > policy.POLL_BUDGET:
        hold(task, "poll_budget_over", f"{text} {task.spent_text}")
        return
    delay = policy.backoff(task.poll_errors + 1, base=2.0)
    if isinstance(error, RateLimited):
        delay = policy.clamp_retry_after(error.retry_after, task.poll_errors)
        account = current_connection().account
        gates.close_gate(gates.bucket_gate(account), soon(delay), "rate_limited", str(error))
    if task.poll_errors == 0:
        add_event(task, "poll_failed", text, code=error.code)
    let_go(task, soon(delay), poll_errors=task.poll_errors + 1)
