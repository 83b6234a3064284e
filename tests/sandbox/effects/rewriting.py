"""The other variants of what the documents leave open."""

from __future__ import annotations

import io

from ..conftest import png
from . import HELLO, World, seen_as


@seen_as("unknown_status")
def _(world: World) -> None:
    task = world.task()
    world.on()
    assert world.read(task).json()["status"] == "dreaming"
    world.hooked.pass_time()
    assert world.read(task).json()["status"] == "succeeded"


@seen_as("unknown_end")
def _(world: World) -> None:
    task = world.task()
    world.on(word="evaporated")
    assert world.read(task).json()["status"] == "queued"
    world.hooked.pass_time()
    assert world.read(task).json()["status"] == "evaporated"


@seen_as("fields_absent")
def _(world: World) -> None:
    world.on()
    task = world.post().json()
    assert set(task) == {"id", "status"}
    world.hooked.pass_time()
    assert set(world.read(task).json()) == {"id", "status", "result"}


@seen_as("credits_fractional")
def _(world: World) -> None:
    before = world.credits().json()["current_credits"]
    world.on()
    assert world.credits().json()["current_credits"] == before + 0.5
    assert '"reserved_credits": 1.0' in world.post().text
    turn = world.api.post("/api/v1/chat/completions", json=HELLO)
    assert '"credits": {"reserved": 3.0' in turn.text


@seen_as("session_behind")
def _(world: World) -> None:
    turn = world.api.post("/api/v1/chat/completions", json=HELLO).json()
    where = f"/api/v1/chat/sessions/{turn['session_id']}"
    assert len(world.api.get(where).json()["messages"]) == 2
    world.on()
    assert world.api.get(where).json()["messages"] == []
    assert world.api.get("/api/v1/chat/sessions").json()["data"]


@seen_as("unknown_members")
def _(world: World) -> None:
    world.on()
    answer = world.post().json()
    assert answer["region"] == "eu-9"
    assert answer["x_new_member"]
    assert answer["status"] == "queued"


@seen_as("file_spelling")
def _(world: World) -> None:
    world.on()
    given = {"file": ("a.png", io.BytesIO(png()))}
    answer = world.api.post("/api/v1/files", data={"kind": "image"}, files=given)
    assert answer.status_code == 201
    assert {"file_id", "mimeType", "sizeBytes"} <= set(answer.json())
    assert not {"id", "mime_type", "size_bytes"} & set(answer.json())


@seen_as("secret_spelling")
def _(world: World) -> None:
    world.on()
    endpoint = world.hooked.subscribe(world.receiver.url)
    assert endpoint["secret"].startswith("whsec_")
    assert "signing_secret" not in endpoint


@seen_as("models_sparse")
def _(world: World) -> None:
    world.on()
    models = world.api.get("/api/v1/models").json()["data"]
    assert all(model["params"] == [] for model in models)
    assert all(model["reference_media"] is None for model in models)


@seen_as("models_changed")
def _(world: World) -> None:
    before = [model["id"] for model in world.api.get("/api/v1/models").json()["data"]]
    world.on()
    after = world.api.get("/api/v1/models").json()["data"]
    assert before[0] not in [model["id"] for model in after]
    assert after[0]["category"] == "hologram"
    assert [model["id"] for model in after[1:]] == before[1:]


@seen_as("no_request_id")
def _(world: World) -> None:
    world.on()
    assert "X-Request-Id" not in world.credits().headers


@seen_as("idempotency_ignored")
def _(world: World) -> None:
    world.on()
    first, second = world.post("once").json(), world.post("once").json()
    assert first["id"] != second["id"]
    assert world.made() == 2
