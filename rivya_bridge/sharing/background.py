"""Celery's door. A message carries only an id and may be lost, repeated, late or forged without harm."""

import logging
import threading
from uuid import UUID

from celery import shared_task

from rivya_bridge.sharing.working import carry_on

log = logging.getLogger(__name__)
BELL_SECONDS = 60
# Opening media and writing many rows may not take all of a worker's threads from the jobs.
_place = threading.BoundedSemaphore(1)


@shared_task(ignore_result=True, expires=BELL_SECONDS)
def carry_on_import(staged_id: str) -> None:
    """Carries on what was sent; with the place taken, the sweep rings again."""
    try:
        wanted = UUID(staged_id)
    except (ValueError, AttributeError, TypeError):
        log.warning("A message named no import; it was passed over.")
        return
    if not _place.acquire(blocking=False):
        return
    try:
        carry_on(wanted)
    finally:
        _place.release()
