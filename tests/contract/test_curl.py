"""Scripts in the shape of Rivya's published cURL examples, run by curl itself against the sandbox."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.samples import misfits, sample, shape_of

from .calls import KEY, Place

CURL = shutil.which("curl")
pytestmark = pytest.mark.skipif(CURL is None, reason="curl is not installed")


def run(script: str, place: Place, tmp_path: Any) -> tuple[int, dict[str, str], Any]:
    """Status, headers in lower case and JSON body of a script's one answer."""
    status, headers, body = answered(script, place, tmp_path)
    return status, headers, json.loads(body)


def answered(script: str, place: Place, tmp_path: Any) -> tuple[int, dict[str, str], bytes]:
    """The same with the bytes of the body."""
    head, body = tmp_path / "head", tmp_path / "body"
    command = f"{script} --silent --show-error --dump-header {head} --output {body}"
    subprocess.run(
        ["/bin/sh", "-euc", command],
        check=True,
        env={
            "PATH": "/usr/bin:/bin",
            "RIVYA_API_KEY": KEY,
            "RIVYA_BASE_URL": place.base_url,
            "NO_PROXY": "*",
        },
    )
    status, *lines = head.read_text().strip().splitlines()
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    return int(status.split()[1]), headers, body.read_bytes()


# Rivya's page sends no key here, its public examples do.
@pytest.mark.parametrize("header", ["", ' -H "Authorization: Bearer $RIVYA_API_KEY"'])
def test_models(place: Place, tmp_path: Any, header: str) -> None:
    status, _, body = run(f'curl "$RIVYA_BASE_URL/api/v1/models"{header}', place, tmp_path)
    assert status == 200
    assert body["object"] == "list"
    assert {"z-image", "gpt-5-2-chat"} <= {one["id"] for one in body["data"]}


GENERATION = """curl -X POST "$RIVYA_BASE_URL/api/v1/generations" \\
  -H "Authorization: Bearer $RIVYA_API_KEY" \\
  -H "Idempotency-Key: order-123" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "z-image", "prompt": "A small boat on a lake"}'"""


def test_a_generation_twice_under_one_key_and_its_status(place: Place, tmp_path: Any) -> None:
    before, _ = place.journal()
    status, headers, body = run(GENERATION, place, tmp_path)
    assert (status, headers["content-type"].partition(";")[0]) == (202, "application/json")
    fits = shape_of(sample("generation/queued"), sample("generation/processing"))
    assert misfits(body, fits) == []
    again = run(GENERATION, place, tmp_path)[2]
    assert again["id"] == body["id"]
    assert place.journal()[0] == before + 1
    script = (
        f'curl "$RIVYA_BASE_URL/api/v1/generations/{body["id"]}" '
        '-H "Authorization: Bearer $RIVYA_API_KEY"'
    )
    while (shown := run(script, place, tmp_path)[2])["status"] != "succeeded":
        pass
    assert misfits(shown, shape_of(sample("generation/succeeded"))) == []


def test_a_chat_completion(place: Place, tmp_path: Any) -> None:
    script = """curl "$RIVYA_BASE_URL/api/v1/chat/completions" \\
  -H "Authorization: Bearer $RIVYA_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "gpt-5-2-chat", "message": "Write a tagline for a boat"}'"""
    status, _, body = run(script, place, tmp_path)
    assert status == 200
    assert misfits(body, shape_of(sample("chat/completion"))) == []
    assert body["message"]["content"]


def test_a_chat_turn_as_a_stream(place: Place, tmp_path: Any) -> None:
    script = """curl -N "$RIVYA_BASE_URL/api/v1/chat/completions/stream" \\
  -H "Authorization: Bearer $RIVYA_API_KEY" \\
  -H "Idempotency-Key: turn-123" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "gpt-5-2-chat", "message": "Write a tagline for a boat"}'"""
    status, headers, body = answered(script, place, tmp_path)
    assert (status, headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
    lines = body.decode().splitlines()
    payloads = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    told = "".join(one["delta"] for one in payloads if "delta" in one)
    assert misfits(payloads[-1], shape_of(sample("chat/completion"))) == []
    assert told == payloads[-1]["message"]["content"] != ""


def test_a_second_turn_goes_into_its_session(place: Place, tmp_path: Any) -> None:
    turn = """curl "$RIVYA_BASE_URL/api/v1/chat/completions" \\
  -H "Authorization: Bearer $RIVYA_API_KEY" -H "Content-Type: application/json" \\
  -d '{"model": "gpt-5-2-chat", "message": "Hello"%s}'"""
    session = run(turn % "", place, tmp_path)[2]["session_id"]
    again = run(turn % f', "session_id": "{session}"', place, tmp_path)[2]
    assert again["session_id"] == session
    shown = run(f'{READ}/chat/sessions/{session}"', place, tmp_path)[2]
    assert [one["role"] for one in shown["messages"]] == ["user", "assistant"] * 2
    assert session in {
        one["id"] for one in run(f'{READ}/chat/sessions"', place, tmp_path)[2]["data"]
    }


READ = 'curl -H "Authorization: Bearer $RIVYA_API_KEY" "$RIVYA_BASE_URL/api/v1'


def test_a_file_goes_up_and_into_a_generation(place: Place, tmp_path: Any) -> None:
    script = (
        'curl "$RIVYA_BASE_URL/api/v1/files" -H "Authorization: Bearer $RIVYA_API_KEY" '
        f'-F kind=image -F model=flux-2-pro -F "file=@{place.picture}"'
    )
    status, _, file = run(script, place, tmp_path)
    assert 200 <= status < 300
    assert misfits(file, shape_of(sample("file/image"), sample("file/video"))) == []
    assert run(f'{READ}/files/{file["id"]}"', place, tmp_path)[2] == file
    body = {
        "model": "flux-2-pro",
        "prompt": "Place this on wet slate",
        "params": {"referenceMediaItems": [{"url": file["url"], "kind": "image"}]},
    }
    script = f"""curl -X POST "$RIVYA_BASE_URL/api/v1/generations" \\
  -H "Authorization: Bearer $RIVYA_API_KEY" -H "Content-Type: application/json" \\
  -d '{json.dumps(body)}'"""
    status, _, task = run(script, place, tmp_path)
    assert (status, task["status"]) == (202, "queued")


def test_the_balance(place: Place, tmp_path: Any) -> None:
    status, _, body = run(f'{READ}/credits"', place, tmp_path)
    assert (status, body) == (200, {"current_credits": place.journal()[1]})


def test_a_webhook_endpoint_from_its_making_to_its_end(place: Place, tmp_path: Any) -> None:
    def call(method: str, path: str, body: str = "") -> Any:
        script = (
            f'curl -X {method} "$RIVYA_BASE_URL/api/v1/webhooks{path}" '
            '-H "Authorization: Bearer $RIVYA_API_KEY" -H "Content-Type: application/json" '
        )
        status, _, answer = run(script + (f"-d '{body}'" if body else ""), place, tmp_path)
        assert 200 <= status < 300
        return answer

    body = {"name": "Prod", "url": "http://127.0.0.1:9/x", "event_types": ["generation.failed"]}
    made = call("POST", "", json.dumps(body))
    assert misfits(made, shape_of(sample("webhook/created"))) == []
    where = f"/{made['id']}"
    rotated = call("POST", f"{where}/rotate-secret")
    assert rotated["signing_secret"] != made["signing_secret"]
    tested = call("POST", f"{where}/test", '{"event_type": "generation.failed"}')
    assert tested["object"] == "webhook_delivery"
    assert tested["id"] in {one["id"] for one in call("GET", f"{where}/deliveries")["data"]}
    assert call("PATCH", where, '{"status": "disabled"}')["disabled_at"]
    assert call("DELETE", where)["status"] == "revoked"
    assert where[1:] in {one["id"] for one in call("GET", "")["data"]}


def test_without_a_key_it_is_refused(place: Place, tmp_path: Any) -> None:
    script = """curl -X POST "$RIVYA_BASE_URL/api/v1/generations" \\
  -H "Content-Type: application/json" -d '{"model": "z-image", "prompt": "A boat"}'"""
    status, _, body = run(script, place, tmp_path)
    assert (status, body["error"]["code"]) == (401, "api_key_missing")
