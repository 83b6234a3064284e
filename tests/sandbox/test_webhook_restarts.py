"""Restarts, stops and kills in the middle: rows are the queue, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from rivya_bridge.sandbox.choices import Choices

from .conftest import FULL, Clock, Hooked, hooked_sandbox
from .webhook_receiver import Receiver


@contextmanager
def started(folder: Path, speed: int) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The sandbox as a process of its own, with a clock that runs; killed when the block ends."""
    command = [sys.executable, "-m", "rivya_bridge.sandbox", "--port", "0", "--speed", str(speed)]
    command += ["--allow-local-webhooks", "--data-dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            with httpx.Client(base_url=address, headers=FULL, timeout=30) as api:
                yield process, api
        finally:
            process.kill()


def test_it_needs_nobody_to_look(tmp_path: Path, receiver: Receiver) -> None:
    """With a clock that runs, the callback comes by itself."""
    with started(tmp_path, speed=100) as (process, api):
        running = Hooked(api, Clock())
        endpoint = running.subscribe(receiver.url)
        task = running.submit()
        callback = receiver.arrived.get(timeout=20)
        process.terminate()
        assert process.wait(10) == 0

    assert callback.event["data"]["id"] == task["id"]
    assert callback.is_signed_by(endpoint["signing_secret"])


def test_a_restart_sends_what_was_left(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses = [500]
    with hooked_sandbox(tmp_path) as first:
        endpoint = first.subscribe(receiver.url)
        first.submit()
        first.pass_time()
        unended = first.submit()
    first.clock.advance(60)

    with hooked_sandbox(tmp_path, clock=first.clock) as second:
        second.pass_time(0)
        journal = second.journal()

    failed, repeated, late = sorted(receiver.all(), key=lambda callback: callback.signed_at)[:3]
    bodies = {failed.body, repeated.body, late.body}
    assert len(bodies) == 2
    assert unended["id"] in {json.loads(body)["data"]["id"] for body in bodies}
    assert all(c.is_signed_by(endpoint["signing_secret"]) for c in (failed, repeated, late))
    assert journal["deliveries_by_status"] == {"failed": 1, "succeeded": 2}


def test_a_clean_stop_cuts_an_attempt_and_blames_nobody(tmp_path: Path, receiver: Receiver) -> None:
    receiver.gate.clear()
    with hooked_sandbox(tmp_path) as first:
        endpoint = first.subscribe(receiver.url)
        first.submit()
        first.clock.advance(60)
        first.api.get("/api/v1/credits")
        receiver.arrived.get(timeout=20)
    receiver.gate.set()

    with hooked_sandbox(tmp_path, clock=first.clock) as second:
        second.pass_time(0)
        records = second.deliveries(endpoint)
        shown = second.endpoint(endpoint)

    assert [(entry["attempt"], entry["status"]) for entry in records] == [
        (1, "succeeded"),
        (1, "failed"),
    ]
    assert "stopped" in records[1]["error"]
    assert (shown["failure_count"], shown["last_failure_at"]) == (0, None)


def test_a_killed_sandbox_sends_again_with_a_new_delivery_id(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.gate.clear()
    with started(tmp_path, speed=1000) as (process, api):
        running = Hooked(api, Clock())
        endpoint = running.subscribe(receiver.url)
        running.submit()
        first = receiver.arrived.get(timeout=20)
        process.kill()
        process.wait(10)
    receiver.gate.set()

    with started(tmp_path, speed=1000) as (process, api):
        second = receiver.arrived.get(timeout=20)
        api.post("/_sandbox/dispatch")
        journal = api.get("/_sandbox/journal").json()["webhooks"]

    assert second.body == first.body and second.is_signed_by(endpoint["signing_secret"])
    assert second.headers["rivya-delivery-id"] != first.headers["rivya-delivery-id"]
    assert [entry["status"] for entry in journal["events"][0]["deliveries"]] == [
        "failed",
        "succeeded",
    ]
    assert journal["events_count"] == 1


def test_a_url_that_is_no_longer_allowed_is_not_called(tmp_path: Path, receiver: Receiver) -> None:
    with hooked_sandbox(tmp_path) as first:
        endpoint = first.subscribe(receiver.url)
        first.submit()
    with hooked_sandbox(tmp_path, clock=first.clock, choices=Choices()) as second:
        second.pass_time()
        attempt = second.deliveries(endpoint)[-1]

    assert attempt["status"] == "failed" and "webhook_url_rejected" in attempt["error"]
    assert receiver.all() == []
