"""Caps on spending: the most that one run may be expected to cost, and the most for one day (UTC)."""

from datetime import datetime

from django.db.models import QuerySet, Sum
from django.utils import timezone

from rivya_bridge.credits.models import LedgerEntry, SpendingCaps, Wallet
from rivya_bridge.credits.reconciling import open_reservations
from rivya_bridge.refusals import Problem, Refusal

HIGHEST_CAP = 1_000_000


def spending_caps() -> SpendingCaps:
    """The caps in force; an unsaved row without any while none were ever set."""
    return SpendingCaps.objects.filter(pk=1).first() or SpendingCaps(pk=1)


def set_caps(*, run_cap: int | None, day_cap: int | None) -> SpendingCaps:
    """Sets both caps; None lifts one. Raises Refusal naming the field and its limit."""
    given = {"run_cap": run_cap, "day_cap": day_cap}
    problems = [
        Problem(name, f"A cap is a whole number from 1 to {HIGHEST_CAP}, or empty.", HIGHEST_CAP)
        for name, cap in given.items()
        if cap is not None and not 1 <= cap <= HIGHEST_CAP
    ]
    if problems:
        raise Refusal.of(problems)
    return SpendingCaps.objects.update_or_create(pk=1, defaults=given)[0]


def start_of_day(now: datetime | None = None) -> datetime:
    now = now or timezone.now()
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def spent_today(account: str) -> int:
    """Credits of the day: charged today, reserved at Rivya, and set aside for what is being sent."""
    aside = Wallet.objects.filter(account=account).aggregate(sum=Sum("reserved_credits"))["sum"]
    return set_aside_today(LedgerEntry.objects.filter(account=account)) + (aside or 0)


def set_aside_today(entries: QuerySet[LedgerEntry]) -> int:
    """Of these entries: charged today, and reserved at Rivya by what has not ended (two queries)."""
    settled = entries.filter(kind="settle", created_at__gte=start_of_day())
    charged = settled.aggregate(sum=Sum("amount"))["sum"] or 0
    reserved = open_reservations(entries).aggregate(sum=Sum("amount"))["sum"] or 0
    return int(charged + reserved)


def room_today(account: str) -> int | None:
    """What may still be spent today; None without a cap."""
    cap = spending_caps().day_cap
    return None if cap is None else cap - spent_today(account)
