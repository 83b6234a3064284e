"""Celery's doors. A message carries only an id and may be lost, repeated, late or forged without harm."""

import logging
from uuid import UUID

from celery import shared_task

from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.sweep import sweep
from rivya_bridge.tasks.services.transitions import RUNG_FOR

log = logging.getLogger(__name__)
# A bell that nobody heard for so long was rung again by the sweep: old ones must not pile up.
BELL_SECONDS = 60


@shared_task(ignore_result=True, expires=BELL_SECONDS)
def advance_task(task_id: str) -> None:
    """Carries one task as far as it can go now."""
    try:
        wanted = UUID(task_id)
    except (ValueError, AttributeError, TypeError):
        log.warning("A message named no task id; it was passed over.")
        return
    advance(wanted, RUNG_FOR)


@shared_task(ignore_result=True, expires=BELL_SECONDS)
def sweep_tasks() -> None:
    """Rings for everything that is due."""
    sweep()
