"""The control routes: the truth for tests, and the sandbox's knobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import running_sandbox

from .conftest import FULL, Hooked, hooked_sandbox, png, refusal
from .webhook_receiver import Receiver

BOAT = {"model": "z-image", "prompt": "A boat"}


def switch(api: httpx.Client, name: str, **settings: Any) -> httpx.Response:
    return api.post("/_sandbox/scenarios", json={"scenario": name, **settings})


def statuses(api: httpx.Client, count: int, **headers: str) -> list[int]:
    return [api.get("/api/v1/credits", headers=headers).status_code for _ in range(count)]


def test_it_works(hooked: Hooked, receiver: Receiver) -> None:
    hooked.subscribe(receiver.url)
    given = {"file": ("a.png", png())}
    hooked.api.post("/api/v1/files", data={"kind": "image"}, files=given)
    for key in ("one", "one", "two"):
        hooked.api.post("/api/v1/generations", json=BOAT, headers={"Idempotency-Key": key})
    talk = {"model": "gpt-5-2-chat", "message": "Hello"}
    hooked.api.post("/api/v1/chat/completions", json=talk, headers={"Idempotency-Key": "talk"})
    hooked.pass_time()

    journal = hooked.api.get("/_sandbox/journal").json()
    only = hooked.api.get("/_sandbox/journal?idempotency_key=one").json()

    by_key = journal["by_idempotency_key"]
    assert {key: len(made["generations"]) for key, made in by_key.items()} == {
        "one": 1,
        "two": 1,
        "talk": 0,
    }
    assert [by_key[key]["deliveries"] for key in ("one", "two", "talk")] == [1, 1, 0]
    assert sum(made["charged_credits"] for made in by_key.values()) == journal["charged_credits"]
    assert journal["ledger_sum"] == journal["balance"] == 5000 - journal["charged_credits"]
    [upload] = journal["uploads"]
    assert (upload["kind"], upload["is_stored"]) == ("image", True)
    assert only["generations_count"] == 1


def test_requests_are_remembered_with_what_met_them(hooked: Hooked) -> None:
    switch(hooked.api, "unavailable", times=1)
    hooked.api.post("/api/v1/generations", json=BOAT, headers={"Idempotency-Key": "one"})
    hooked.api.get("/api/v1/credits")

    seen = hooked.api.get("/_sandbox/requests?limit=2").json()

    assert seen["count"] == 2
    newest, first = seen["data"]
    assert (newest["path"], newest["status"], newest["scenarios"]) == ("/api/v1/credits", 200, [])
    assert (first["status"], first["scenarios"]) == (503, ["unavailable"])
    assert (first["idempotency_key"], first["key"]) == ("one", "rvya_sk_sandbox_full")


def test_a_switch_for_one_key_leaves_the_others_alone(hooked: Hooked) -> None:
    key = "rvya_sk_sandbox_readonly"
    made = switch(hooked.api, "server_error", key=key).json()

    assert statuses(hooked.api, 1) == [200]
    assert statuses(hooked.api, 1, Authorization=f"Bearer {key}") == [500]
    listed = hooked.api.get("/_sandbox/scenarios").json()["switches"]
    assert [(one["id"], one["key"], one["requests_met"]) for one in listed] == [
        (made["id"], key, 1)
    ]
    assert hooked.api.delete(f"/_sandbox/scenarios/{made['id']}").status_code == 200
    assert statuses(hooked.api, 1, Authorization=f"Bearer {key}") == [200]


def test_a_result_belongs_to_the_key_that_made_it(hooked: Hooked) -> None:
    task = hooked.submit()
    hooked.pass_time()
    link = hooked.api.get(f"/api/v1/generations/{task['id']}").json()["result"]["primary_url"]

    other = switch(hooked.api, "result_expired", key="rvya_sk_sandbox_other").json()
    assert httpx.get(link).status_code == 200
    hooked.api.delete(f"/_sandbox/scenarios/{other['id']}")
    switch(hooked.api, "result_expired", key="rvya_sk_sandbox_full")
    assert httpx.get(link).status_code == 403


def test_a_switch_outlives_a_restart_with_its_count(tmp_path: Path) -> None:
    with hooked_sandbox(tmp_path) as running:
        switch(running.api, "server_error", times=3)
        assert statuses(running.api, 2) == [500, 500]
    with hooked_sandbox(tmp_path) as again:
        assert statuses(again.api, 2) == [500, 200]


def test_skip_times_and_routes_limit_a_switch(hooked: Hooked) -> None:
    switch(hooked.api, "server_error", skip=1, times=2, routes="credits")

    assert hooked.api.get("/api/v1/models").status_code == 200
    assert statuses(hooked.api, 4) == [200, 500, 500, 200]


def test_a_probability_with_a_seed_picks_the_same_requests_every_time(hooked: Hooked) -> None:
    runs = []
    for seed in (7, 7, 8):
        switch(hooked.api, "server_error", probability=0.4, seed=seed)
        runs.append(statuses(hooked.api, 30))
        hooked.api.delete("/_sandbox/scenarios")

    assert runs[0] == runs[1] != runs[2]
    assert 4 <= runs[0].count(500) <= 20


def test_a_header_asks_for_one_request(hooked: Hooked) -> None:
    asked = {"X-Sandbox-Scenario": "other_success_status;status=203, no_request_id"}

    answer = hooked.api.get("/api/v1/credits", headers=asked)

    assert answer.status_code == 203
    assert "X-Request-Id" not in answer.headers
    assert statuses(hooked.api, 1) == [200]
    limited = {"X-Sandbox-Scenario": "server_error;times=2"}
    assert statuses(hooked.api, 3, **limited) == [500, 500, 200]


def test_what_a_post_asks_for_beyond_itself_stays_with_its_task(hooked: Hooked) -> None:
    asked = {"X-Sandbox-Scenario": "task_lost;times=1, result_expired"}
    marked = hooked.api.post("/api/v1/generations", json=BOAT, headers=asked).json()
    plain = hooked.submit()
    hooked.pass_time()

    read = [hooked.api.get(f"/api/v1/generations/{task['id']}") for task in (plain, marked, marked)]

    assert [answer.status_code for answer in read] == [200, 404, 200]
    links = [read[index].json()["result"]["primary_url"] for index in (0, 2)]
    assert [httpx.get(link).status_code for link in links] == [200, 403]


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("nonsense", "nonsense is no scenario"),
        ("server_error;speed=2", "speed is no setting"),
        ("server_error;times", "times=value"),
        ("server_error;times=x", "times must be a whole number"),
        ("server_error;probability=2", "probability must be from 0 to 1"),
        ("server_error;probability=nan", "probability must be from 0 to 1"),
        ("rate_limited;retry_after=never", "retry_after must be one of"),
        ("task_lost;routes=credits", "task_lost does not act on credits"),
        ("task_lost;routes=kitchen", "kitchen is no route"),
        (",".join(["latency"] * 11), "at most 10"),
    ],
)
def test_a_header_that_can_not_be_read_says_why(hooked: Hooked, header: str, named: str) -> None:
    answer = hooked.api.get("/api/v1/credits", headers={"X-Sandbox-Scenario": header})

    assert refusal(answer) == (400, "validation_failed")
    assert named in answer.json()["error"]["message"]
    name, *pairs = header.split(",")[0].split(";")
    settings = dict(pair.split("=") for pair in pairs if "=" in pair)
    if settings:
        assert switch(hooked.api, name, **settings).status_code == 400


def test_scenarios_compose(hooked: Hooked) -> None:
    switch(hooked.api, "unknown_members")
    switch(hooked.api, "other_success_status", status=206)

    answer = hooked.api.get("/api/v1/credits")

    assert (answer.status_code, answer.json()["region"]) == (206, "eu-9")


def test_the_clock_moves_and_wakes_who_sends(hooked: Hooked, receiver: Receiver) -> None:
    hooked.subscribe(receiver.url)
    task = hooked.submit()

    moved = hooked.api.post("/_sandbox/clock", json={"seconds": 60}).json()

    assert receiver.arrived.get(timeout=20).event["data"]["id"] == task["id"]
    assert moved["ahead_seconds"] == 60
    assert hooked.api.get("/_sandbox/clock").json() == moved
    for seconds in (-1, True, "1", None, 1e12):
        answer = hooked.api.post("/_sandbox/clock", json={"seconds": seconds})
        assert refusal(answer) == (400, "validation_failed")


def test_a_moved_clock_outlives_a_restart(tmp_path: Path) -> None:
    with hooked_sandbox(tmp_path) as running:
        task = running.submit()
        running.api.post("/_sandbox/clock", json={"seconds": 60})
    with hooked_sandbox(tmp_path) as again:
        assert again.api.get("/_sandbox/clock").json()["ahead_seconds"] == 60
        shown = again.api.get(f"/api/v1/generations/{task['id']}").json()
        assert shown["status"] == "succeeded"


def test_a_wallet_can_be_set(hooked: Hooked) -> None:
    for credits in (3, 3, 900):
        answer = hooked.api.post("/_sandbox/balance", json={"credits": credits})
        assert answer.json() == {"account": "sandbox", "balance": credits}
    assert hooked.api.get("/api/v1/credits").json() == {"current_credits": 900}
    journal = hooked.api.get("/_sandbox/journal").json()
    assert journal["ledger_sum"] == 900
    for body in ({"credits": -1}, {"credits": 1.5}, {}, {"credits": True}):
        answer = hooked.api.post("/_sandbox/balance", json=body)
        assert refusal(answer) == (400, "validation_failed")
    nobody = hooked.api.post("/_sandbox/balance", json={"credits": 1, "account": "nobody"})
    assert refusal(nobody) == (404, "not_found")


def test_a_key_is_revoked_and_restored(tmp_path: Path) -> None:
    path = "/_sandbox/keys/rvya_sk_sandbox_full"
    with hooked_sandbox(tmp_path) as running:
        assert running.api.post(f"{path}/revoke").json()["state"] == "revoked"
        assert refusal(running.api.get("/api/v1/credits")) == (401, "api_key_revoked")
    with hooked_sandbox(tmp_path) as again:
        assert statuses(again.api, 1) == [401]
        again.api.post(f"{path}/restore")
        assert statuses(again.api, 1) == [200]
        states = {
            key["key"]: key["state"] for key in again.api.get("/_sandbox/keys").json()["data"]
        }
        assert states["rvya_sk_sandbox_full"] == "active"
        assert again.api.post(f"{path}/polish").status_code == 404
        assert again.api.post("/_sandbox/keys/nobody/revoke").status_code == 404


def test_a_reset_begins_anew(hooked: Hooked, receiver: Receiver) -> None:
    hooked.subscribe(receiver.url)
    task = hooked.submit()
    hooked.api.post("/api/v1/files", data={"kind": "image"}, files={"file": ("a.png", png())})
    hooked.api.post("/_sandbox/clock", json={"seconds": 60})
    hooked.api.post("/_sandbox/keys/rvya_sk_sandbox_other/revoke")
    switch(hooked.api, "latency", seconds=0)

    assert hooked.api.post("/_sandbox/reset").json() == {"balance": 5000}

    journal = hooked.api.get("/_sandbox/journal").json()
    assert (journal["generations"], journal["uploads"], len(journal["ledger"])) == ([], [], 1)
    assert journal["webhooks"]["endpoints"] == []
    assert hooked.api.get("/_sandbox/clock").json()["ahead_seconds"] == 0
    assert hooked.api.get("/_sandbox/scenarios").json()["switches"] == []
    assert hooked.api.get("/_sandbox/requests").json()["count"] == 0
    assert statuses(hooked.api, 1, Authorization="Bearer rvya_sk_sandbox_other") == [200]
    assert hooked.api.get(f"/api/v1/generations/{task['id']}").status_code == 404
    assert hooked.submit()["status"] == "queued"


CONTROL = [
    ("GET", "/_sandbox/journal"),
    ("GET", "/_sandbox/requests"),
    ("GET", "/_sandbox/scenarios"),
    ("POST", "/_sandbox/scenarios"),
    ("DELETE", "/_sandbox/scenarios"),
    ("DELETE", "/_sandbox/scenarios/one"),
    ("GET", "/_sandbox/clock"),
    ("POST", "/_sandbox/clock"),
    ("POST", "/_sandbox/balance"),
    ("GET", "/_sandbox/keys"),
    ("POST", "/_sandbox/keys/a/revoke"),
    ("POST", "/_sandbox/dispatch"),
    ("POST", "/_sandbox/reset"),
]


@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_a_page_of_another_site_controls_nothing(hooked: Hooked, method: str, path: str) -> None:
    strangers = [{"Host": "rebound.example"}]
    if method != "GET":
        strangers += [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ]
    for headers in strangers:
        answer = hooked.api.request(method, path, headers=headers)
        assert refusal(answer) == (403, "control_denied"), headers


@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_a_control_token_is_asked_for_where_one_is_set(
    tmp_path: Path, method: str, path: str
) -> None:
    choices = Choices(control_token="open sesame")
    with (
        running_sandbox(tmp_path, choices=choices) as running,
        httpx.Client(base_url=running.base_url, headers=FULL) as api,
    ):
        assert refusal(api.request(method, path)) == (403, "control_denied")
        wrong = api.request(method, path, headers={"X-Sandbox-Token": "open"})
        assert refusal(wrong) == (403, "control_denied")
        right = api.request(method, path, headers={"X-Sandbox-Token": "open sesame"})
        assert right.status_code != 403
        assert api.get("/api/v1/credits").status_code == 200


def test_control_routes_are_not_part_of_the_api(hooked: Hooked) -> None:
    document = hooked.api.get("/api/v1/openapi.json").text

    assert "_sandbox" not in document
    assert hooked.api.get("/sandbox/journal").status_code == 404
