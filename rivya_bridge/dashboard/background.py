"""Celery's door to the demo."""

import logging

from celery import shared_task

from rivya_bridge.dashboard.demo import carry_out
from rivya_bridge.dashboard.demo.api_client import DemoFailed
from rivya_bridge.dashboard.models import DemoRun

log = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def run_demo(demo_id: str) -> None:
    """Carries out a demo that was asked for; one that has ended, or is unknown, is left alone."""
    demo = DemoRun.objects.filter(pk=demo_id, finished_at=None).first()
    if demo is None:
        return
    try:
        carry_out(demo, log.info)
    except DemoFailed as error:
        log.warning("The demo stopped: %s", error)
