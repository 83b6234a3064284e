"""Finding what a lost message, a dead worker or a jumped clock left behind. Two sweeps are harmless."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.tasks import policy
from rivya_bridge.tasks.doorbell import ring
from rivya_bridge.tasks.leases import is_due, lease_is_free, owner_is_dead
from rivya_bridge.tasks.models import ADVANCING, Task, TaskAttempt
from rivya_bridge.tasks.services.transitions import LostClaim, add_event, hold, let_go, soon

RING_AGAIN = timedelta(seconds=10)
BATCH = 200
WALLET_AGE = timedelta(seconds=60)
IDLE_WALLET_AGE = timedelta(minutes=10)


def sweep() -> int:
    """One round; returns how many tasks were rung for."""
    expire_dead_leases()
    recover_lost_leases()
    renew_balance()
    return ring_due()


def expire_dead_leases() -> int:
    """Ends the leases of processes of this machine that are gone; returns how many."""
    leased = Task.objects.filter(lease_until__gt=timezone.now(), status__in=ADVANCING)
    owners = leased.values_list("lease_owner", flat=True).distinct()[:1000]
    dead = [owner for owner in owners if owner_is_dead(owner)]
    return leased.filter(lease_owner__in=dead).update(lease_until=timezone.now()) if dead else 0


def recover_lost_leases() -> None:
    """A lease that ended without being given back: the worker died, or lost its machine."""
    now = timezone.now()
    lost = Task.objects.filter(lease_is_free(now), lease_until__isnull=False, status__in=ADVANCING)
    for task_id in lost.values_list("id", flat=True)[:BATCH]:
        _recover(task_id, now)


def _recover(task_id: object, now: datetime) -> None:
    ours = Task.objects.filter(
        lease_is_free(now), pk=task_id, lease_until__isnull=False, status__in=ADVANCING
    )
    with transaction.atomic():
        if not ours.update(
            fence=F("fence") + 1, lost_leases=F("lost_leases") + 1, lease_until=None
        ):
            return
        task = Task.objects.get(pk=task_id)
        try:
            _put_back(task)
        except LostClaim:
            return


def _put_back(task: Task) -> None:
    TaskAttempt.objects.filter(task=task, outcome="sending", ended_at=None).update(
        outcome="unknown", ended_at=timezone.now(), error="The worker stopped before the answer."
    )
    if task.lost_leases >= policy.MAX_LOST_LEASES:
        hold(
            task,
            "poison",
            f"Workers stopped {task.lost_leases} times while working on this task. {task.spent_text} "
            "Continue to try once more.",
        )
        return
    status = "unconfirmed" if task.status == "submitting" else task.status
    let_go(task, timezone.now(), status=status)
    add_event(
        task, "recovered", "The worker stopped in the middle of a step; it is taken up again."
    )


def ring_due() -> int:
    """Rings for due tasks, at most once in ten seconds for each."""
    now = timezone.now()
    unrung = Q(rung_at=None) | Q(rung_at__lt=now - RING_AGAIN) | Q(rung_at__gt=now + RING_AGAIN)
    due = Task.objects.filter(lease_is_free(now), is_due(now), unrung, status__in=ADVANCING)
    ids = list(due.order_by("due_at").values_list("id", flat=True)[:BATCH])
    if not ids:
        return 0
    Task.objects.filter(id__in=ids).update(rung_at=now)
    for task_id in ids:
        ring(task_id)
    return len(ids)


def renew_balance() -> None:
    """Reads the balance now and then, and lets tasks go on that were held for lack of credits."""
    account = current_connection().account
    poor = Task.objects.filter(status="held", reason="insufficient_credits", account=account)
    is_busy = poor.exists() or Task.objects.filter(status__in=ADVANCING).exists()
    age = WALLET_AGE if is_busy else IDLE_WALLET_AGE
    now = timezone.now()
    wallet, made = Wallet.objects.get_or_create(account=account, defaults={"tried_at": now})
    stale = Wallet.objects.filter(Q(tried_at=None) | Q(tried_at__lt=now - age), pk=wallet.pk)
    if not stale.update(tried_at=now) and not made:
        return
    wallet = refresh_wallet()
    if wallet.error or wallet.free_credits is None:
        return
    free = wallet.free_credits
    for task in poor.order_by("id")[:BATCH]:
        if task.estimated_credits > free:
            break
        free -= task.estimated_credits
        _unhold(task)


def _unhold(task: Task) -> None:
    try:
        with transaction.atomic():
            let_go(task, soon(0), status=task.held_from, held_from="", reason="", reason_text="")
            add_event(task, "continued", "The balance suffices again.")
    except LostClaim:
        return
