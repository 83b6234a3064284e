"""What a model takes as a reference, and what is found out from a file's bytes."""

from pathlib import Path
from typing import Any

import pytest

from rivya_bridge.rivya import (
    FileFacts,
    FileNotAccepted,
    KindLimit,
    Model,
    Rivya,
    accepted_kinds,
    check_file,
    limit_of,
    max_references,
)
from rivya_bridge.rivya.choices import FILE_LIMITS
from rivya_bridge.rivya.types.model import read_models
from tests.samples import sample

from .payloads import FILE, as_json
from .scripted_server import ScriptedServer, answer

MB = 1_048_576


def model(name: str, **changes: Any) -> Model:
    (found,) = read_models({"data": [sample(f"model/{name}") | changes]}, None)  # type: ignore[arg-type]
    return found


PICTURE = FileFacts("a.png", "image", "image/png", 30 * MB)
CLIP = FileFacts("a.mp4", "video", "video/mp4", 95 * MB)


def test_it_works() -> None:
    check_file(PICTURE, model("image_references"))
    check_file(CLIP, model("video_references"))
    check_file(FileFacts("a.wav", "audio", "audio/x-wav", 10 * MB))


@pytest.mark.parametrize(
    ("facts", "name", "words", "limit"),
    [
        (PICTURE, "image_text", "a.png is image; Z-Image takes no files", ""),
        (CLIP, "image_references", "a.mp4 is video; Nano Banana 2 takes image", "image"),
        (FileFacts("a", "image", "image/png", 30 * MB + 1), "image_references", "is 30 MB", 30),
        (FileFacts("a", "video", "video/webm", 1), "video_references", "is video/webm",
         "video/mp4, video/quicktime"),
        (FileFacts("a", "image", "image/png", 11 * MB), None, "11.00 MB; the limit of Rivya", 10),
        (FileFacts("a", "scent", "x/y", 1), None, "takes image, video, audio", "image, video, audio"),
    ],
)  # fmt: skip
def test_a_file_beyond_a_limit_is_refused_by_name(
    facts: FileFacts, name: str | None, words: str, limit: object
) -> None:
    with pytest.raises(FileNotAccepted, match=words) as caught:
        check_file(facts, model(name) if name else None)
    assert caught.value.limit == limit


def test_limits_come_from_the_model_and_else_from_the_files_api() -> None:
    happy = model("video_references")
    assert (accepted_kinds(happy), max_references(happy)) == (("image", "video"), 10)
    assert limit_of(happy, "video").max_size_mb == 95
    assert limit_of(happy, "audio") == KindLimit(*FILE_LIMITS["audio"])
    assert limit_of(None, "scent") == KindLimit(None, ())
    assert max_references(model("image_text")) == 0
    chat = model("chat")
    assert (accepted_kinds(chat), max_references(chat)) == (("image",), None)


HEADS = {
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "video/mp4": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
    "video/quicktime": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
    "video/webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm",
    "audio/mpeg": b"ID3\x03",
    "audio/mp4": b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0",
    "audio/wav": b"RIFF\0\0\0\0WAVEfmt ",
    "audio/aac": b"\xff\xf1\x50\x80",
    "audio/ogg": b"OggS\0",
}


@pytest.mark.parametrize("mime_type", HEADS)
def test_kind_and_type_are_read_from_the_bytes(
    server: ScriptedServer, client: Rivya, tmp_path: Path, mime_type: str
) -> None:
    path = tmp_path / "misnamed.txt"
    path.write_bytes(HEADS[mime_type] + bytes(300))
    server.play(answer(201, as_json(FILE)))
    client.files.upload(path)
    body = server.requests[0].body
    assert f"Content-Type: {mime_type}\r\n".encode() in body
    assert b'name="kind"\r\n\r\n' + mime_type.partition("/")[0].encode() in body
    assert b'filename="misnamed.txt"' in body


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.4", b"PK\x03\x04", b"<svg/>"])
def test_bytes_of_no_known_media_are_not_sent(
    server: ScriptedServer, client: Rivya, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.png does not begin like"):
        client.files.upload(path)
    assert server.connections == 0


def test_a_model_is_asked_before_a_byte_is_sent(
    server: ScriptedServer, client: Rivya, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(HEADS["video/mp4"])
    with pytest.raises(FileNotAccepted, match="takes image"):
        client.files.upload(path, model=model("image_references"))
    assert server.connections == 0
    server.play(answer(201, as_json(FILE)))
    file = client.files.upload(path, model=model("video_references"))
    assert b'name="model"\r\n\r\nhappyhorse-1-0\r\n' in server.requests[0].body
    assert file.duration_token == "dur_abc"
