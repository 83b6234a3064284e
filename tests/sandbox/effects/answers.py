"""Answers instead of the usual one."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx

from . import HELLO, World, error_code, seen_as


@seen_as("rate_limited")
def _(world: World) -> None:
    waits = {}
    for form in ("none", "seconds", "date", "nonsense"):
        world.off()
        world.on(retry_after=form, seconds=90)
        answer = world.credits()
        assert (answer.status_code, error_code(answer)) == (429, "rate_limited")
        waits[form] = answer.headers.get("Retry-After")
    date = parsedate_to_datetime(waits.pop("date")).timestamp()
    assert date == int(world.hooked.clock()) + 90
    assert waits == {"none": None, "seconds": "90", "nonsense": "soon"}


@seen_as("server_error")
def _(world: World) -> None:
    world.on(times=1)
    answer = world.post("once")
    assert (answer.status_code, error_code(answer)) == (500, "internal_error")
    assert world.made() == 0
    world.on(when="after", times=1)
    assert world.post("once").status_code == 500
    assert world.made() == 1
    assert world.post("once").status_code == 202
    assert world.made() == 1


@seen_as("bad_gateway", "unavailable", "gateway_timeout")
def _(world: World) -> None:
    world.on(when="after")
    answer = world.post()
    expected = {"bad_gateway": 502, "unavailable": 503, "gateway_timeout": 504}
    assert answer.status_code == expected[world.name]
    assert answer.headers["Content-Type"].startswith("text/html")
    assert world.made() == 1


@seen_as("api_disabled")
def _(world: World) -> None:
    world.on()
    answer = world.credits()
    assert (answer.status_code, error_code(answer)) == (503, "public_api_disabled")


@seen_as("redirected")
def _(world: World) -> None:
    world.on(to="/elsewhere")
    answer = world.post()
    assert (answer.status_code, answer.headers["Location"]) == (307, "/elsewhere")
    assert world.made() == 0
    world.off()
    world.on(status=301)
    assert world.credits().headers["Location"] == "/api/v1/credits"


@seen_as("stream_missing")
def _(world: World) -> None:
    world.on()
    answer = world.api.post("/api/v1/chat/completions/stream", json=HELLO)
    assert (answer.status_code, error_code(answer)) == (404, "not_found")
    assert world.api.post("/api/v1/chat/completions", json=HELLO).status_code == 200


@seen_as("unknown_error")
def _(world: World) -> None:
    world.on(status=451)
    answer = world.post()
    assert (answer.status_code, error_code(answer)) == (451, "quota_of_the_moon")
    assert world.made() == 0


@seen_as("task_lost")
def _(world: World) -> None:
    task = world.task()
    world.on(times=2)
    answers = [world.read(task) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 200]
    assert error_code(answers[0]) == "not_found"


@seen_as("credits_out")
def _(world: World) -> None:
    world.on()
    answer = world.post()
    assert (answer.status_code, error_code(answer)) == (402, "insufficient_credits")
    assert world.made() == 0


@seen_as("credits_shown")
def _(world: World) -> None:
    before = world.credits().json()["current_credits"]
    world.on(credits=7)
    assert world.credits().json() == {"current_credits": 7}
    world.off()
    assert world.credits().json()["current_credits"] == before


@seen_as("key_revoked")
def _(world: World) -> None:
    world.on(skip=2)
    assert [world.credits().status_code for _ in range(4)] == [200, 200, 401, 401]
    world.off()
    world.on(code="api_scope_denied")
    answer = world.credits()
    assert (answer.status_code, error_code(answer)) == (403, "api_scope_denied")


@seen_as("idempotency_conflict")
def _(world: World) -> None:
    world.on(when="after", times=1)
    answer = world.post("once")
    assert (answer.status_code, error_code(answer)) == (409, "idempotency_conflict")
    assert world.post("once").status_code == 202
    assert world.made() == 1


@seen_as("other_success_status")
def _(world: World) -> None:
    world.on(status=299)
    answer = world.post()
    assert (answer.status_code, answer.json()["status"]) == (299, "queued")


@seen_as("models_need_key")
def _(world: World) -> None:
    world.on()
    anonymous = httpx.get(f"{world.api.base_url}/api/v1/models")
    assert (anonymous.status_code, error_code(anonymous)) == (401, "api_key_missing")
    assert world.api.get("/api/v1/models").status_code == 200
