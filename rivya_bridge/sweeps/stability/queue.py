"""Which experiments have results to measure. The row is the queue; the bell only hurries it."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from rivya_bridge.experiments.models import Run
from rivya_bridge.sweeps.models import Measuring
from rivya_bridge.tasks.leases import is_due
from rivya_bridge.tasks.models import Task

log = logging.getLogger(__name__)

# Results of one sweep end one after the other: they are measured together.
WAIT = timedelta(seconds=5)
# A bell that nobody heard for so long is rung again.
RING_AGAIN = timedelta(minutes=2)
# A time further ahead was written under a clock that has jumped.
FAR_AHEAD = 2 * RING_AGAIN
MOST_RINGING = 4


def note_result(task: Task) -> None:
    """A run has a new result: its experiment is measured in a moment. In the caller's transaction."""
    if task.origin != Task.Origin.RUN or task.status != "succeeded":
        return
    experiment = Run.objects.filter(pk=task.origin_id).values_list("experiment_id", flat=True)
    if experiment_id := experiment.first():
        put_in_queue(experiment_id)


def put_in_queue(experiment_id: UUID) -> None:
    """Two results of one moment make one row."""
    if not Measuring.objects.filter(experiment_id=experiment_id).update(news=F("news") + 1):
        due = timezone.now() + WAIT
        Measuring.objects.get_or_create(experiment_id=experiment_id, defaults={"due_at": due})


def ring_due() -> int:
    """Rings for what is due; the bell moves the time on, so that a lost one costs only a while."""
    now = timezone.now()
    due = Measuring.objects.filter(is_due(now, FAR_AHEAD)).order_by("due_at")
    ids = list(due.values_list("experiment_id", flat=True)[:MOST_RINGING])
    if ids:
        Measuring.objects.filter(experiment_id__in=ids).update(due_at=now + RING_AGAIN)
    for experiment_id in ids:
        ring(experiment_id)
    return len(ids)


def ring(experiment_id: UUID) -> None:
    """Asks for a measurement; results that are no news, such as those of Studio runs, need no row."""
    from rivya_bridge.sweeps.background import measure_results

    try:
        measure_results.delay(str(experiment_id))
    except Exception as error:  # whatever a broker raises, the row stands
        log.warning("The bell for results of %s did not ring: %s", experiment_id, error)
