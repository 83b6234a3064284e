"""Rounds that meet, and the dispatcher over a store without any server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.lifecycle import milliseconds
from rivya_bridge.sandbox.scenarios.fates import FatedDeliveries
from rivya_bridge.sandbox.store import Generation, Store
from rivya_bridge.sandbox.wallet import settle_due
from rivya_bridge.sandbox.webhooks.attempts import next_due
from rivya_bridge.sandbox.webhooks.dispatcher import Dispatcher
from rivya_bridge.sandbox.webhooks.outbox import Outbox

from .conftest import Clock, hooked_sandbox
from .webhook_receiver import Receiver

CHOICES = Choices(allow_local_webhooks=True)
COUNT = 30


@pytest.fixture
def ended(tmp_path: Path, receiver: Receiver) -> Iterator[tuple[Path, Clock]]:
    """A folder with generations that are over, nothing of which was noticed yet."""
    with hooked_sandbox(tmp_path, choices=CHOICES) as running:
        running.subscribe(receiver.url)
        for _ in range(COUNT):
            running.submit()
    running.clock.advance(60)
    yield tmp_path, running.clock


def dispatcher(store: Store, clock: Clock) -> Dispatcher:
    return Dispatcher(store, clock, CHOICES, Outbox(CHOICES, FatedDeliveries()))


def test_rounds_at_once_deliver_once(ended: tuple[Path, Clock], receiver: Receiver) -> None:
    """Two connections to one folder, two dispatchers on each, all released together."""
    folder, clock = ended
    made: list[int] = []
    with Store(folder) as one, Store(folder) as two:
        rounds = [dispatcher(store, clock) for store in (one, one, two, two)]
        barrier = threading.Barrier(len(rounds))

        def go(each: Dispatcher) -> None:
            barrier.wait(20)
            made.append(each.run_due())

        threads = [threading.Thread(target=go, args=(each,)) for each in rounds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        events = one.rows("SELECT generation_id FROM webhook_event")
        ledger = one.rows("SELECT COUNT(*) AS n FROM ledger WHERE kind = 'settle'")[0]["n"]

    callbacks = receiver.all()
    assert sum(made) == len(callbacks) == len(events) == ledger == COUNT
    assert len({callback.headers["rivya-event-id"] for callback in callbacks}) == COUNT


def test_a_given_time_stands_for_the_clock(ended: tuple[Path, Clock], receiver: Receiver) -> None:
    folder, clock = ended
    receiver.statuses = [500] * COUNT
    now_ms = milliseconds(clock)
    with Store(folder) as store:
        one = dispatcher(store, clock)

        assert one.run_due(now_ms - 59_999) == 0
        assert one.run_due(now_ms) == COUNT
        assert one.run_due(now_ms + 59_999) == 0
        assert one.run_due(now_ms + 60_000) == COUNT

    assert {c.signed_at for c in receiver.all()} == {now_ms // 1000, now_ms // 1000 + 60}


def test_an_event_is_made_once_even_when_a_receiver_is_slow(
    ended: tuple[Path, Clock], receiver: Receiver
) -> None:
    """While answers are held back, another round finds nothing that is free to be sent."""
    folder, clock = ended
    receiver.gate.clear()
    with Store(folder) as store:
        one, two = dispatcher(store, clock), dispatcher(store, clock)
        thread = threading.Thread(target=one.run_due)
        thread.start()
        for _ in range(CHOICES.webhook_connections_per_endpoint):
            receiver.arrived.get(timeout=20)
        settled = settle_due(store, milliseconds(clock), Outbox(CHOICES, FatedDeliveries()))
        receiver.gate.set()
        two.run_due()
        thread.join()
        rows = store.rows("SELECT status, attempt FROM webhook_delivery")

    assert settled == 0
    assert [tuple(row) for row in rows] == [("succeeded", 1)] * COUNT


def test_it_sleeps_until_the_next_time_that_matters(tmp_path: Path, receiver: Receiver) -> None:
    """Nothing to come means no waking at all, which is what keeps an idle sandbox idle."""
    receiver.statuses = [500]
    with hooked_sandbox(tmp_path, choices=CHOICES) as running, Store(tmp_path) as store:
        running.subscribe(receiver.url)
        now_ms = milliseconds(running.clock)
        assert next_due(store, now_ms) is None
        running.submit()
        ends_ms = store.rows("SELECT ends_ms FROM generation")[0]["ends_ms"]
        assert next_due(store, now_ms) == ends_ms
        running.pass_time()
        assert next_due(store, now_ms + 60_000) == now_ms + 120_000
        running.pass_time()
        assert next_due(store, now_ms + 120_000) is None


class AlwaysEarly(FatedDeliveries):
    def comes_before_answer(self, generation: Generation) -> bool:
        return True


def test_an_early_event_is_waited_for_whoever_sends_it(
    ended: tuple[Path, Clock], receiver: Receiver
) -> None:
    """Another round of the same dispatcher was quicker; the answer must wait all the same."""
    folder, clock = ended
    receiver.gate.clear()
    with Store(folder) as store:
        one = Dispatcher(store, clock, CHOICES, Outbox(CHOICES, AlwaysEarly()))
        other_round = threading.Thread(target=one.run_due)
        other_round.start()
        task = store.generation(receiver.arrived.get(timeout=20).event["data"]["id"])
        assert task is not None
        answer = threading.Thread(target=one.deliver_before_answer, args=(task,))
        answer.start()
        answer.join(0.3)
        is_waiting = answer.is_alive()
        receiver.gate.set()
        answer.join()
        other_round.join()

    assert is_waiting
