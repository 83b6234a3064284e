"""Places at Rivya: how many tasks of an account may be there at once, and who gets the next one.

A task has a place from its first sending until Rivya has finished it. What has none yet stays queued.
Places go round by group (an experiment, a template): the group that has fewest tasks at Rivya is next,
and between equals a run goes before a job. So a long batch never starves a single run.
"""

from collections import Counter
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from rivya_bridge.tasks.doorbell import is_ringing, ring
from rivya_bridge.tasks.leases import is_due
from rivya_bridge.tasks.models import Status, Task

IN_FLIGHT = (Status.SUBMITTING, Status.UNCONFIRMED, Status.RUNNING)
GROUP = ("origin", "group_url", "group_label")


def in_flight(account: str) -> QuerySet[Task]:
    """The tasks that have a place."""
    return Task.objects.filter(account=account, status__in=IN_FLIGHT)


def free_places(account: str) -> int:
    return int(settings.RIVYA_IN_FLIGHT) - in_flight(account).count()


def _is_waiting() -> Q:
    return is_due(timezone.now()) & Q(status=Status.QUEUED, lease_until=None)


def _waiting(account: str) -> QuerySet[Task]:
    return Task.objects.filter(_is_waiting(), account=account)


def next_in_line(account: str, most: int) -> list[UUID]:
    """The queued tasks that get the next `most` places, in their order (two queries)."""
    if most <= 0:
        return []
    turn = Window(RowNumber(), partition_by=[F(name) for name in GROUP], order_by=F("id").asc())
    rows = _waiting(account).annotate(turn=turn).filter(turn__lte=most)
    busy = Counter(in_flight(account).values_list(*GROUP))
    ranked = sorted(
        (busy[tuple(group)] + turn, group[0] != Task.Origin.RUN, task_id)
        for task_id, turn, *group in rows.values_list("id", "turn", *GROUP)
    )
    return [task_id for *_, task_id in ranked[:most]]


def must_wait(task_id: UUID | str) -> bool:
    """Whether a queued task has to stay so, because no place is free or others are before it.

    Its bell is over then, and that is written before it looks once more: a place that gets free meanwhile
    is seen here or rung for.
    """
    if not _is_without_place(task_id):
        return False
    rung = Task.objects.filter(pk=task_id, status=Status.QUEUED).exclude(rung_at=None)
    return not rung.update(rung_at=None) or _is_without_place(task_id)


def _is_without_place(task_id: UUID | str) -> bool:
    row = Task.objects.filter(pk=task_id).values_list("status", "account").first()
    if row is None or row[0] != Status.QUEUED:
        return False
    free, waiting = _free_and_waiting(row[1])
    if waiting <= free:
        return False
    return free <= 0 or UUID(str(task_id)) not in next_in_line(row[1], free)


def _free_and_waiting(account: str) -> tuple[int, int]:
    """How many places are free, and how many queued tasks could take one now."""
    rows = Task.objects.filter(account=account, status__in=(*IN_FLIGHT, Status.QUEUED))
    counts = rows.aggregate(
        busy=Count("pk", filter=Q(status__in=IN_FLIGHT)),
        waiting=Count("pk", filter=_is_waiting()),
    )
    return int(settings.RIVYA_IN_FLIGHT) - counts["busy"], counts["waiting"]


def ring_next(account: str) -> int:
    """Rings for those who get the free places now, but for those that ring already."""
    if not _waiting(account).exists():
        return 0
    ids = next_in_line(account, free_places(account))
    now = timezone.now()
    unrung = Task.objects.filter(id__in=ids).exclude(is_ringing(now)).values_list("id", flat=True)
    wanted = set(unrung)
    chosen = [task_id for task_id in ids if task_id in wanted]
    if chosen:
        Task.objects.filter(id__in=chosen).update(rung_at=now)
    for task_id in chosen:
        ring(task_id)
    return len(chosen)


def ring_next_on_commit(account: str) -> None:
    """A place is free: whoever is next need not wait for the sweep."""
    transaction.on_commit(lambda: ring_next(account) and None)
