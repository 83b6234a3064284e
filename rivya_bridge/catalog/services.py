"""Writes of the model list: read from Rivya, kept row by row, never lost to a failed reading."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from rivya_bridge.catalog.changes import note_changes
from rivya_bridge.catalog.models import CatalogModel, CatalogRefresh
from rivya_bridge.catalog.selectors import last_refresh
from rivya_bridge.connection import current_connection, one_connection, rivya_client
from rivya_bridge.rivya import Model, RivyaError

FRESH_FOR = timedelta(hours=1)
TRY_EVERY = timedelta(seconds=15)


@one_connection()
def refresh_catalog() -> CatalogRefresh:
    """Reads the list now (one request, outside any transaction) and keeps what came.

    A failed reading leaves the models as they were; its sentence stands in the row's `error`.
    """
    account = current_connection().account
    tried_at = timezone.now()
    try:
        models = rivya_client().models.list()
    except RivyaError as error:
        return _note_failure(account, tried_at, f"{error} {error.action}")
    if not models:
        return _note_failure(account, tried_at, "The model list came back empty. Try again later.")
    return _keep(account, tried_at, models)


def ensure_catalog(now: datetime | None = None) -> CatalogRefresh | None:
    """Refreshes the list if this account never read it, or over an hour ago.

    At most one try in 15 seconds, so that pages never hammer a dead server. Returns what stands.
    """
    now = now or timezone.now()
    last = last_refresh()
    if last is None:
        return refresh_catalog()
    is_fresh = last.refreshed_at is not None and _within(now, last.refreshed_at, FRESH_FOR)
    if is_fresh or _within(now, last.tried_at, TRY_EVERY) or not _claim_try(last, now):
        return last
    return refresh_catalog()


def _within(now: datetime, then: datetime, span: timedelta) -> bool:
    """Whether `then` lies less than `span` back; a time ahead (a clock jumped) does not count."""
    return timedelta(0) <= now - then < span


def _claim_try(last: CatalogRefresh, now: datetime) -> bool:
    """One of several processes that come at once makes the try."""
    mine = CatalogRefresh.objects.filter(pk=last.pk, tried_at=last.tried_at)
    return mine.update(tried_at=now) == 1


def _note_failure(account: str, tried_at: datetime, text: str) -> CatalogRefresh:
    row, _ = CatalogRefresh.objects.update_or_create(
        account=account, defaults={"tried_at": tried_at, "error": text[:2000]}
    )
    return row


def _keep(account: str, seen_at: datetime, models: Sequence[Model]) -> CatalogRefresh:
    base_url = current_connection().base_url
    storable = [model for model in models if len(model.id) <= 120]
    rows = {model.id: _row(model, seen_at) for model in storable}
    with transaction.atomic():
        note_changes(base_url, seen_at, storable)
        CatalogModel.objects.bulk_create(
            rows.values(),
            update_conflicts=True,
            unique_fields=["model_id"],
            update_fields=[
                "display_name",
                "category",
                "base_credits",
                "api_status",
                "raw",
                "is_listed",
                "last_seen_at",
            ],
        )
        CatalogModel.objects.exclude(pk__in=rows).update(is_listed=False)
        CatalogRefresh.objects.exclude(base_url=base_url).update(refreshed_at=None)
        refresh, _ = CatalogRefresh.objects.update_or_create(
            account=account,
            defaults={
                "base_url": base_url,
                "refreshed_at": seen_at,
                "tried_at": seen_at,
                "model_count": len(rows),
                "error": "",
            },
        )
    return refresh


def _row(model: Model, seen_at: datetime) -> CatalogModel:
    return CatalogModel(
        model_id=model.id,
        display_name=model.display_name[:200],
        category=model.category[:20],
        base_credits=min(model.base_credits or 0, 2**31 - 1),
        api_status=model.api_status[:40],
        raw=model.raw,
        is_listed=True,
        last_seen_at=seen_at,
    )
