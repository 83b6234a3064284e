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
    return int(status.split()[1]), headers, json.loads(body.read_bytes())


def test_models(place: Place, tmp_path: Any) -> None:
    status, _, body = run('curl "$RIVYA_BASE_URL/api/v1/models"', place, tmp_path)
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


def test_a_file_goes_up(place: Place, tmp_path: Any) -> None:
    script = (
        'curl "$RIVYA_BASE_URL/api/v1/files" -H "Authorization: Bearer $RIVYA_API_KEY" '
        f'-F kind=image -F "file=@{place.picture}"'
    )
    status, _, body = run(script, place, tmp_path)
    assert 200 <= status < 300
    assert misfits(body, shape_of(sample("file/image"), sample("file/video"))) == []


def test_without_a_key_it_is_refused(place: Place, tmp_path: Any) -> None:
    script = """curl -X POST "$RIVYA_BASE_URL/api/v1/generations" \\
  -H "Content-Type: application/json" -d '{"model": "z-image", "prompt": "A boat"}'"""
    status, _, body = run(script, place, tmp_path)
    assert (status, body["error"]["code"]) == (401, "api_key_missing")
