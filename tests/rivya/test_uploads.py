"""Uploading reference files."""

import email.parser
import email.policy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rivya_bridge.rivya import BadAnswer, OutcomeUnknown, Rivya, ServerFailure

from .conftest import MakeClient
from .payloads import FILE, as_json
from .scripted_server import Line, ScriptedServer, answer, reset

Upload = Callable[..., Any]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 1000)
    return path


def send(client: Rivya, path: Path, **changes: Any) -> Any:
    arguments = {"kind": "video", "name": "clip.mp4", "mime_type": "video/mp4"} | changes
    return client.files.upload(path, **arguments)


def parts(server: ScriptedServer) -> dict[str, Any]:
    request = server.requests[0]
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(head + request.body)
    return {
        str(part.get_param("name", header="content-disposition")): part
        for part in message.iter_parts()
    }


def test_it_works(server: ScriptedServer, client: Rivya, clip: Path) -> None:
    server.play(answer(201, as_json(FILE)))
    seen: list[int] = []
    file = send(client, clip, model="wan-2-6", client_request_id="up-7", on_progress=seen.append)
    request = server.requests[0]
    assert request.line == "POST /api/v1/files HTTP/1.1"
    assert int(request.headers["content-length"]) == len(request.body)
    assert "transfer-encoding" not in request.headers
    found = parts(server)
    assert found["file"].get_payload(decode=True) == clip.read_bytes()
    assert found["file"].get_content_type() == "video/mp4"
    assert found["file"].get_filename() == "clip.mp4"
    texts = {name: part.get_payload() for name, part in found.items() if name != "file"}
    assert texts == {"kind": "video", "model": "wan-2-6", "client_request_id": "up-7"}
    assert (file.id, file.url) == ("file_3kd", "https://files.example/u/3kd.mp4")
    assert (file.size_bytes, file.duration_seconds) == (482113, 6.2)
    assert file.duration_token == "dur_abc"
    assert seen[-1] == clip.stat().st_size


def test_other_spellings_of_the_answer_are_read(server: ScriptedServer, client: Rivya) -> None:
    body = {"file_id": "f1", "url": "/u/1", "mimeType": "audio/wav", "durationSeconds": 3}
    server.play(answer(body=as_json(body)))
    file = client.files.retrieve("f1")
    assert server.requests[0].line == "GET /api/v1/files/f1 HTTP/1.1"
    assert (file.id, file.mime_type, file.duration_seconds) == ("f1", "audio/wav", 3.0)
    assert file.url == "/u/1", "it is given back to the service exactly as it came"
    assert file.duration_token is None


@pytest.mark.parametrize("change", [{"id": None}, {"url": None}, {"url": "file:///etc/passwd"}])
def test_an_answer_without_id_or_url_is_bad(
    server: ScriptedServer, client: Rivya, change: dict[str, Any]
) -> None:
    server.play(answer(body=as_json(FILE | change)))
    with pytest.raises(BadAnswer) as caught:
        client.files.retrieve("file_3kd")
    assert caught.value.spent == "no"


def test_a_name_cannot_break_out_of_its_header(
    server: ScriptedServer, client: Rivya, clip: Path
) -> None:
    server.play(answer(201, as_json(FILE)))
    send(client, clip, name='a"; x="y\r\nEvil: 1.mp4')
    assert parts(server)["file"].get("evil") is None
    assert b"\r\nEvil" not in server.requests[0].body


@pytest.mark.parametrize(
    ("reply", "error"), [(answer(500), ServerFailure), (reset, OutcomeUnknown)]
)
def test_an_upload_that_was_sent_is_not_repeated(
    server: ScriptedServer,
    client: Rivya,
    clip: Path,
    reply: Callable[[Line], None],
    error: type[Exception],
) -> None:
    server.play(reply, answer(201, as_json(FILE)))
    with pytest.raises(error) as caught:
        send(client, clip)
    assert len(server.requests) == 1
    assert caught.value.spent == "no"  # type: ignore[attr-defined]


def test_a_file_that_shrinks_meanwhile_is_noticed(
    server: ScriptedServer, make_client: MakeClient, clip: Path
) -> None:
    def shrink(done: int) -> None:
        with clip.open("r+b") as file:
            file.truncate(done)

    with pytest.raises(ValueError, match="changed while"):
        send(make_client(), clip, on_progress=shrink)
    assert server.requests == []


def test_a_trace_label_that_is_too_long_is_refused(client: Rivya, clip: Path) -> None:
    with pytest.raises(ValueError, match="128"):
        send(client, clip, client_request_id="x" * 129)


def test_a_file_that_is_not_there_is_an_oserror(client: Rivya, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        send(client, tmp_path / "none.mp4")
