"""The Celery application: doors are found in each app's ``background`` module."""

import os
from typing import Any

from celery import Celery, bootsteps
from celery.signals import worker_ready, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rivya_bridge.settings")

LOOK_UP_SECONDS = 1.0

app = Celery("rivya_bridge")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="background")


class WakeUp(bootsteps.StartStopStep):
    """Has the event loop of a worker look up every second.

    Over AMQP an idle loop sleeps for ten seconds and goes on sleeping after a signal
    (`kombu.asynchronous.Hub.fire_timers` and PEP 475), so that SIGTERM was heard too late.
    """

    label = "Wake up"
    _entry: Any = None

    def start(self, parent: Any) -> None:
        """At each connection to a broker."""
        if parent.hub:
            self._entry = parent.hub.call_repeatedly(LOOK_UP_SECONDS, _nothing)

    def stop(self, parent: Any) -> None:
        """At its end."""
        if self._entry:
            self._entry.cancel()
            self._entry = None


def _nothing() -> None:
    """That it is called is enough."""


app.steps["consumer"].add(WakeUp)


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
