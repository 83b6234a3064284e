"""Events and their callbacks: a real sandbox, a real receiver, a clock that is moved."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from rivya_bridge.sandbox.choices import Choices

from .conftest import START, Hooked, hooked_sandbox, refusal
from .webhook_receiver import Receiver, receiving

EVENTS = "/api/v1/webhook-events"
WAITS = [60, 300, 1800, 7200, 43200]


def test_it_works(hooked: Hooked, receiver: Receiver) -> None:
    endpoint = hooked.subscribe(receiver.url)
    task = hooked.submit()
    assert hooked.pass_time(0.0) == 0

    assert hooked.pass_time() == 1

    callback = receiver.arrived.get(timeout=10)
    assert callback.path == "/hook"
    assert callback.is_signed_by(endpoint["signing_secret"])
    assert callback.signed_at == int(START) + 60
    shown = hooked.api.get(f"/api/v1/generations/{task['id']}").json()
    event = callback.event
    assert event["data"] == shown and shown["status"] == "succeeded"
    assert (event["type"], event["api_version"]) == ("generation.succeeded", "2026-05-11")
    assert event["created_at"] == shown["updated_at"]
    assert callback.headers["content-type"] == "application/json"
    assert callback.headers["user-agent"] == "Rivya-Webhooks/1.0"
    assert callback.headers["rivya-event-id"] == event["id"]
    assert callback.headers["rivya-event-type"] == event["type"]
    [delivery] = hooked.deliveries(endpoint)
    assert delivery.pop("duration_ms") >= 0
    assert delivery == {
        "id": callback.headers["rivya-delivery-id"],
        "object": "webhook_delivery",
        "endpoint_id": endpoint["id"],
        "event_id": event["id"],
        "event_type": event["type"],
        "attempt": 1,
        "status": "succeeded",
        "response_status": 204,
        "error": None,
        "created_at": "2027-01-15T08:01:00.000Z",
        "next_attempt_at": None,
    }
    assert hooked.api.get(EVENTS).json() == {"object": "list", "data": [event]}
    assert hooked.pass_time(86400) == 0 and receiver.all() == []


def test_an_endpoint_gets_the_types_it_asked_for(hooked: Hooked, receiver: Receiver) -> None:
    hooked.subscribe(receiver.url, "generation.failed")
    hooked.submit()
    failing = hooked.submit("sandbox:fail")

    hooked.pass_time()

    [callback] = receiver.all()
    assert callback.event["type"] == "generation.failed"
    assert callback.event["data"]["id"] == failing["id"]
    assert callback.event["data"]["error"]["code"] == "generation_failed"
    assert len(hooked.api.get(EVENTS).json()["data"]) == 2


def test_a_failed_attempt_is_repeated_six_times_in_all(hooked: Hooked, receiver: Receiver) -> None:
    receiver.statuses = [500, 404, 302, 503, 400, 500]
    receiver.answer_headers = {"Location": receiver.url}
    endpoint = hooked.subscribe(receiver.url)
    hooked.submit()
    assert hooked.pass_time() == 1

    for wait in WAITS:
        assert hooked.pass_time(wait - 1) == 0
        assert hooked.pass_time(1) == 1
    assert hooked.pass_time(10**6) == 0

    callbacks = receiver.all()
    assert len(callbacks) == 6
    assert len({callback.headers["rivya-event-id"] for callback in callbacks}) == 1
    assert len({callback.headers["rivya-delivery-id"] for callback in callbacks}) == 6
    assert len({callback.body for callback in callbacks}) == 1
    times = [callback.signed_at for callback in callbacks]
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == WAITS
    assert all(callback.is_signed_by(endpoint["signing_secret"]) for callback in callbacks)
    records = hooked.deliveries(endpoint)
    assert [record["attempt"] for record in records] == [6, 5, 4, 3, 2, 1]
    assert {record["status"] for record in records} == {"failed"}
    assert [record["response_status"] for record in records] == [500, 400, 503, 302, 404, 500]
    assert records[0]["next_attempt_at"] is None
    assert records[-1]["next_attempt_at"] == "2027-01-15T08:02:00.000Z"
    shown = hooked.endpoint(endpoint)
    assert (shown["failure_count"], shown["last_success_at"]) == (6, None)


def test_a_success_resets_the_count_of_failures(hooked: Hooked, receiver: Receiver) -> None:
    receiver.statuses = [500, 200]
    endpoint = hooked.subscribe(receiver.url)
    hooked.submit()

    hooked.pass_time()
    failed = hooked.endpoint(endpoint)
    waiting = hooked.deliveries(endpoint)
    hooked.pass_time()
    succeeded = hooked.endpoint(endpoint)

    assert (failed["failure_count"], failed["last_success_at"]) == (1, None)
    assert [(entry["attempt"], entry["status"]) for entry in waiting] == [
        (2, "pending"),
        (1, "failed"),
    ]
    assert waiting[0]["next_attempt_at"] == waiting[1]["next_attempt_at"]
    assert succeeded["failure_count"] == 0
    assert succeeded["last_success_at"] > succeeded["last_failure_at"] == failed["last_failure_at"]


def test_waits_are_scaled(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses = [500]
    choices = Choices(allow_local_webhooks=True, webhook_retry_scale=0.1)
    with hooked_sandbox(tmp_path, choices=choices) as running:
        running.subscribe(receiver.url)
        running.submit()
        running.pass_time()
        assert running.pass_time(5.9) == 0
        assert running.pass_time(0.2) == 1


@pytest.mark.parametrize("how", ["disable", "revoke"])
def test_an_endpoint_that_ended_gets_nothing_more(
    hooked: Hooked, receiver: Receiver, how: str
) -> None:
    receiver.statuses = [500]
    endpoint = hooked.subscribe(receiver.url)
    hooked.submit()
    hooked.pass_time()
    one = f"/api/v1/webhooks/{endpoint['id']}"

    if how == "disable":
        hooked.api.patch(one, json={"status": "disabled"})
    else:
        hooked.api.delete(one)
    hooked.submit()

    assert hooked.pass_time(86400) == 0
    assert len(receiver.all()) == 1
    assert [entry["status"] for entry in hooked.deliveries(endpoint)] == ["failed", "failed"]
    if how == "disable":
        hooked.api.patch(one, json={"status": "active"})
        assert hooked.pass_time(86400) == 0
        hooked.submit()
        assert hooked.pass_time() == 1


def test_an_endpoint_disabled_during_an_attempt_gets_no_retry(
    hooked: Hooked, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    receiver.gate.clear()
    endpoint = hooked.subscribe(receiver.url)
    hooked.submit()
    hooked.clock.advance(60)
    hooked.api.get("/api/v1/credits")
    receiver.arrived.get(timeout=20)

    hooked.api.patch(f"/api/v1/webhooks/{endpoint['id']}", json={"status": "disabled"})
    receiver.gate.set()
    hooked.pass_time(86400)

    [delivery] = hooked.deliveries(endpoint)
    assert (delivery["response_status"], delivery["next_attempt_at"]) == (500, None)
    assert receiver.all() == []


def test_an_endpoint_made_later_gets_no_earlier_event(hooked: Hooked, receiver: Receiver) -> None:
    hooked.submit()
    hooked.clock.advance(60)
    hooked.subscribe(receiver.url)

    assert hooked.pass_time() == 0


def test_the_new_secret_signs_from_the_rotation_on(hooked: Hooked, receiver: Receiver) -> None:
    receiver.statuses = [500]
    endpoint = hooked.subscribe(receiver.url)
    hooked.submit()
    hooked.pass_time()
    rotated = hooked.api.post(f"/api/v1/webhooks/{endpoint['id']}/rotate-secret").json()
    hooked.pass_time()

    first, second = receiver.all()

    assert first.is_signed_by(endpoint["signing_secret"])
    assert second.is_signed_by(rotated["signing_secret"])
    assert not second.is_signed_by(endpoint["signing_secret"])


def test_a_test_event_is_safe_and_is_answered_with_its_record(
    hooked: Hooked, receiver: Receiver
) -> None:
    endpoint = hooked.subscribe(receiver.url, "generation.succeeded")
    one = f"/api/v1/webhooks/{endpoint['id']}/test"
    receiver.statuses = [200, 500]

    good = hooked.api.post(one).json()
    bad = hooked.api.post(one, json={"event_type": "generation.failed"}).json()

    first, second = receiver.all()
    assert first.is_signed_by(endpoint["signing_secret"])
    assert first.event["data"]["test"] is True and first.event["data"]["result"]
    assert second.event["type"] == "generation.failed" and second.event["data"]["error"]
    assert good["id"] == first.headers["rivya-delivery-id"]
    assert (good["status"], good["response_status"]) == ("succeeded", 200)
    assert (bad["status"], bad["response_status"]) == ("failed", 500)
    assert hooked.pass_time(86400) == 0, "a test is not repeated"
    unknown = hooked.api.get(f"/api/v1/generations/{first.event['data']['id']}")
    assert refusal(unknown) == (404, "not_found")
    for sent in ({"event_type": "chat.done"}, {"event_type": []}, {"colour": "red"}):
        assert refusal(hooked.api.post(one, json=sent)) == (400, "validation_failed")
    assert hooked.api.get("/_sandbox/journal").json()["generations_count"] == 0


def test_lists_are_newest_first_and_limited(hooked: Hooked, receiver: Receiver) -> None:
    endpoint = hooked.subscribe(receiver.url)
    made = []
    for _ in range(3):
        made.append(hooked.submit()["id"])
        hooked.pass_time()

    events = hooked.api.get(EVENTS, params={"limit": 2}).json()["data"]
    deliveries = hooked.api.get(
        f"/api/v1/webhooks/{endpoint['id']}/deliveries", params={"limit": 2}
    ).json()["data"]

    assert [event["data"]["id"] for event in events] == [made[2], made[1]]
    assert [entry["event_id"] for entry in deliveries] == [event["id"] for event in events]


def test_a_dead_endpoint_delays_no_other(tmp_path: Path) -> None:
    choices = Choices(
        allow_local_webhooks=True, webhook_connections=4, webhook_connections_per_endpoint=2
    )
    with (
        hooked_sandbox(tmp_path, choices=choices) as running,
        receiving() as dead,
        receiving() as alive,
    ):
        dead.gate.clear()
        running.subscribe(dead.url)
        running.subscribe(alive.url)
        tasks = {running.submit()["id"] for _ in range(8)}
        running.clock.advance(60)
        running.api.get("/api/v1/credits")

        came = {alive.arrived.get(timeout=20).event["data"]["id"] for _ in range(8)}

        assert came == tasks
        for _ in range(2):
            dead.arrived.get(timeout=20)
        assert dead.arrived.empty(), "no more than the limit of one endpoint is under way"
        assert running.api.get("/api/v1/credits").status_code == 200
        dead.gate.set()
        running.pass_time(0)
        assert running.journal()["deliveries_by_status"] == {"succeeded": 16}


def test_the_journal_tells_all(hooked: Hooked, receiver: Receiver) -> None:
    receiver.statuses = [500]
    endpoint = hooked.subscribe(receiver.url)
    task = hooked.submit()
    hooked.pass_time()
    hooked.api.post(f"/api/v1/webhooks/{endpoint['id']}/test")

    journal = hooked.journal()

    assert (journal["endpoints_count"], journal["events_count"]) == (1, 2)
    assert journal["deliveries_count"] == 3
    assert journal["deliveries_by_status"] == {"failed": 1, "pending": 1, "succeeded": 1}
    assert journal["endpoints"] == [hooked.endpoint(endpoint)]
    real, test = journal["events"]
    assert (real["generation_id"], real["is_test"], real["fault"]) == (task["id"], False, None)
    assert [entry["attempt"] for entry in real["deliveries"]] == [1, 2]
    assert (test["generation_id"], test["is_test"]) == (None, True)
    assert json.loads(real["body"])["id"] == real["id"]
    other = hooked.api.get("/_sandbox/journal?account=other").json()
    assert other["webhooks"]["events_count"] == other["generations_count"] == 0
    assert other["balance"] == 5000
