"""The history of the list: comparing a reading with the server's former one, and reading it back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from rivya_bridge.catalog.chat_options import with_chat_options
from rivya_bridge.catalog.facts import differences, facts_of
from rivya_bridge.catalog.models import CatalogChange, CatalogReading
from rivya_bridge.catalog.uses import Use, uses_of
from rivya_bridge.connection import current_connection
from rivya_bridge.rivya import Model

KEPT = 2_000
RECENT = timedelta(days=30)
RECENT_SHOWN = 20


def note_changes(base_url: str, seen_at: datetime, models: Sequence[Model]) -> int:
    """Writes what changed since this server's list was last read; returns how much.

    Call it in the transaction that keeps the list. A server's first reading changes nothing.
    """
    facts = {model.id: facts_of(with_chat_options(model)) for model in models}
    former = CatalogReading.objects.select_for_update().filter(pk=base_url).first()
    if former is None:
        CatalogReading.objects.create(
            base_url=base_url, first_read_at=seen_at, read_at=seen_at, facts=facts
        )
        return 0
    found = differences(former.facts, facts)
    CatalogChange.objects.bulk_create(
        CatalogChange(base_url=base_url, seen_at=seen_at, **_storable(asdict(one))) for one in found
    )
    reading = CatalogReading.objects.filter(pk=base_url)
    if found:
        reading.update(read_at=seen_at, facts=facts)
        _forget_oldest(base_url)
    else:
        reading.update(read_at=seen_at)
    return len(found)


def _storable(values: dict[str, object]) -> dict[str, object]:
    texts = {"display_name": 200, "field": 300}
    return values | {name: str(values[name])[:length] for name, length in texts.items()}


def _forget_oldest(base_url: str) -> None:
    rows = CatalogChange.objects.filter(base_url=base_url)
    last = rows.order_by("-id").values_list("id", flat=True)[KEPT : KEPT + 1].first()
    if last:
        rows.filter(id__lte=last).delete()


def change_rows(model_id: str = "") -> QuerySet[CatalogChange]:
    """Changes of the list of the server in use, or of one of its models."""
    rows = CatalogChange.objects.filter(base_url=current_connection().base_url)
    return rows.filter(model_id=model_id) if model_id else rows


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change and what it touches."""

    change: CatalogChange
    uses: list[Use]


@dataclass(frozen=True, slots=True)
class RecentChanges:
    """The newest changes and how many there were since a moment (None before the first reading)."""

    lines: list[ChangeLine]
    count: int
    since: datetime | None


def with_uses(changes: Sequence[CatalogChange]) -> list[ChangeLine]:
    """Each change with the templates and experiments of its model."""
    uses = uses_of({change.model_id for change in changes})
    return [ChangeLine(change, uses[change.model_id]) for change in changes]


def recent_changes(now: datetime | None = None) -> RecentChanges:
    """What changed within a month (or since the first reading), newest first."""
    reading = CatalogReading.objects.filter(pk=current_connection().base_url).only("first_read_at")
    first = reading.first()
    if first is None:
        return RecentChanges([], 0, None)
    since = max(first.first_read_at, (now or timezone.now()) - RECENT)
    rows = list(change_rows().filter(seen_at__gte=since).order_by("-id"))
    return RecentChanges(with_uses(rows[:RECENT_SHOWN]), len(rows), since)


def changes_since(model_id: str, moment: datetime) -> list[CatalogChange]:
    """The newest changes of one model after a moment, at most ten."""
    return list(change_rows(model_id).filter(seen_at__gt=moment).order_by("-id")[:10])
