"""What Rivya says of a task, written down once: acceptance, progress, and the end.

Every function here may be called again with the same answer; a terminal task never changes.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from rivya_bridge.credits.services import (
    distrust_balance,
    record_acceptance,
    record_settlement,
    release_credits,
)
from rivya_bridge.rivya import Generation
from rivya_bridge.tasks import policy
from rivya_bridge.tasks.doorbell import ring_on_commit
from rivya_bridge.tasks.models import Exposure, Task, TaskOutput, counted
from rivya_bridge.tasks.pace import pace
from rivya_bridge.tasks.services import places
from rivya_bridge.tasks.services.finish import finish
from rivya_bridge.tasks.services.news import hurry_for_news
from rivya_bridge.tasks.services.transitions import add_event, change, hold, let_go, soon

RANKS = {"queued": 1, "processing": 2, "succeeded": 3, "failed": 3}


def accept(task: Task, generation: Generation) -> None:
    """submitting -> running, with the remote id and Rivya's reservation in the ledger."""
    now = timezone.now()
    with transaction.atomic():
        if task.holds_reservation:
            release_credits(task.account, task.estimated_credits)
        change(
            task,
            status="running",
            held_from="",
            remote_id=generation.id,
            remote_payload=generation.raw,
            request_id=generation.meta.request_id or "",
            reserved_credits=generation.reserved_credits,
            exposure=Exposure.ACCEPTED,
            holds_reservation=False,
            accepted_at=now,
            error_code="",
            error_message="",
        )
        record_acceptance(
            task_id=task.pk,
            account=task.account,
            remote_id=generation.id,
            reserved=generation.reserved_credits,
        )
        add_event(
            task,
            "accepted",
            f"Rivya accepted it as {generation.id} and reserved "
            f"{counted(generation.reserved_credits)}.",
            remote_id=generation.id,
            reserved_credits=generation.reserved_credits,
        )
        apply_remote_state(task, generation)


def apply_remote_state(task: Task, generation: Generation) -> None:
    """Moves a claimed running task to what Rivya says; its rank only rises."""
    if generation.status == "succeeded":
        _succeeded(task, generation)
    elif generation.status == "failed":
        _failed(task, generation)
    else:
        _still_running(task, generation)


def _still_running(task: Task, generation: Generation) -> None:
    running_for = timezone.now() - (task.accepted_at or timezone.now())
    said = generation.status[:60]
    is_news = said != task.remote_status and _rank(said) >= _rank(task.remote_status)
    fields: dict[str, Any] = {
        "remote_status": said if is_news else task.remote_status,
        "remote_payload": generation.raw,
        "polls": task.polls,
        "poll_errors": 0,
    }
    with transaction.atomic(savepoint=False):
        if running_for > policy.POLL_BUDGET:
            hold(task, "poll_budget_over", _endless_text(task, said), **fields)
        else:
            let_go(task, soon(_next_reading(task, running_for)), **fields)
            hurry_for_news(task)
        if is_news:
            _note_progress(task, said)


def _next_reading(task: Task, running_for: timedelta) -> float:
    """Seconds until it is read again: its own pace, or a slower one that all open tasks share."""
    usual = policy.poll_delay(task.category, task.polls, running_for)
    if task.is_told:
        usual = max(usual, policy.TOLD_POLL_SECONDS)
    running = Task.objects.filter(status="running").count()
    return max(usual, policy.crowd_delay(running, pace.rate))


def _rank(status: str) -> int:
    """How far a status is; an unknown one may stand anywhere before the end."""
    return RANKS.get(status, 1)


def _endless_text(task: Task, said: str) -> str:
    hours = int(policy.POLL_BUDGET.total_seconds() // 3600)
    return f"After {hours} hours Rivya still says: {said}. It is not asked again by itself."


def _note_progress(task: Task, status: str) -> None:
    """One event for each news; an unknown word is warned of once in a task's life."""
    if status in RANKS:
        add_event(task, "progress", f"Rivya says: {status}.", remote_status=status)
        return
    warned = task.events.filter(kind="unknown_status").values_list("data", flat=True)
    if all(data.get("remote_status") != status for data in warned):
        add_event(
            task,
            "unknown_status",
            f"Rivya says {status!r}, a status unknown here; it is polled until a known end.",
            remote_status=status,
        )


def _settle(task: Task, generation: Generation) -> None:
    record_settlement(
        task_id=task.pk,
        account=task.account,
        remote_id=generation.id,
        reserved=task.reserved_credits or 0,
        final=generation.final_credits,
    )


def _succeeded(task: Task, generation: Generation) -> None:
    """running -> saving: the charge is settled, the result addresses become rows."""
    with transaction.atomic(savepoint=False):
        let_go(
            task,
            timezone.now(),
            status="saving",
            remote_status=generation.status,
            remote_payload=generation.raw,
            final_credits=generation.final_credits,
            polls=task.polls,
            poll_errors=0,
        )
        _settle(task, generation)
        write_output_urls(task, generation.urls)
        add_event(
            task,
            "remote_succeeded",
            f"Rivya finished it with {counted(len(generation.urls), 'result')} for "
            f"{counted(generation.final_credits)}.",
            final_credits=generation.final_credits,
            results=len(generation.urls),
        )
        ring_on_commit(task.pk)
        places.ring_next_on_commit(task.account)


def write_output_urls(task: Task, urls: tuple[str, ...]) -> None:
    """One row per result address; a fresh address replaces one whose file is not here yet."""
    known = {row.position: row for row in task.outputs.all()}
    TaskOutput.objects.bulk_create(
        TaskOutput(task=task, position=position, url=url)
        for position, url in enumerate(urls)
        if position not in known
    )
    for position, url in enumerate(urls):
        row = known.get(position)
        if row and row.file_id is None and row.url != url:
            TaskOutput.objects.filter(pk=row.pk).update(url=url)


def _failed(task: Task, generation: Generation) -> None:
    code = generation.error_code or "generation_failed"
    sentence = generation.error_message or "Rivya gave no reason."
    if code == "insufficient_credits":
        distrust_balance(task.account)
    text = f"Rivya could not make it: {sentence}"
    with transaction.atomic(savepoint=False):
        change(
            task,
            remote_status=generation.status,
            remote_payload=generation.raw,
            final_credits=generation.final_credits,
            polls=task.polls,
            poll_errors=0,
        )
        _settle(task, generation)
        finish(task, "failed", code, text, error_code=code[:120], error_message=sentence[:2000])
