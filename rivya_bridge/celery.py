"""The Celery application: doors are found in each app's ``background`` module."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rivya_bridge.settings")

app = Celery("rivya_bridge")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="background")


@worker_ready.connect
def start_sweeper(**_: Any) -> None:
    """Every worker looks for due rows itself, so that a lost message costs only moments.

    And each is ready to be the one that reads what runs at Rivya. The two look after each other's threads.
    """
    from rivya_bridge.tasks.poller import poller
    from rivya_bridge.tasks.sweeper import sweeper

    sweeper.start(neighbour=poller.revive)
    poller.start(neighbour=sweeper.revive)


@worker_shutting_down.connect
def stop_sweeper(**_: Any) -> None:
    """Only sets a flag: this runs inside a signal handler."""
    from rivya_bridge.tasks.poller import poller
    from rivya_bridge.tasks.sweeper import sweeper

    sweeper.stop()
    poller.stop()
