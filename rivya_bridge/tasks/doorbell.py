"""Ringing for a task. The row is the queue, so a bell that nobody hears costs only moments."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

log = logging.getLogger(__name__)
# A bell that nobody answered for so long is rung again.
RING_AGAIN = timedelta(seconds=10)


def is_ringing(now: datetime) -> Q:
    """Rows that were rung for a moment ago; a time far ahead, after a jump of the clock, is no bell."""
    return Q(rung_at__gt=now - RING_AGAIN, rung_at__lte=now + RING_AGAIN, rung_at__isnull=False)


def ring(task_id: UUID) -> None:
    """Sends the message now; an unreachable broker is a log line, the sweep finds the row."""
    from rivya_bridge.tasks.background import advance_task

    try:
        advance_task.delay(str(task_id))
    except Exception as error:  # whatever a broker raises, the row stands
        log.warning("The doorbell for task %s did not ring: %s", task_id, error)


def ring_on_commit(task_id: UUID) -> None:
    transaction.on_commit(lambda: ring(task_id))
