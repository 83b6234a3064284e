"""Celery's door. A message carries only an id and may be lost, repeated, late or forged without harm."""

import logging
import threading
from uuid import UUID

from celery import shared_task

from rivya_bridge.sweeps.stability.measuring import measure_experiment

log = logging.getLogger(__name__)
BELL_SECONDS = 60
# Decoding media takes the processor: one at a time in a process is enough.
_place = threading.BoundedSemaphore(1)


@shared_task(ignore_result=True, expires=BELL_SECONDS)
def measure_results(experiment_id: str) -> None:
    """Measures what of an experiment waits; with the place taken, the bell rings again later."""
    try:
        wanted = UUID(experiment_id)
    except (ValueError, AttributeError, TypeError):
        log.warning("A message named no experiment id; it was passed over.")
        return
    if not _place.acquire(blocking=False):
        return
    try:
        measure_experiment(wanted)
    finally:
        _place.release()
