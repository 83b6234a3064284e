"""Reads of wallet and ledger."""

from dataclasses import dataclass

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
    entries = LedgerEntry.objects.filter(account=current_connection().account, kind="settle")
    rows = entries.values("task__model_id").annotate(credits=Sum("amount"), tasks=Count("pk"))
    return [
        {"model_id": row["task__model_id"], "credits": row["credits"], "tasks": row["tasks"]}
        for row in rows.order_by("-credits")[:limit]
    ]
