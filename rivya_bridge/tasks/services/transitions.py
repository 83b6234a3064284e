"""Every change of a task's state: one conditional UPDATE on id, status and fence, and one event."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from rivya_bridge.tasks.leases import LEASE, is_due, lease_is_free, new_owner
from rivya_bridge.tasks.models import ADVANCING, Task, TaskEvent


class LostClaim(Exception):
    """Somebody else changed the row: stop quietly, nothing more is ours to write."""


def claim(task_id: UUID | str, now: datetime) -> Task | None:
    """Takes the lease of a due task, or None when it is not due, taken, held or finished."""
    owner = new_owner()
    rows = Task.objects.filter(lease_is_free(now), is_due(now), id=task_id, status__in=ADVANCING)
    taken = rows.update(
        fence=F("fence") + 1, lease_until=now + LEASE, lease_owner=owner, updated_at=now
    )
    if not taken:
        return None
    return Task.objects.filter(id=task_id, lease_owner=owner).first()


def renew(task: Task, now: datetime) -> None:
    """Moves the lease on during a long step; raises LostClaim when it is no longer ours."""
    ours = Task.objects.filter(id=task.pk, fence=task.fence, status=task.status)
    if not ours.update(lease_until=now + LEASE):
        raise LostClaim


def change(task: Task, **fields: Any) -> None:
    """Writes `fields` if the row still has the task's status and fence, and mirrors them on `task`.

    Raises LostClaim when no row changed.
    """
    fields["updated_at"] = timezone.now()
    ours = Task.objects.filter(id=task.pk, fence=task.fence, status=task.status)
    if not ours.update(**fields):
        raise LostClaim
    for name, value in fields.items():
        setattr(task, name, value)


def let_go(task: Task, due_at: datetime, **fields: Any) -> None:
    """Ends the claim: the lease is free and the next step is due at `due_at`."""
    change(task, lease_until=None, lease_owner="", rung_at=None, due_at=due_at, **fields)


def add_event(task: Task, kind: str, text: str, **data: Any) -> None:
    """Appends to the timeline; the caller's transaction makes it one with the change it tells of."""
    last = TaskEvent.objects.filter(task=task).aggregate(last=Max("seq"))["last"] or 0
    TaskEvent.objects.create(
        task=task, seq=last + 1, at=timezone.now(), kind=kind, text=text, data=data
    )


def hold(task: Task, reason: str, text: str, **fields: Any) -> None:
    """Puts an open task aside with its reason; `held_from` tells where it goes on."""
    origin = "unconfirmed" if task.status == "submitting" else task.status
    with transaction.atomic():
        let_go(
            task,
            timezone.now(),
            status="held",
            held_from=origin,
            reason=reason,
            reason_text=text,
            **fields,
        )
        add_event(task, "held", text, reason=reason)


def soon(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
