"""Celery's door. A message carries only an id and may be lost, repeated, late or forged without harm."""

import logging
import threading
from uuid import UUID

from celery import shared_task

from rivya_bridge.notices.services.sending import send_delivery

log = logging.getLogger(__name__)
BELL_SECONDS = 60
# Endpoints that answer slowly may not take all of a worker's threads from the jobs.
MOST_AT_ONCE = 4
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


@shared_task(ignore_result=True, expires=BELL_SECONDS)
def deliver(delivery_id: str) -> None:
    """Tries one delivery if it is due; with no place free, the sweep rings again."""
    try:
        wanted = UUID(delivery_id)
    except (ValueError, AttributeError, TypeError):
        log.warning("A message named no delivery id; it was passed over.")
        return
    if not _places.acquire(blocking=False):
        return
    try:
        send_delivery(wanted)
    finally:
        _places.release()
