"""Ringing for deliveries. The row is the queue, so a bell that nobody hears costs only moments."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rivya_bridge.notices.models import Delivery
from rivya_bridge.tasks.doorbell import is_ringing
from rivya_bridge.tasks.leases import is_due

log = logging.getLogger(__name__)

MOST_RINGING = 50
# A time further ahead than any wait was written under a clock that has jumped.
FAR_AHEAD = timedelta(days=2)


def ring(delivery_id: UUID) -> None:
    """Sends the message now; an unreachable broker is a log line, the sweep finds the row."""
    from rivya_bridge.notices.background import deliver

    try:
        deliver.delay(str(delivery_id))
    except Exception as error:  # whatever a broker raises, the row stands
        log.warning("The doorbell for delivery %s did not ring: %s", delivery_id, error)


def ring_on_commit(delivery_id: UUID) -> None:
    transaction.on_commit(lambda: ring(delivery_id))


def ring_due_deliveries() -> int:
    """Rings for what is due, each at most once in ten seconds; returns how many."""
    now = timezone.now()
    due = Delivery.objects.filter(is_due(now, FAR_AHEAD), status=Delivery.Status.PENDING)
    due = due.exclude(is_ringing(now))
    ids = list(due.order_by("due_at").values_list("id", flat=True)[:MOST_RINGING])
    if ids:
        Delivery.objects.filter(id__in=ids).update(rung_at=now)
    for delivery_id in ids:
        ring(delivery_id)
    return len(ids)
