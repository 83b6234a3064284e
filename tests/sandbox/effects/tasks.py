"""What becomes of generations, and of the callbacks about them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from ..webhook_receiver import Callback
from . import World, seen_as


@seen_as("queue_time")
def _(world: World) -> None:
    world.on(seconds=500, work_seconds=100)
    task = world.post().json()
    seen = []
    for seconds in (499, 50, 52):
        world.hooked.clock.advance(seconds)
        seen.append(world.read(task).json()["status"])
    assert seen == ["queued", "processing", "succeeded"]


@seen_as("task_failed", "unknown_failure")
def _(world: World) -> None:
    before = world.credits().json()
    world.on(probability=0.5, seed=4)
    tasks = [world.post().json() for _ in range(20)]
    world.hooked.pass_time()
    ended = [world.read(task).json() for task in tasks]
    failed = [task for task in ended if task["status"] == "failed"]
    assert 4 <= len(failed) <= 16
    code = "generation_failed" if world.name == "task_failed" else "moon_in_the_way"
    assert {task["error"]["code"] for task in failed} == {code}
    spent = before["current_credits"] - world.credits().json()["current_credits"]
    assert spent == 20 - len(failed)


@seen_as("credits_out_task")
def _(world: World) -> None:
    world.on(when="short", times=2)
    world.api.post("/_sandbox/balance", json={"credits": 1}).raise_for_status()
    paid, unpaid = world.post().json(), world.post().json()
    world.hooked.pass_time()
    assert world.read(paid).json()["status"] == "succeeded"
    shown = world.read(unpaid).json()
    assert (shown["status"], shown["reserved_credits"]) == ("failed", 0)
    assert shown["error"]["code"] == "insufficient_credits"
    assert world.credits().json() == {"current_credits": 0}


def told(world: World, **settings: Any) -> list[Callback]:
    """The callbacks about one generation while the scenario is on."""
    world.on(**settings)
    world.post()
    world.hooked.pass_time()
    return world.receiver.all()


@seen_as("webhook_duplicated")
def _(world: World) -> None:
    world.hooked.subscribe(world.receiver.url)
    callbacks = told(world, copies=4)
    assert len({callback.headers["rivya-event-id"] for callback in callbacks}) == 1
    assert len({callback.headers["rivya-delivery-id"] for callback in callbacks}) == 4


@seen_as("webhook_reordered")
def _(world: World) -> None:
    world.hooked.subscribe(world.receiver.url)
    world.on(times=1)
    first = world.post().json()["id"]
    world.hooked.pass_time(10)
    second = world.post().json()["id"]
    world.hooked.pass_time(10)
    assert [callback.event["data"]["id"] for callback in world.receiver.all()] == [second, first]


@seen_as("webhook_late")
def _(world: World) -> None:
    world.hooked.subscribe(world.receiver.url)
    assert told(world, seconds=300) == []
    world.hooked.pass_time(300)
    assert len(world.receiver.all()) == 1


@seen_as("webhook_never")
def _(world: World) -> None:
    world.hooked.subscribe(world.receiver.url)
    assert told(world) == []
    assert world.hooked.pass_time(10**6) == 0
    assert world.hooked.journal()["events_count"] == 1


@seen_as("webhook_bad_signature")
def _(world: World) -> None:
    secret = world.hooked.subscribe(world.receiver.url)["signing_secret"]
    [callback] = told(world)
    assert not callback.is_signed_by(secret)
    assert callback.signed_at == int(world.hooked.clock())


@seen_as("webhook_old_timestamp")
def _(world: World) -> None:
    secret = world.hooked.subscribe(world.receiver.url)["signing_secret"]
    [callback] = told(world)
    assert callback.is_signed_by(secret)
    assert callback.signed_at == int(world.hooked.clock()) - 3600


@seen_as("webhook_early")
def _(world: World) -> None:
    world.hooked.subscribe(world.receiver.url)
    world.on()
    task = world.post().json()
    [callback] = world.receiver.all()
    assert callback.event["data"]["id"] == task["id"]
    assert task["status"] == "queued"


@seen_as("webhook_wrapped")
def _(world: World) -> None:
    world.hooked.subscribe(world.receiver.url)
    for member in ("object", "generation"):
        world.off()
        [callback] = told(world, member=member)
        assert set(callback.event["data"]) == {member}
        assert callback.event["data"][member]["status"] == "succeeded"


@seen_as("webhook_scheme")
def _(world: World) -> None:
    secret = world.hooked.subscribe(world.receiver.url)["signing_secret"]
    [callback] = told(world, scheme="two_signatures")
    stamp, foreign, own = callback.headers["rivya-signature"].split(",")
    signed = f"{stamp.removeprefix('t=')}.".encode() + callback.body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256)
    assert own == f"v1={expected.hexdigest()}" != foreign

    world.off()
    [callback] = told(world, scheme="base64")
    stamp, _, given = callback.headers["rivya-signature"].partition(",v1=")
    signed = f"{stamp.removeprefix('t=')}.".encode() + callback.body
    assert base64.b64decode(given) == hmac.digest(secret.encode(), signed, "sha256")

    world.off()
    [callback] = told(world, scheme="standard")
    marks = [callback.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature")]
    signed = f"{marks[0]}.{marks[1]}.".encode() + callback.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert marks[2] == f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
