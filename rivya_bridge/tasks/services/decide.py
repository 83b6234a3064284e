"""What a person decides about a task: cancel it, or let a held one go on."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.services import distrust_balance, release_credits
from rivya_bridge.refusals import Conflict, Missing
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.doorbell import ring_on_commit
from rivya_bridge.tasks.models import Exposure, Task, TaskEvent
from rivya_bridge.tasks.services.finish import finish
from rivya_bridge.tasks.services.key_window import key_window
from rivya_bridge.tasks.services.transitions import LostClaim, add_event, unhold

# A running task held for these never ends by itself, so that a person may give it up.
GIVEN_UP_BY_PERSON = frozenset(
    {"not_found", "other_account", "poll_budget_over", "wrong_answer", "poison"}
)


def _locked(task_id: UUID | str) -> Task:
    """The row under a new fence of ours, so that a worker's claim on it is over."""
    if not Task.objects.filter(pk=task_id).update(fence=F("fence") + 1):
        raise Missing("There is no such task.")
    return Task.objects.get(pk=task_id)


def cancel_task(task_id: UUID | str) -> Task:
    """Cancels what was not sent. What was sent goes on, because Rivya cannot stop a task: it is only
    marked, finishes, is charged, and is labelled so.

    Raises Missing, or Conflict when it has ended already.
    """
    with transaction.atomic():
        task = Task.objects.select_for_update().filter(pk=task_id).first()
        if task is None:
            raise Missing("There is no such task.")
        if task.is_terminal:
            raise Conflict(f"This task has already ended: it {task.status}.")
        if can_stop(task):
            return _stop(_locked(task_id))
        if task.cancel_requested_at is None:
            Task.objects.filter(pk=task_id).update(cancel_requested_at=timezone.now())
            add_event(task, "cancel_requested", _marked_text(task))
        task.refresh_from_db()
        return task


def _marked_text(task: Task) -> str:
    if task.kind == Task.Kind.CHAT:
        return (
            "Stopping was asked for: the stream is closed and what arrived is kept. Rivya cannot stop "
            "a turn: it may finish it and charge for it."
        )
    return (
        "Cancelling was asked for, but Rivya has the task and cannot stop it: it will be "
        "finished, charged, and marked so."
    )


def can_stop(task: Task) -> bool:
    """Unsent; or held, and either nobody can learn its outcome or there is nothing left to come."""
    if task.status not in ("queued", "held"):
        return False
    return (
        task.exposure == Exposure.NONE
        or task.held_from in ("unconfirmed", "saving")
        or task.reason in GIVEN_UP_BY_PERSON
    )


def _stop(task: Task) -> Task:
    if task.holds_reservation:
        release_credits(task.account, task.estimated_credits)
    finish(task, "canceled", "canceled_by_person", "A person canceled it.", holds_reservation=False)
    return task


def mark_handled(task_id: UUID | str) -> Task:
    """A person has dealt with this failure: it leaves the list of what needs one. Again is harmless.

    Raises Missing, or Conflict for one that has not failed: what is held is continued or canceled.
    """
    task = Task.objects.filter(pk=task_id).first()
    if task is None:
        raise Missing("There is no such task.")
    if task.status != "failed":
        raise Conflict(
            f"Only a failed task can be marked as done, and this one is {task.status}: continue or "
            "cancel it instead."
        )
    with transaction.atomic():
        marked = Task.objects.filter(pk=task_id, handled_at=None).update(handled_at=timezone.now())
        if marked:
            add_event(task, "handled", "A person has dealt with this failure.")
    task.refresh_from_db()
    return task


def note_retry(task: Task, again: Task, words: str, now: datetime) -> None:
    """Another try has taken the place of this failed task, which needs no person any more."""
    Task.objects.filter(pk=task.pk).update(handled_at=now)
    add_event(
        task, "retried", f"{words} was started under a key of its own.", by_task=str(again.pk)
    )
    add_event(again, "retry", f"{words} of a task that Rivya could not make.", of_task=str(task.pk))


@transaction.atomic
def note_run_again(task_ids: Collection[UUID], words: str) -> None:
    """Those of the tasks that failed need no person any more, because each is to be run again.

    For many at once: four queries however many they are. What somebody dealt with before stays so.
    """
    now = timezone.now()
    failed = Task.objects.select_for_update().filter(pk__in=task_ids, status="failed")
    ids = list(failed.filter(handled_at=None).order_by("pk").values_list("pk", flat=True))
    Task.objects.filter(pk__in=ids).update(handled_at=now)
    last = (
        TaskEvent.objects.filter(task__in=ids).order_by().values("task").annotate(last=Max("seq"))
    )
    seqs = dict(last.values_list("task", "last"))
    TaskEvent.objects.bulk_create(
        TaskEvent(task_id=pk, seq=seqs.get(pk, 0) + 1, at=now, kind="retried", text=words)
        for pk in ids
    )


def continue_task(task_id: UUID | str) -> Task:
    """Lets a held task go on where it was held.

    Raises Missing, or Conflict when it is not held, or when repeating its key is no longer safe.
    """
    with transaction.atomic():
        task = Task.objects.select_for_update().filter(pk=task_id).first()
        if task is None:
            raise Missing("There is no such task.")
        if task.status != "held":
            raise Conflict(f"This task is not held: it is {task.status}.")
        _check_window(task)
        task = _locked(task_id)
        if task.reason == "key_refused":
            gates.open_gate(gates.key_gate(current_connection().account))
        if task.reason == "insufficient_credits":
            distrust_balance(task.account)
        try:
            unhold(task, "A person let it go on.")
        except LostClaim as error:
            raise Conflict("Somebody else changed this task just now: reload the page.") from error
        ring_on_commit(task.pk)
        return task


def may_continue(task: Task) -> bool:
    """Whether a held task can go on: what was sent, only while its key is known to be safe.

    One query for what was sent, none for the rest.
    """
    return task.held_from != "unconfirmed" or policy.key_window_is_open(
        task.first_sent_at, timezone.now(), key_window(task.account)
    )


def _check_window(task: Task) -> None:
    if not may_continue(task):
        raise Conflict(
            "The time within which the same key is known to be safe is over: sending again might "
            "make and charge a second task. Cancel this one and run it again as a new one."
        )
