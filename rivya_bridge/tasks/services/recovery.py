"""Steps that did not end: a worker that died, a lease that ran out, an error nobody foresaw."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from rivya_bridge.connection import without_keys
from rivya_bridge.tasks import policy
from rivya_bridge.tasks.leases import lease_is_over, owner_is_dead
from rivya_bridge.tasks.models import ADVANCING, Task, TaskAttempt
from rivya_bridge.tasks.services.transitions import LostClaim, add_event, hold, let_go, soon

log = logging.getLogger(__name__)

BATCH = 200
STOPPED = "The worker stopped in the middle of a step."


def expire_dead_leases() -> int:
    """Ends the leases of processes of this machine that are gone; returns how many."""
    leased = Task.objects.filter(lease_until__gt=timezone.now(), status__in=ADVANCING)
    owners = leased.values_list("lease_owner", flat=True).distinct()[:1000]
    dead = [owner for owner in owners if owner_is_dead(owner)]
    return leased.filter(lease_owner__in=dead).update(lease_until=timezone.now()) if dead else 0


def recover_lost_leases() -> int:
    """Takes up every task whose lease ended without being given back; returns how many."""
    now = timezone.now()
    lost = _lost(now).values_list("id", flat=True)[:BATCH]
    return sum(_recover(task_id, now) for task_id in lost)


def _lost(now: datetime) -> QuerySet[Task]:
    return Task.objects.filter(lease_is_over(now), lease_until__isnull=False, status__in=ADVANCING)


def _recover(task_id: UUID, now: datetime) -> bool:
    try:
        return _take_back(_lost(now).filter(pk=task_id), task_id, STOPPED, delay=0.0)
    except Exception:  # one row that cannot be taken up must not keep the others waiting
        log.exception("Task %s could not be taken up again.", task_id)
        return False


def give_up_step(task: Task, error: Exception) -> None:
    """Ends a claimed step that broke with an error of ours: the task comes back after a while.

    If even this cannot be written, the lease runs out and the sweep does it.
    """
    words = without_keys(str(error))[:200]
    sentence = f"A step ended with an unexpected error ({type(error).__name__}: {words})."
    ours = Task.objects.filter(
        pk=task.pk, fence=task.fence, lease_until__isnull=False, status__in=ADVANCING
    )
    _take_back(ours, task.pk, sentence, delay=policy.backoff(task.lost_leases, base=5.0))


def _take_back(ours: QuerySet[Task], task_id: UUID, sentence: str, *, delay: float) -> bool:
    """Counts a lost step under a new fence, which shuts out whoever still works on it."""
    with transaction.atomic():
        if not ours.update(fence=F("fence") + 1, lost_leases=F("lost_leases") + 1):
            return False
        task = Task.objects.get(pk=task_id)
        try:
            _put_back(task, sentence, delay)
        except LostClaim:
            return False
    return True


def _put_back(task: Task, sentence: str, delay: float) -> None:
    TaskAttempt.objects.filter(task=task, outcome="sending", ended_at=None).update(
        outcome="unknown", ended_at=timezone.now(), error=sentence
    )
    lost = task.lost_leases
    if lost >= policy.MAX_LOST_LEASES:
        text = f"{sentence} That happened {lost} times in a row, so this task is not tried again by itself."
        hold(task, "poison", text, lost_leases=lost)
        return
    status = "unconfirmed" if task.status == "submitting" else task.status
    let_go(task, soon(delay), status=status, lost_leases=lost)
    add_event(task, "recovered", f"{sentence} It is taken up again.", lost_steps=lost)
