"""Ringing for cases that wait for their verdict. The row is the queue; the sweep rings again."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rivya_bridge.rehearsal.models import RehearsalCase
from rivya_bridge.tasks.doorbell import is_ringing

log = logging.getLogger(__name__)
# Judging decodes files, which may take a while; behind this it is taken to have died.
CLAIM = timedelta(minutes=2)
MOST_RINGING = 20


def ring(case_id: UUID) -> None:
    """An unreachable broker is a log line, the sweep finds the row."""
    from rivya_bridge.rehearsal.background import judge

    try:
        judge.delay(str(case_id))
    except Exception as error:  # whatever a broker raises, the row stands
        log.warning("The doorbell for rehearsal case %s did not ring: %s", case_id, error)


def ring_on_commit(case_id: UUID) -> None:
    transaction.on_commit(lambda: ring(case_id), robust=True)


def unclaimed(now: datetime) -> Q:
    """Cases that wait for a verdict which nobody is working out."""
    free = Q(claimed_at=None) | Q(claimed_at__lte=now - CLAIM) | Q(claimed_at__gt=now + CLAIM)
    return Q(status=RehearsalCase.Status.JUDGING) & free


def ring_unjudged() -> int:
    """Rings for what nobody works on, each at most once in ten seconds; returns how many."""
    now = timezone.now()
    due = RehearsalCase.objects.filter(unclaimed(now)).exclude(is_ringing(now)).order_by("id")
    ids = list(due.values_list("id", flat=True)[:MOST_RINGING])
    if ids:
        RehearsalCase.objects.filter(id__in=ids).update(rung_at=now)
    for case_id in ids:
        ring(case_id)
    return len(ids)
