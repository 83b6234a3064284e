"""Uploads: size while streaming, bytes against kind and model, the object, the bytes."""

from __future__ import annotations

import io
from collections.abc import Callable

import httpx
import pytest
from PIL import Image

from rivya_bridge.sandbox.choices import MEGABYTE

from .conftest import png, refusal

Upload = Callable[..., httpx.Response]
BAD = (400, "validation_failed")


def test_it_works(api: httpx.Client, upload: Upload) -> None:
    answer = upload(png(), model="nano-banana-2", client_request_id="up-7")

    assert answer.status_code == 201
    record = answer.json()
    assert record["id"].startswith("file_")
    assert record["mime_type"] == "image/png"
    assert record["size_bytes"] == len(png())
    assert record["duration_seconds"] is None and record["duration_token"] is None
    assert (record["model"], record["client_request_id"]) == ("nano-banana-2", "up-7")
    assert api.get(f"/api/v1/files/{record['id']}").json() == record
    assert api.get(record["url"]).content == png()


def test_sound_and_video_carry_their_duration(upload: Upload, make: Callable[..., bytes]) -> None:
    sound = upload(make("elevenlabs-sound-effect-v2", "rain", duration_seconds=2), "audio").json()
    video = upload(make("sora-2", "waves"), "video").json()

    assert sound["mime_type"] == "audio/mpeg"
    assert sound["duration_seconds"] == pytest.approx(2, abs=0.15)
    assert video["mime_type"] == "video/mp4"
    assert video["duration_seconds"] == pytest.approx(3.2, abs=0.1)
    assert video["duration_token"].startswith("dur_")


@pytest.mark.parametrize("kind", ["", "picture"])
def test_an_unknown_kind_is_refused(upload: Upload, kind: str) -> None:
    assert refusal(upload(png(), kind)) == BAD


def test_a_form_without_a_file_is_refused(api: httpx.Client) -> None:
    answer = api.post("/api/v1/files", files={"kind": (None, b"image")})

    assert refusal(answer) == BAD


def test_a_body_that_is_no_form_is_refused(api: httpx.Client) -> None:
    assert refusal(api.post("/api/v1/files", json={})) == BAD
    headers = {"Content-Type": "multipart/form-data"}
    assert refusal(api.post("/api/v1/files", content=b"x", headers=headers)) == BAD
    headers = {"Content-Type": "multipart/form-data; boundary=a"}
    assert refusal(api.post("/api/v1/files", content=b"\0not parts", headers=headers)) == BAD


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "image"),
        (b"just text", "image"),
        (png(), "video"),
        (png(), "audio"),
        (png()[:60], "image"),
        (b"\xff\xd8\xff\xe0 no picture", "image"),
        (b"\0\0\0\x18ftypisom no clip at all", "video"),
        (b"ID3 no sound", "audio"),
        (b"\x1a\x45\xdf\xa3webm", "video"),
        (b"OggS", "audio"),
    ],
)
def test_bytes_that_are_not_of_the_kind_are_refused(
    upload: Upload, content: bytes, kind: str
) -> None:
    assert refusal(upload(content, kind)) == BAD


def test_a_gif_is_not_accepted(upload: Upload) -> None:
    out = io.BytesIO()
    Image.new("P", (4, 4)).save(out, "GIF")

    answer = upload(out.getvalue())

    assert refusal(answer) == BAD
    assert "image/gif" in answer.json()["error"]["message"]


def test_exactly_the_limit_is_accepted_and_one_byte_more_is_not(upload: Upload) -> None:
    padding = 10 * MEGABYTE - len(png())

    assert upload(png() + bytes(padding)).status_code == 201
    answer = upload(png() + bytes(padding + 1))
    assert refusal(answer) == BAD
    assert "10 MB" in answer.json()["error"]["message"]


def test_a_model_may_allow_more(upload: Upload) -> None:
    large = png() + bytes(11 * MEGABYTE)

    assert upload(large, model="nano-banana-2").status_code == 201
    assert refusal(upload(large, model="midjourney")) == BAD


def test_an_endless_upload_is_refused(upload: Upload) -> None:
    answer = upload(bytes(100 * MEGABYTE), "video")

    assert refusal(answer) == BAD
    assert "95 MB" in answer.json()["error"]["message"]


@pytest.mark.parametrize("model", ["no-such-model", "z-image", "claude-sonnet-4-6-chat"])
def test_a_model_that_takes_no_such_file_is_refused(upload: Upload, model: str) -> None:
    assert refusal(upload(png(), model=model)) == BAD


def test_a_long_label_is_refused(upload: Upload) -> None:
    assert refusal(upload(png(), client_request_id="x" * 129)) == BAD


def test_an_unknown_file_is_not_found(api: httpx.Client) -> None:
    assert refusal(api.get("/api/v1/files/file_nope")) == (404, "not_found")
    assert refusal(api.get("/uploads/file_00.png")) == (404, "not_found")
