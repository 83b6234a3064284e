"""POST and GET /api/v1/generations over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from .conftest import Clock, png, refusal

URL = "/api/v1/generations"
BAD = (400, "validation_failed")


def body(model: str = "z-image", prompt: str = "A boat", **fields: Any) -> dict[str, Any]:
    return {"model": model, "prompt": prompt, **fields}


def test_it_works(api: httpx.Client, clock: Clock) -> None:
    created = api.post(URL, json=body())

    assert created.status_code == 202
    task = created.json()
    assert task["id"].startswith("task_")
    assert (task["status"], task["reserved_credits"], task["final_credits"]) == ("queued", 1, 0)
    assert task["result"] is None and task["error"] is None
    clock.advance(1)
    assert api.get(f"{URL}/{task['id']}").json()["status"] == "processing"
    clock.advance(5)
    done = api.get(f"{URL}/{task['id']}").json()
    assert (done["status"], done["final_credits"]) == ("succeeded", 1)
    assert done["result"]["primary_url"] == done["result"]["urls"][0]
    assert done["updated_at"] > done["created_at"]
    assert api.get(done["result"]["primary_url"]).headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"prompt": "x"}, "model is required"),
        (body("no-such-model"), "no-such-model"),
        (body("gpt-5-2-chat"), "chat model"),
        (body(prompt="  "), "prompt is required"),
        ({"model": "z-image"}, "prompt is required"),
        (body(prompt=7), "prompt must be a string"),
        (body(prompt="x" * 1001), "1000"),
        (body(params=[]), "params must be an object"),
        (body(params={"colour": "red"}), "params.colour"),
        (body(params={"aspect_ratio": "7:7"}), "must be one of"),
        (body(params={"aspect_ratio": 1}), "must be a string"),
        (body("seedream-3-0", params={"seed": "7"}), "must be a number"),
        (body("seedream-3-0", params={"seed": True}), "must be a number"),
        (body("seedream-3-0", params={"seed": -1}), "the least is 0"),
        (body("seedream-3-0", params={"guidance_scale": 11}), "the most is 10"),
        (body("seedream-3-0", params={"guidance_scale": 2.55}), "steps of 0.1"),
        (body("elevenlabs-turbo-2-5"), "params.voice is required"),
        ({"model": "sora-watermark-remover", "params": {"upload_method": "s3"}}, "video_url"),
        (body("elevenlabs-dialogue-v3"), "params.dialogue"),
        (body(files=[]), "top-level files"),
        (body(colour="red"), "colour"),
        (body(client_request_id="x" * 129), "128"),
        (body(client_request_id=5), "client_request_id"),
    ],
)
def test_a_bad_body_is_refused_and_named(
    api: httpx.Client, sent: dict[str, Any], named: str
) -> None:
    before = api.get("/api/v1/credits").json()

    answer = api.post(URL, json=sent)

    assert refusal(answer) == BAD
    assert named in answer.json()["error"]["message"]
    assert api.get("/api/v1/credits").json() == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b'{"model": NaN}',
        b'{"model": "z-image", "prompt": "\\ud800"}',
        b"[" * 100_000,
        b'{"model": "seedream-3-0", "prompt": "x", "params": {"seed": 1e999}}',
    ],
)
def test_malformed_json_is_refused(api: httpx.Client, content: bytes) -> None:
    answer = api.post(URL, content=content, headers={"Content-Type": "application/json"})

    assert refusal(answer) == BAD


def test_another_content_type_is_refused(api: httpx.Client) -> None:
    assert refusal(api.post(URL, content=b"{}", headers={"Content-Type": "text/plain"})) == BAD


def test_a_body_beyond_the_limit_is_refused(api: httpx.Client) -> None:
    assert refusal(api.post(URL, json=body(prompt="x" * 3_000_000))) == BAD


def test_a_dialogue_needs_no_prompt(api: httpx.Client) -> None:
    turns = [{"voice": "Adam", "text": "Hello."}, {"voice": "Alice", "text": "Hi!"}]
    answer = api.post(URL, json={"model": "elevenlabs-dialogue-v3", "params": {"dialogue": turns}})

    assert answer.status_code == 202


def test_a_url_model_needs_no_prompt(api: httpx.Client) -> None:
    params = {"video_url": "https://example.com/a.mp4", "upload_method": "s3"}
    answer = api.post(URL, json={"model": "sora-watermark-remover", "params": params})

    assert answer.status_code == 202


def test_an_unknown_task_is_not_found(api: httpx.Client) -> None:
    assert refusal(api.get(f"{URL}/task_nope")) == (404, "not_found")


def test_the_same_key_and_body_is_one_task_and_one_charge(api: httpx.Client, clock: Clock) -> None:
    before = api.get("/api/v1/credits").json()["current_credits"]
    headers = {"Idempotency-Key": "once"}
    first = api.post(URL, json={"model": "z-image", "prompt": "p"}, headers=headers)
    clock.advance(30)
    again = api.post(URL, json={"prompt": "p", "model": "z-image"}, headers=headers)

    assert again.status_code == 202
    assert again.json() == first.json()
    assert api.get("/api/v1/credits").json()["current_credits"] == before - 1


def test_the_same_key_with_another_body_is_a_conflict(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "clash"}
    api.post(URL, json=body(prompt="one"), headers=headers)

    answer = api.post(URL, json=body(prompt="two"), headers=headers)

    assert refusal(answer) == (409, "idempotency_conflict")


def test_a_refused_body_does_not_use_up_its_key(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "second-try"}
    assert refusal(api.post(URL, json=body(prompt=""), headers=headers)) == BAD

    assert api.post(URL, json=body(), headers=headers).status_code == 202


def test_a_key_is_free_again_after_a_day(api: httpx.Client, clock: Clock) -> None:
    headers = {"Idempotency-Key": "daily"}
    first = api.post(URL, json=body(), headers=headers).json()
    clock.advance(24 * 3600 + 1)

    assert api.post(URL, json=body(), headers=headers).json()["id"] != first["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9"])
def test_a_bad_idempotency_key_is_refused(api: httpx.Client, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]

    assert refusal(api.post(URL, json=body(), headers=headers)) == BAD


def test_the_marker_word_fails_and_gives_the_credits_back(api: httpx.Client, clock: Clock) -> None:
    before = api.get("/api/v1/credits").json()["current_credits"]
    task = api.post(URL, json=body(prompt="please sandbox:fail now")).json()
    assert api.get("/api/v1/credits").json()["current_credits"] == before - 1
    clock.advance(30)

    done = api.get(f"{URL}/{task['id']}").json()

    assert (done["status"], done["final_credits"], done["result"]) == ("failed", 0, None)
    assert done["error"]["code"] == "generation_failed"
    assert api.get("/api/v1/credits").json()["current_credits"] == before


def test_results_are_not_there_before_the_end(api: httpx.Client) -> None:
    task = api.post(URL, json=body()).json()

    assert refusal(api.get(f"/results/{task['id']}/1.png")) == (404, "not_found")


def test_several_results_where_the_model_has_max_images(api: httpx.Client, clock: Clock) -> None:
    task = api.post(URL, json=body("seedream-4-0", params={"max_images": 3})).json()
    clock.advance(30)

    urls = api.get(f"{URL}/{task['id']}").json()["result"]["urls"]

    assert len({api.get(url).content for url in urls}) == 3
    assert refusal(api.get(f"/results/{task['id']}/4.png")) == (404, "not_found")


def reference(url: str, kind: str = "image", **more: Any) -> dict[str, Any]:
    return body("wan-2-6", params={"referenceMediaItems": [{"url": url, "kind": kind, **more}]})


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ("x", "must be a list"),
        ([7], "must be an object"),
        ([{"kind": "image"}], "url"),
        ([{"url": "ftp://a/b", "kind": "image"}], "url"),
        ([{"url": "http://[", "kind": "image"}], "url"),
        ([{"url": "https://a.example/b", "kind": "smell"}], "kind"),
        ([{"url": "https://a.example/b", "kind": "audio"}], "audio is not taken"),
        ([{"url": "https://a.example/b", "kind": "image", "size": 3}], "size"),
        ([{"url": "https://a.example/b", "kind": "image", "name": 3}], "name"),
        ([{"url": "https://a.example/b", "kind": "image", "durationSeconds": "3"}], "number"),
        ([{"url": "https://a.example/b", "kind": "image"}] * 2, "the most for wan-2-6 is 1"),
    ],
)
def test_a_bad_reference_is_refused_and_named(api: httpx.Client, items: object, named: str) -> None:
    answer = api.post(URL, json=body("wan-2-6", params={"referenceMediaItems": items}))

    assert refusal(answer) == BAD
    assert named in answer.json()["error"]["message"]


def test_a_model_without_references_takes_none(api: httpx.Client) -> None:
    items = [{"url": "https://a.example/b", "kind": "image"}]
    answer = api.post(URL, json=body(params={"referenceMediaItems": items}))

    assert refusal(answer) == BAD


def test_an_upload_that_does_not_exist_is_refused(api: httpx.Client) -> None:
    url = f"{api.base_url}/uploads/file_00.png".replace("//uploads", "/uploads")

    assert refusal(api.post(URL, json=reference(url))) == BAD


def test_the_kind_must_be_that_of_the_upload(
    api: httpx.Client, upload: Callable[..., httpx.Response]
) -> None:
    url = upload(png()).json()["url"]

    assert refusal(api.post(URL, json=reference(url, "video"))) == BAD


def test_a_reference_from_elsewhere_is_accepted(api: httpx.Client) -> None:
    answer = api.post(URL, json=reference("https://files.example/ref.png"))

    assert answer.status_code == 202


def test_a_video_needs_its_own_duration_token(
    api: httpx.Client, upload: Callable[..., httpx.Response], make: Callable[..., bytes]
) -> None:
    record = upload(make("sora-2", "waves"), "video", model="wan-2-6").json()
    url, token = record["url"], record["duration_token"]

    assert refusal(api.post(URL, json=reference(url, "video"))) == BAD
    assert refusal(api.post(URL, json=reference(url, "video", durationToken="dur_x"))) == BAD
    wrong = reference(url, "video", durationToken=token, durationSeconds=99)
    assert refusal(api.post(URL, json=wrong)) == BAD
    right = reference(url, "video", durationToken=token, durationSeconds=record["duration_seconds"])
    assert api.post(URL, json=right).status_code == 202
