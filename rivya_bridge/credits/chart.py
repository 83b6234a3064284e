"""Credits for each day as the bars of a small chart; the template draws them as SVG."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import LedgerEntry

DAYS = 30
BAR, GAP, HEIGHT = 16, 4, 96


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its credits, and where its bar stands in the drawing, in its own units."""

    day: date
    credits: int
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Chart:
    bars: list[Bar]
    width: int
    height: int
    total: int
    most: int


def spending_by_day(days: int = DAYS) -> dict[date, int]:
    """Charged credits of the last days (UTC), oldest first, days without any too (one query)."""
    today = timezone.now().date()
    first = today - timedelta(days=days - 1)
    entries = LedgerEntry.objects.filter(
        account=current_connection().account, kind="settle", created_at__date__gte=first
    )
    rows = entries.annotate(day=TruncDate("created_at")).values("day").annotate(sum=Sum("amount"))
    sums = {row["day"]: row["sum"] for row in rows}
    return {day: sums.get(day, 0) for day in (first + timedelta(days=n) for n in range(days))}


def day_chart() -> Chart:
    """The bars of the last thirty days, as high as their credits."""
    spent = spending_by_day()
    most = max(spent.values())
    bars = []
    for number, (day, credits) in enumerate(spent.items()):
        height = 0 if credits <= 0 else max(2, round(credits / most * HEIGHT))
        bars.append(Bar(day, credits, number * (BAR + GAP), HEIGHT - height, height))
    return Chart(bars, len(bars) * (BAR + GAP) - GAP, HEIGHT, sum(spent.values()), most)
