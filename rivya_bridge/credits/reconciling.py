"""Readings of the wallet against our own books: what nobody here spent becomes one unexplained row."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from rivya_bridge.credits.models import LedgerEntry, Wallet


def is_quiet(account: str) -> bool:
    """Nothing of ours is on its way to a charge, so that both sides must agree to the credit."""
    if Wallet.objects.filter(account=account, reserved_credits__gt=0).exists():
        return False
    return not open_reservations(LedgerEntry.objects.filter(account=account)).exists()


def open_reservations(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Those of the entries that Rivya has reserved for tasks that have not ended."""
    return entries.filter(kind="reserve", task__final_credits=None, task__finished_at=None)


def keep_reading(account: str, current: int, *, quiet_since: datetime | None) -> None:
    """Keeps a balance that Rivya named, and books a gap if the account was quiet all the while.

    `quiet_since`: when Rivya was asked, or None if something was on its way then. While tasks are on
    their way nothing is compared: the period goes on until a quiet reading, and has one row at most.
    """
    now = timezone.now()
    with transaction.atomic():
        wallet = Wallet.objects.select_for_update().get(account=account)
        changes = {"tried_at": now, "read_at": now, "error": "", "current_credits": current}
        if quiet_since is not None and _stayed_quiet(account, quiet_since):
            _book_gap(wallet, current)
            changes |= {"expected_credits": current, "reconciled_at": now}
        Wallet.objects.filter(pk=wallet.pk).update(**changes)


def _stayed_quiet(account: str, since: datetime) -> bool:
    booked = LedgerEntry.objects.filter(account=account, created_at__gte=since)
    return is_quiet(account) and not booked.exists()


def _book_gap(wallet: Wallet, current: int) -> None:
    expected = wallet.expected_credits
    if expected is None or expected == current:
        return
    LedgerEntry.objects.create(
        account=wallet.account,
        kind=LedgerEntry.Kind.UNEXPLAINED,
        amount=expected - current,
        balance_before=expected,
        balance_after=current,
        period_from=wallet.reconciled_at,
    )
