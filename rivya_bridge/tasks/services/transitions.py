"""Every change of a task's state: one conditional UPDATE on id, status and fence, and one event."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.expressions import RawSQL
from django.utils import timezone

from rivya_bridge.tasks.leases import LEASE, is_due, is_young, new_owner
from rivya_bridge.tasks.models import ADVANCING, Status, Task, TaskEvent
from rivya_bridge.tasks.signals import task_held

# `submitting` is never claimed: it is left by its own worker, or by the sweep once its lease is over.
CLAIMABLE = frozenset(ADVANCING - {Status.SUBMITTING})
# What workers are rung for: sending and saving. What runs at Rivya is read by the poller alone.
RUNG_FOR = frozenset(CLAIMABLE - {Status.RUNNING})
READ_ALONE = frozenset({Status.RUNNING})
# Found by the INSERT itself: one statement for each event.
NEXT_SEQ = f"(SELECT coalesce(max(seq), 0) + 1 FROM {TaskEvent._meta.db_table} WHERE task_id = %s)"  # noqa: S608


class LostClaim(Exception):
    """Somebody else changed the row: stop quietly, nothing more is ours to write."""


def claim(task_id: UUID | str, now: datetime, statuses: Collection[str] = CLAIMABLE) -> Task | None:
    """Takes the lease of a due task in one of `statuses`, or None when it is not due, taken, or in
    another.

    A lease that was never given back is not taken over here: the sweep counts and frees it first.
    """
    owner = new_owner()
    rows = Task.objects.filter(is_due(now), lease_until=None, id=task_id, status__in=statuses)
    taken = rows.update(
        fence=F("fence") + 1,
        lease_until=now + LEASE,
        lease_owner=owner,
        updated_at=now,
        news_at=None,
    )
    if not taken:
        return None
    return Task.objects.filter(id=task_id, lease_owner=owner).first()


def renew(task: Task, now: datetime) -> None:
    """Moves the lease on during a long step, once some of it is over; raises LostClaim when it is no
    longer ours.
    """
    if is_young(task.lease_until, now):
        return
    ours = Task.objects.filter(id=task.pk, fence=task.fence, status=task.status)
    if not ours.update(lease_until=now + LEASE):
        raise LostClaim
    task.lease_until = now + LEASE


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
    """Ends the claim: the lease is free and the next step is due at `due_at`.

    A step that came so far ends the row of lost ones, unless `fields` say otherwise.
    """
    fields.setdefault("lost_leases", 0)
    change(task, lease_until=None, lease_owner="", rung_at=None, due_at=due_at, **fields)


def wait_for_gate(task: Task, until: datetime) -> None:
    """Gives the claim back untouched until a gate opens."""
    let_go(task, until, lost_leases=task.lost_leases)


def add_event(task: Task, kind: str, text: str, **data: Any) -> None:
    """Appends to the timeline; the caller's transaction makes it one with the change it tells of.

    Call it after that change: the changed row keeps others out until the commit, so that two events
    never get one number.
    """
    key = Task._meta.pk.get_db_prep_value(task.pk, connection)
    seq = RawSQL(NEXT_SEQ, [key])  # noqa: S611 - the key is a parameter
    TaskEvent.objects.create(task=task, seq=seq, at=timezone.now(), kind=kind, text=text, data=data)


def hold(task: Task, reason: str, text: str, *, held_from: str = "", **fields: Any) -> None:
    """Puts an open task aside with its reason; `held_from` tells where it goes on.

    From `submitting` that is `unconfirmed`, unless the caller knows better.
    """
    origin = "unconfirmed" if task.status == "submitting" else task.status
    with transaction.atomic():
        let_go(
            task,
            timezone.now(),
            status="held",
            held_from=held_from or origin,
            reason=reason,
            reason_text=text,
            **fields,
        )
        add_event(task, "held", text, reason=reason)
        task_held.send(sender=Task, task=task)


def unhold(task: Task, text: str) -> None:
    """held -> where it was held. Raises LostClaim when somebody else was first."""
    with transaction.atomic():
        let_go(
            task,
            timezone.now(),
            status=task.held_from,
            held_from="",
            reason="",
            reason_text="",
            downloads=0,
        )
        add_event(task, "continued", text)


def soon(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)
