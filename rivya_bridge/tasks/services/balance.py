"""The balance is read now and then, and tasks held for lack of credits go on when it suffices."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from rivya_bridge.connection import Connection, current_connection, one_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.credits.services import read_balance
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.models import ADVANCING, Task
from rivya_bridge.tasks.services.release import BATCH, let_go_on, may_go_here

WALLET_AGE = timedelta(seconds=60)
IDLE_WALLET_AGE = timedelta(minutes=10)


@one_connection()
def renew_balance() -> None:
    """Reads the balance if it is old and no gate is closed, and lets poor tasks go on."""
    account = current_connection().account
    now = timezone.now()
    before = _claim_reading(account, now)
    if before is None or not gates.pass_gates(account, now).may_go:
        return
    error = read_balance()
    if error:
        gates.heed(account, error)
        return
    gates.note_answer(account)
    _release_poor(current_connection(), before.current_credits)


def _claim_reading(account: str, now: datetime) -> Wallet | None:
    """The wallet as it was, for the one of several sweeps that may read now; None for the others."""
    wallet, _ = Wallet.objects.get_or_create(account=account)
    age = WALLET_AGE if _is_busy(account) else IDLE_WALLET_AGE
    is_old = Q(tried_at=None) | Q(tried_at__lt=now - age) | Q(tried_at__gt=now + age)
    return wallet if Wallet.objects.filter(is_old, pk=wallet.pk).update(tried_at=now) else None


def _is_busy(account: str) -> bool:
    poor = Q(status="held", reason="insufficient_credits", account=account)
    return Task.objects.filter(poor | Q(status__in=ADVANCING)).exists()


def _release_poor(connection: Connection, before: int | None) -> None:
    """Oldest first, as many as the free balance carries.

    What Rivya itself refused to carry may cost more than expected: it waits for a balance that rose
    by more than we know of, or for ten minutes.
    """
    wallet = Wallet.objects.get(account=connection.account)
    if wallet.free_credits is None or wallet.current_credits is None:
        return
    free, now = wallet.free_credits, timezone.now()
    has_risen = before is None or wallet.current_credits > before
    mine = may_go_here(connection)
    poor = Task.objects.filter(mine, status="held", reason="insufficient_credits")
    for task in poor.order_by("id")[:BATCH]:
        need = 0 if task.holds_reservation else task.estimated_credits
        if need > free:
            return
        was_refused = task.error_code == "insufficient_credits"
        is_rested = now - task.updated_at > policy.REFUSED_PAYMENT_PAUSE
        if has_risen or is_rested or not was_refused:
            free -= need
            let_go_on(task, "The balance suffices again.")
