"""Reads of wallet and ledger."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import LedgerEntry, Wallet


def current_wallet() -> Wallet | None:
    """The wallet of the account in use, if it was ever touched."""
    return Wallet.objects.filter(account=current_connection().account).first()


def ledger_rows() -> QuerySet[LedgerEntry]:
    """The account's entries with their tasks (one query)."""
    rows = LedgerEntry.objects.filter(account=current_connection().account)
    return rows.select_related("task")


@dataclass(frozen=True, slots=True)
class Spending:
    """Whole credits: settled, still reserved at Rivya, and how many tasks were settled."""

    settled: int
    pending: int
    tasks: int


def spending() -> Spending:
    """Sums over the account's ledger (one query)."""
    entries = LedgerEntry.objects.filter(account=current_connection().account)
    settled = entries.filter(kind="settle").aggregate(sum=Sum("amount"), count=Count("pk"))
    open_reserved = entries.filter(kind="reserve", task__final_credits__isnull=True).aggregate(
        sum=Sum("amount")
    )
    return Spending(settled["sum"] or 0, open_reserved["sum"] or 0, settled["count"])


def spending_by_model(limit: int = 12) -> list[dict[str, object]]:
    """Settled credits and tasks by model, dearest first: {"model_id", "credits", "tasks"}."""
    rows = _dearest(("task__model_id",), limit)
    return [
        {"model_id": row["task__model_id"], "credits": row["credits"], "tasks": row["tasks"]}
        for row in rows
    ]


def spending_by_group(limit: int = 12) -> list[dict[str, Any]]:
    """The same by experiment, template or batch: {"origin", "label", "url", "credits", "tasks"}."""
    names = ("task__origin", "task__group_label", "task__group_url")
    rows = _dearest(names, limit)
    keys = ("origin", "label", "url")
    return [
        dict(zip(keys, (row[name] for name in names), strict=True))
        | {"credits": row["credits"], "tasks": row["tasks"]}
        for row in rows
    ]


def _dearest(names: tuple[str, ...], limit: int) -> list[dict[str, Any]]:
    entries = LedgerEntry.objects.filter(account=current_connection().account, kind="settle")
    rows = entries.values(*names).annotate(credits=Sum("amount"), tasks=Count("pk"))
    return list(rows.order_by("-credits", *names)[:limit])


def unexplained() -> tuple[int, int]:
    """How many readings found a gap, and its credits in all: positive ones were spent elsewhere."""
    account = current_connection().account
    gaps = LedgerEntry.objects.filter(account=account, kind="unexplained")
    found = gaps.aggregate(count=Count("pk"), sum=Sum("amount"))
    return found["count"], found["sum"] or 0
