"""Sending again what failed, what was never sent, or one that a person chooses."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from rivya_bridge.notices.models import Delivery, Endpoint
from rivya_bridge.notices.services.ringing import ring_on_commit
from rivya_bridge.refusals import Refusal

OFF = "Nothing was replayed: the endpoint is off. Switch it on first."


def replay(delivery: Delivery) -> None:
    """This one again, under its old id, whatever became of it. Raises Refusal while the endpoint is off."""
    if not delivery.endpoint.is_enabled:
        raise Refusal(OFF)
    _again(Delivery.objects.filter(pk=delivery.pk).exclude(status=Delivery.Status.PENDING))


def replay_failed(endpoint: Endpoint, since: datetime) -> int:
    """All that were given up since then; returns how many. Raises Refusal while it is off."""
    return _all_of(endpoint, Delivery.Status.FAILED, since)


def replay_skipped(endpoint: Endpoint) -> int:
    """All that were never sent because the endpoint was off; returns how many. Raises Refusal."""
    return _all_of(endpoint, Delivery.Status.SKIPPED, None)


def _all_of(endpoint: Endpoint, status: str, since: datetime | None) -> int:
    if not endpoint.is_enabled:
        raise Refusal(OFF)
    rows = endpoint.deliveries.filter(status=status)
    return _again(rows.filter(message__created_at__gte=since) if since else rows)


def _again(rows: QuerySet[Delivery]) -> int:
    now = timezone.now()
    with transaction.atomic():
        ids = list(rows.values_list("pk", flat=True))
        for start in range(0, len(ids), 500):
            Delivery.objects.filter(pk__in=ids[start : start + 500]).update(
                status=Delivery.Status.PENDING, tries=0, due_at=now, rung_at=None
            )
        if len(ids) == 1:  # more are found by the sweep, as many at once as may be heard
            ring_on_commit(ids[0])
    return len(ids)
