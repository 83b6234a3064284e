"""Celery's door to the model list."""

from celery import shared_task

from rivya_bridge.catalog.services import refresh_catalog


@shared_task(ignore_result=True)
def refresh_model_list() -> None:
    """Reads the model list from Rivya."""
    refresh_catalog()
