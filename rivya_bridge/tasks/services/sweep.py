"""Finding what a lost message, a dead worker or a jumped clock left behind. Two sweeps are harmless."""

from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.tasks.doorbell import is_ringing, ring
from rivya_bridge.tasks.leases import is_due
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import places
from rivya_bridge.tasks.services.balance import renew_balance
from rivya_bridge.tasks.services.recovery import expire_dead_leases, recover_lost_leases
from rivya_bridge.tasks.services.release import release_held
from rivya_bridge.tasks.services.transitions import RUNG_FOR
from rivya_bridge.tasks.signals import swept

MOST_RINGING = 200


def sweep() -> int:
    """One round over rows and readings; returns how many tasks were rung for."""
    rung = sweep_rows()
    renew_balance()
    return rung


def sweep_rows() -> int:
    """One round over the rows alone, which sends nothing to the vendor; returns the tasks rung for."""
    expire_dead_leases()
    recover_lost_leases()
    release_held()
    rung = ring_due()
    swept.send_robust(sender=Task)
    return rung


def ring_due() -> int:
    """Rings for due tasks, each at most once in ten seconds, and for so many at once as may be heard.

    While all workers are busy the bells would otherwise pile up in the broker. What is queued is
    rung for as far as there are places; what runs at Rivya is the poller's.
    """
    now = timezone.now()
    account = current_connection().account
    due = Task.objects.filter(is_due(now), lease_until=None, status__in=RUNG_FOR)
    due = due.exclude(status="queued", account=account)
    room = MOST_RINGING - due.filter(is_ringing(now)).count()
    unrung = due.exclude(is_ringing(now))
    ids = list(unrung.order_by("due_at").values_list("id", flat=True)[: max(0, room)])
    if ids:
        Task.objects.filter(id__in=ids).update(rung_at=now)
    for task_id in ids:
        ring(task_id)
    return len(ids) + places.ring_next(account)
