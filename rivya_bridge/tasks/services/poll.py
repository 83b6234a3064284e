"""Asking Rivya how a running task is doing."""

from django.db import transaction
from django.utils import timezone

from rivya_bridge.connection import current_connection, rivya_client
from rivya_bridge.rivya import AuthenticationFailed, NotFound, RivyaError, ScopeDenied
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.remote_state import apply_remote_state
from rivya_bridge.tasks.services.transitions import (
    add_event,
    hold,
    let_go,
    soon,
    wait_for_gate,
)

REFUSED_KEY = (
    "Rivya refused the API key when another task used it, so the state of this one is not read."
)


def poll(task: Task) -> None:
    """One claimed step of a running task: one GET, and its answer written down."""
    if not is_at_home(task):
        return
    account = current_connection().account
    passage = gates.pass_gates(account, timezone.now())
    if passage.is_refused:
        hold(task, "key_refused", REFUSED_KEY)
        return
    if passage.wait_until:
        wait_for_gate(task, passage.wait_until)
        return
    task.polls += 1  # written with what the answer brings
    try:
        generation = rivya_client().generations.retrieve(
            task.remote_id or "", max_retries=0, seconds=policy.POLL_CALL_SECONDS
        )
    except RivyaError as error:
        _after_error(task, error, gates.heed(account, error))
        return
    if not passage.was_free:
        gates.note_answer(account)
    if generation.id == task.remote_id:
        apply_remote_state(task, generation)
        return
    hold(
        task,
        "wrong_answer",
        f"Asked for {task.remote_id}, Rivya answered for {generation.id}.",
        polls=task.polls,
    )


def is_at_home(task: Task) -> bool:
    """Holds a task that Rivya accepted for another account than the one in use.

    Another key at the same address may read it, unless it is known to belong to another connection.
    """
    if current_connection().may_adopt(task.account, task.base_url):
        return True
    hold(
        task,
        "other_account",
        f"This task runs at {task.base_url} for an account that is not in use now, so its results "
        "cannot be fetched.",
    )
    return False


def _after_error(task: Task, error: RivyaError, gate_seconds: float) -> None:
    """A failed poll never changes the state: the task goes on at Rivya whether we see it or not."""
    text = f"Its state could not be read: {error}"
    reason = _hold_reason(task, error)
    if reason:
        hold(
            task,
            reason,
            text,
            polls=task.polls,
            poll_errors=task.poll_errors + 1,
        )
        return
    delay = gate_seconds or policy.backoff(task.poll_errors + 1, base=2.0)
    is_first = task.poll_errors == 0
    with transaction.atomic():
        let_go(task, soon(delay), polls=task.polls, poll_errors=task.poll_errors + 1)
        if is_first:
            add_event(task, "poll_failed", f"{text} It is asked again by itself.", code=error.code)


def _hold_reason(task: Task, error: RivyaError) -> str:
    """Why a person has to look now, or nothing: then it is simply asked again."""
    now = timezone.now()
    running_for = now - (task.accepted_at or now)
    if isinstance(error, AuthenticationFailed | ScopeDenied):
        return "key_refused"
    is_missing = isinstance(error, NotFound) and running_for > policy.MISSING_GRACE
    if is_missing and task.poll_errors + 1 >= policy.MAX_MISSING_POLLS:
        return "not_found"
    return "poll_budget_over" if running_for > policy.POLL_BUDGET else ""
