"""What the sandbox serves has the shapes of the samples; the client's tests read the same files.

Fields may be added without a new version, so that a member more is no fault; one that is missing, or of
another type, is. Errors are compared word for word in their codes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.samples import misfits, names, sample, shape_of
from tests.sandbox.conftest import FULL, Hooked, hooked_sandbox, png
from tests.sandbox.webhook_receiver import receiving

BOAT = {"model": "z-image", "prompt": "A boat"}
HELLO = {"model": "gpt-5-2-chat", "message": "Tell me of a boat on a lake, please."}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """One answer of each shape, by the names of the samples that it has to fit."""
    with (
        receiving() as receiver,
        hooked_sandbox(tmp_path_factory.mktemp("samples")) as hooked,
    ):
        yield _ask_for_everything(hooked, receiver.url, lambda: receiver.all()[-1].event)


def _ask_for_everything(
    hooked: Hooked, url: str, last_event: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    api = hooked.api

    def get(path: str) -> Any:
        return api.get(f"/api/v1{path}").raise_for_status().json()

    def post(path: str, **body: Any) -> Any:
        return api.post(f"/api/v1{path}", json=body).raise_for_status().json()

    found: dict[str, Any] = {"webhook/created": hooked.subscribe(url)}
    endpoint = found["webhook/created"]["id"]
    found["generation/queued"] = post("/generations", **BOAT)
    failing = post("/generations", **BOAT | {"prompt": "A boat sandbox:fail"})
    hooked.pass_time()
    found["generation/succeeded"] = get(f"/generations/{found['generation/queued']['id']}")
    found["generation/failed"] = get(f"/generations/{failing['id']}")
    found["event/succeeded"] = found["event/failed"] = last_event()
    file = {"file": ("a.png", png())}
    found["file/image"] = api.post("/api/v1/files", data={"kind": "image"}, files=file).json()
    found["credits/balance"] = get("/credits")
    found["model/list"] = get("/models")
    found["chat/completion"] = post("/chat/completions", **HELLO)
    session = found["chat/completion"]["session_id"]
    found["chat/session"] = get(f"/chat/sessions/{session}")
    found["chat/session_list"] = get("/chat/sessions")
    found["openapi/document"] = get("/openapi.json")
    found["webhook/endpoint"] = get(f"/webhooks/{endpoint}")
    found["webhook/list"] = get("/webhooks")
    found["delivery/list"] = get(f"/webhooks/{endpoint}/deliveries")
    found["event/list"] = get("/webhook-events")
    found["webhook/rotated"] = post(f"/webhooks/{endpoint}/rotate-secret")
    disabled = api.patch(f"/api/v1/webhooks/{endpoint}", json={"status": "disabled"})
    found["webhook/disabled"] = disabled.raise_for_status().json()
    found["webhook/revoked"] = api.delete(f"/api/v1/webhooks/{endpoint}").json()
    return found


# Samples of one kind that one answer may have either form of.
_ENDPOINTS = ["webhook/endpoint", "webhook/rotated", "webhook/disabled", "webhook/revoked"]
TOGETHER = {
    **dict.fromkeys(_ENDPOINTS, _ENDPOINTS),
    "generation/queued": ["generation/queued", "generation/processing"],
    "file/image": ["file/image", "file/video"],
    "event/succeeded": ["event/succeeded", "event/failed"],
    "event/failed": ["event/succeeded", "event/failed"],
    "delivery/list": ["delivery/list"],
}
SERVED = (
    "webhook/created",
    "generation/queued",
    "generation/succeeded",
    "generation/failed",
    "event/succeeded",
    "event/failed",
    "file/image",
    "credits/balance",
    "model/list",
    "chat/completion",
    "chat/session",
    "chat/session_list",
    "openapi/document",
    "webhook/endpoint",
    "webhook/list",
    "delivery/list",
    "event/list",
    "webhook/rotated",
    "webhook/disabled",
    "webhook/revoked",
)
# What a reader should survive and the sandbox serves by a scenario or not at all.
ONLY_READ = {
    "generation/processing",
    "generation/succeeded_several",
    "generation/insufficient",
    "file/video",
    "file/audio_other_spellings",
    "event/in_object",
    "event/in_generation",
    "event/test",
    "delivery/pending",
    "delivery/failed",
    "delivery/succeeded",
}


@pytest.mark.parametrize("name", SERVED)
def test_what_is_served_fits_its_sample(served: dict[str, Any], name: str) -> None:
    shape = shape_of(*[sample(one) for one in TOGETHER.get(name, [name])])
    if name == "model/list":
        # Entries differ by kind; each is held to the samples of models below.
        shape["members"]["data"].pop("items", None)
    if name == "openapi/document":
        shape["members"]["paths"] = {"types": ["object"], "members": {}, "always": []}
    assert misfits(served[name], shape) == []


def test_a_secret_is_told_where_it_was_just_made_and_nowhere_else(served: dict[str, Any]) -> None:
    told = {name for name in SERVED if "signing_secret" in json.dumps(served[name])}
    assert told - {"openapi/document"} == {"webhook/created", "webhook/rotated"}


def test_every_model_fits_the_samples_of_models(served: dict[str, Any]) -> None:
    kinds = [one for one in names("model") if one != "model/list"]
    shape = shape_of(*[sample(one) for one in kinds])
    models = served["model/list"]["data"]
    assert len(models) == 58
    assert [fault for one in models for fault in misfits(one, shape, one["id"])] == []


def test_no_documented_member_is_left_out_of_the_samples(served: dict[str, Any]) -> None:
    """The other direction: what the sandbox serves stands in a sample, so that the client has read it."""
    for name in SERVED:
        if name in (
            "model/list",
            "openapi/document",
            "delivery/list",
            "event/list",
            "webhook/list",
        ):
            continue
        known = set()
        for one in TOGETHER.get(name, [name]):
            known |= set(sample(one))
        assert set(served[name]) <= known, name


def test_every_sample_is_held_or_said_to_be_only_read() -> None:
    folders = ("generation", "file", "credits", "webhook", "delivery", "event", "chat")
    there = {name for folder in folders for name in names(folder)}
    assert there == (set(SERVED) | ONLY_READ) - {"model/list", "openapi/document"}


REFUSALS: dict[str, Callable[[httpx.Client], httpx.Response]] = {
    "api_key_missing": lambda api: api.get("/api/v1/credits", headers={"Authorization": ""}),
    "api_key_invalid": lambda api: api.get(
        "/api/v1/credits", headers={"Authorization": "Bearer rvya_sk_sandbox_nobody"}
    ),
    "not_found": lambda api: api.get("/api/v1/generations/task_nowhere"),
    "validation_failed": lambda api: api.post("/api/v1/generations", json={"model": ""}),
    "webhook_url_rejected": lambda api: api.post(
        "/api/v1/webhooks", json={"url": "ftp://x/", "event_types": ["generation.succeeded"]}
    ),
    "chat_model_not_supported": lambda api: api.post(
        "/api/v1/chat/completions", json={"model": "z-image", "message": "Hello"}
    ),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_has_the_envelope_and_the_code_of_its_sample(
    shared_place: Any, code: str
) -> None:
    with httpx.Client(base_url=shared_place.base_url, headers=FULL, trust_env=False) as api:
        answer = REFUSALS[code](api)
    expected = sample(f"error/{code}")
    assert answer.status_code >= 400
    assert misfits(answer.json(), shape_of(expected)) == []
    assert answer.json()["error"]["code"] == expected["error"]["code"] == code


def test_a_stream_has_the_events_of_its_sample(shared_place: Any) -> None:
    from tests.samples import stream

    with (
        httpx.Client(base_url=shared_place.base_url, headers=FULL, trust_env=False) as api,
        api.stream("POST", "/api/v1/chat/completions/stream", json=HELLO) as answer,
    ):
        came = answer.read()
    ours, theirs = _events(came), _events(stream("completed"))
    assert {name for name, _ in ours} == {name for name, _ in theirs}
    for name in {name for name, _ in theirs}:
        shape = shape_of(*[data for kind, data in theirs if kind == name])
        for kind, data in ours:
            assert kind != name or misfits(data, shape) == []


def _events(raw: bytes) -> list[tuple[str, Any]]:
    """Event names and payloads, of events with one line of data each."""
    found = []
    for block in raw.decode().strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            found.append((fields.get("event", ""), json.loads(fields["data"])))
    return found
