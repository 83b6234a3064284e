"""The one way into a terminal state."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import places
from rivya_bridge.tasks.services.transitions import add_event, let_go
from rivya_bridge.tasks.signals import task_finished

IN_VAIN = " It was finished although cancelling was asked for: Rivya cannot stop a task."


def finish(task: Task, status: str, reason: str, text: str, **fields: Any) -> None:
    """Writes the end, its event and sends the signal, in one transaction. Raises LostClaim."""
    now, had_place = timezone.now(), task.status in places.IN_FLIGHT
    with transaction.atomic(savepoint=False):
        if status == "succeeded" and _cancel_was_asked(task):
            text += IN_VAIN
        let_go(
            task,
            now,
            status=status,
            held_from="",
            finished_at=now,
            reason=reason[:60],
            reason_text=text,
            **fields,
        )
        add_event(task, status, text, reason=reason)
        task_finished.send(sender=Task, task=task)
        if had_place:  # saving has given it back already
            places.ring_next_on_commit(task.account)


def _cancel_was_asked(task: Task) -> bool:
    """Read under the row's lock: a person may have asked while this step was on its way."""
    row = Task.objects.select_for_update().filter(pk=task.pk, cancel_requested_at__isnull=False)
    return row.values_list("pk", flat=True).first() is not None
