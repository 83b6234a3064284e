"""The event loop of a worker on RabbitMQ or Redis hears a signal within a second."""

from types import SimpleNamespace

import pytest
from kombu.asynchronous import Hub

from rivya_bridge.celery import LOOK_UP_SECONDS, WakeUp, app

FAR_AHEAD = 60.0


@pytest.fixture
def consumer() -> SimpleNamespace:
    hub = Hub()
    hub.call_later(FAR_AHEAD, lambda: None)  # as the heartbeat of a connection does
    return SimpleNamespace(hub=hub)


def alive(hub: Hub) -> list[object]:
    """The timers of a loop that are not cancelled; those that are go when their time has come."""
    return [one for one in hub.timer.queue if not one.entry.canceled]


def test_every_worker_has_it() -> None:
    assert WakeUp in app.steps["consumer"]


def test_an_idle_loop_sleeps_for_a_second_at_most(consumer: SimpleNamespace) -> None:
    assert consumer.hub.fire_timers() > LOOK_UP_SECONDS
    step = WakeUp(consumer)
    for _ in range(2):  # a connection that is lost and made again
        step.start(consumer)
        assert consumer.hub.fire_timers() <= LOOK_UP_SECONDS
        step.stop(consumer)
        assert len(alive(consumer.hub)) == 1


def test_the_embedded_broker_needs_none() -> None:
    step = WakeUp(SimpleNamespace(hub=None))
    step.start(SimpleNamespace(hub=None))
    step.stop(SimpleNamespace(hub=None))
