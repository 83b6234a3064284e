"""What a person decides about a task: cancel it, or let a held one go on."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from rivya_bridge.credits.services import release_credits
from rivya_bridge.refusals import Conflict, Missing
from rivya_bridge.tasks import policy
from rivya_bridge.tasks.doorbell import ring_on_commit
from rivya_bridge.tasks.models import Exposure, Task
from rivya_bridge.tasks.services.remote_state import finish
from rivya_bridge.tasks.services.transitions import LostClaim, add_event, change, let_go


def _locked(task_id: object) -> Task:
    """The row under a new fence of ours, so that a worker's claim on it is over."""
    if not Task.objects.filter(pk=task_id).update(fence=F("fence") + 1):
        raise Missing("There is no such task.")
    return Task.objects.get(pk=task_id)


def cancel_task(task_id: object) -> Task:
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
        if _can_stop(task):
            return _stop(_locked(task_id))
        if task.cancel_requested_at is None:
            Task.objects.filter(pk=task_id).update(cancel_requested_at=timezone.now())
            add_event(
                task,
                "cancel_requested",
                "Cancelling was asked for, but Rivya has the task and cannot stop it: it will be "
                "finished, charged, and marked so.",
            )
        task.refresh_from_db()
        return task


def _can_stop(task: Task) -> bool:
    if task.exposure == Exposure.NONE and task.status in ("queued", "held"):
        return True
    return task.status == "held" and task.reason in (
        "outcome_unknown",
        "server_failure",
        "idempotency_conflict",
        "not_found",
        "other_account",
    )


def _stop(task: Task) -> Task:
    if task.holds_reservation:
        release_credits(task.account, task.estimated_credits)
    text = f"Canceled by a person. {task.spent_text}"
    finish(task, "canceled", "canceled_by_person", text, holds_reservation=False)
    return task


def continue_task(task_id: object) -> Task:
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
        now = timezone.now()
        try:
            let_go(
                task,
                now,
                status=task.held_from,
                held_from="",
                reason="",
                reason_text="",
                lost_leases=0,
            )
        except LostClaim as error:
            raise Conflict("Somebody else changed this task just now: reload the page.") from error
        add_event(task, "continued", "A person let it go on.")
        if task.status == "saving":
            change(task, due_at=now)
        ring_on_commit(task.pk)
        return task


def _check_window(task: Task) -> None:
    sent = task.first_sent_at
    if task.held_from == "unconfirmed" and sent and timezone.now() - sent > policy.KEY_WINDOW:
        raise Conflict(
            "The time within which the same key is known to be safe is over: sending again might "
            "make and charge a second task. Cancel this one and run it again as a new one."
        )
