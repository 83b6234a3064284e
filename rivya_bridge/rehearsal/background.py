"""Celery's door. A message carries only an id and may be lost, repeated, late or forged without harm."""

import logging
import threading
from uuid import UUID

from celery import shared_task

from rivya_bridge.rehearsal.services.judging import judge_case, judge_waiting

log = logging.getLogger(__name__)
BELL_SECONDS = 60
# Decoding media takes a core; it may not take all of a worker's threads from the jobs.
MOST_AT_ONCE = 1
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


@shared_task(ignore_result=True, expires=BELL_SECONDS)
def judge(case_id: str) -> None:
    """Judges a case of a rehearsal, and whatever else waits; with no place free, who has it does."""
    try:
        wanted = UUID(case_id)
    except (ValueError, AttributeError, TypeError):
        log.warning("A message named no case of a rehearsal; it was passed over.")
        return
    if not _places.acquire(blocking=False):
        return
    try:
        judge_case(wanted)
        judge_waiting()
    finally:
        _places.release()
