"""Celery's doors. A message carries only an id and may be lost, repeated or late without harm."""

from celery import shared_task

from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.sweep import sweep


@shared_task(ignore_result=True)
def advance_task(task_id: str) -> None:
    """Carries one task as far as it can go now."""
    advance(task_id)


@shared_task(ignore_result=True)
def sweep_tasks() -> None:
    """Rings for everything that is due."""
    sweep()
