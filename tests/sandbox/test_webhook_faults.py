"""Deliveries that go wrong on purpose: what a fault says is what the receiver sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rivya_bridge.sandbox.store import Generation
from rivya_bridge.sandbox.webhooks.faults import DeliveryFault

from .conftest import Hooked, hooked_sandbox
from .webhook_receiver import Receiver


class ByPrompt:
    """The fault that belongs to a generation's prompt; a prompt `early` overtakes its answer."""

    def __init__(self, **faults: DeliveryFault) -> None:
        self._faults = faults

    def of_event(self, generation: Generation) -> DeliveryFault:
        return self._faults.get(generation.prompt, DeliveryFault())

    def comes_before_answer(self, generation: Generation) -> bool:
        return generation.prompt.startswith("early")


@contextmanager
def faulty(folder: Path, **faults: DeliveryFault) -> Iterator[Hooked]:
    with hooked_sandbox(folder, delivery_faults=ByPrompt(**faults)) as running:
        yield running


def sent_tasks(receiver: Receiver) -> list[str]:
    return [callback.event["data"]["id"] for callback in receiver.all()]


def test_copies_share_the_event_and_differ_in_their_delivery(
    tmp_path: Path, receiver: Receiver
) -> None:
    with faulty(tmp_path, twice=DeliveryFault(copies=3)) as running:
        running.subscribe(receiver.url)
        twice = running.submit("twice")["id"]
        running.submit("plain")

        assert running.pass_time() == 4

        faults = {event["generation_id"]: event["fault"] for event in running.journal()["events"]}
    events = [callback.headers["rivya-event-id"] for callback in receiver.all()]
    assert sorted(events.count(event) for event in set(events)) == [1, 3]
    assert faults.pop(twice) == asdict(DeliveryFault(copies=3))
    assert list(faults.values()) == [None]


def test_a_dropped_event_is_stored_and_never_sent(tmp_path: Path, receiver: Receiver) -> None:
    with faulty(tmp_path, never=DeliveryFault(drop=True)) as running:
        running.subscribe(receiver.url)
        task = running.submit("never")

        assert running.pass_time(10**6) == 0

        [event] = running.api.get("/api/v1/webhook-events").json()["data"]
        assert event["data"]["id"] == task["id"]
        assert running.journal()["events"][0]["deliveries"] == []


def test_a_late_event_waits(tmp_path: Path, receiver: Receiver) -> None:
    with faulty(tmp_path, late=DeliveryFault(delay_seconds=90)) as running:
        endpoint = running.subscribe(receiver.url)
        running.submit("late")

        assert running.pass_time(10) == 0
        assert running.deliveries(endpoint)[0]["status"] == "pending"
        assert running.pass_time(89) == 0
        assert running.pass_time(1) == 1
        assert receiver.all()[0].signed_at == int(running.clock())


def test_a_late_event_outlives_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    with faulty(tmp_path, late=DeliveryFault(delay_seconds=90, signature="old")) as running:
        running.subscribe(receiver.url)
        running.submit("late")
        running.pass_time()
    with hooked_sandbox(tmp_path, clock=running.clock) as again:
        assert again.pass_time(90) == 1
        assert receiver.all()[0].signed_at == int(running.clock()) - 3600


def test_bad_and_old_signatures(tmp_path: Path, receiver: Receiver) -> None:
    faults = {kind: DeliveryFault(signature=kind) for kind in ("good", "bad", "old")}  # type: ignore[arg-type]
    with faulty(tmp_path, **faults) as running:
        secret = running.subscribe(receiver.url)["signing_secret"]
        tasks = {running.submit(kind)["id"]: kind for kind in faults}
        running.pass_time()
        now = int(running.clock())

    seen = {
        tasks[callback.event["data"]["id"]]: (callback.is_signed_by(secret), callback.signed_at)
        for callback in receiver.all()
    }
    assert seen == {"good": (True, now), "bad": (False, now), "old": (True, now - 3600)}


def test_a_retry_keeps_its_fault(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses = [401]
    with faulty(tmp_path, bad=DeliveryFault(signature="bad")) as running:
        secret = running.subscribe(receiver.url)["signing_secret"]
        running.submit("bad")
        running.pass_time()
        running.pass_time()

    assert [callback.is_signed_by(secret) for callback in receiver.all()] == [False, False]


def test_held_events_go_out_in_reverse_behind_a_later_one(
    tmp_path: Path, receiver: Receiver
) -> None:
    with faulty(tmp_path, held=DeliveryFault(order="after_next")) as running:
        running.subscribe(receiver.url)
        first = running.submit("held")["id"]
        assert running.pass_time(10) == 0
        second = running.submit("held")["id"]
        assert running.pass_time(10) == 0
        third = running.submit("plain")["id"]

        running.pass_time(10)

        assert sent_tasks(receiver) == [third, second, first]


def test_a_held_event_does_not_wait_for_ever(tmp_path: Path, receiver: Receiver) -> None:
    faults = {
        "held": DeliveryFault(order="after_next"),
        "short": DeliveryFault(order="after_next", delay_seconds=15),
    }
    with faulty(tmp_path, **faults) as running:
        running.subscribe(receiver.url)
        running.submit("held")
        running.pass_time(10)
        assert running.pass_time(29) == 0
        assert running.pass_time(1) == 1
        running.submit("short")
        running.pass_time(10)
        assert running.pass_time(15) == 1


def test_an_early_event_comes_before_the_answer_to_its_post(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.gate.clear()
    with faulty(tmp_path) as running:
        endpoint = running.subscribe(receiver.url)
        body = {"model": "z-image", "prompt": "early"}
        headers = {"Idempotency-Key": "once"}
        # The receiver answers only after it was looked at, and the POST waits for that.
        with ThreadPoolExecutor(1) as pool:
            posted = pool.submit(
                running.api.post, "/api/v1/generations", json=body, headers=headers
            )
            callback = receiver.arrived.get(timeout=20)
            assert not posted.done()
            receiver.gate.set()
            answer = posted.result(20).json()
        repeated = running.api.post("/api/v1/generations", json=body, headers=headers).json()
        shown = running.api.get(f"/api/v1/generations/{answer['id']}").json()
        running.pass_time()

        assert callback.is_signed_by(endpoint["signing_secret"])
        assert callback.event["data"] == shown
        assert (answer["status"], shown["status"]) == ("queued", "succeeded")
        assert repeated == answer
        assert receiver.all() == [], "one generation has one event"
        assert running.journal()["events_count"] == 1


def test_an_early_failure_is_refunded(tmp_path: Path, receiver: Receiver) -> None:
    with faulty(tmp_path) as running:
        running.subscribe(receiver.url)
        before = running.api.get("/api/v1/credits").json()
        running.submit("early sandbox:fail")

        [callback] = receiver.all()

        assert json.loads(callback.body)["type"] == "generation.failed"
        assert running.api.get("/api/v1/credits").json() == before
