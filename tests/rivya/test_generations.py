"""Submitting and reading generations."""

import json
import math
from typing import Any

import pytest

from rivya_bridge.rivya import BadAnswer, Rivya
from rivya_bridge.rivya.resources.generations import Generations

from .conftest import NOW
from .payloads import FAILED, QUEUED, SUCCEEDED, as_json
from .scripted_server import ScriptedServer, answer


def test_it_works(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(202, as_json(QUEUED), {"X-Request-Id": "req_9"}))
    generation = client.generations.create(
        "z-image", "a slate table", {"aspect_ratio": "1:1"}, "job-42", idempotency_key="key-1"
    )
    request = server.requests[0]
    assert request.line == "POST /api/v1/generations HTTP/1.1"
    assert request.headers["idempotency-key"] == "key-1"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "model": "z-image",
        "prompt": "a slate table",
        "params": {"aspect_ratio": "1:1"},
        "client_request_id": "job-42",
    }
    assert (generation.id, generation.status) == ("task_8s1", "queued")
    assert not generation.is_terminal
    assert generation.reserved_credits == 1
    assert generation.meta.http_status == 202
    assert generation.meta.request_id == "req_9"
    assert generation.meta.received_at == NOW
    assert generation.raw == QUEUED


def test_a_finished_generation_names_its_results(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json(SUCCEEDED)))
    generation = client.generations.retrieve("task_8s1")
    assert generation.is_terminal
    assert generation.urls == ("https://cdn.example/a.png",)
    assert generation.primary_url == "https://cdn.example/a.png"
    assert generation.created_at is not None
    assert generation.created_at.isoformat() == "2026-05-10T00:00:00+00:00"


def test_a_failed_generation_names_its_reason(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json(FAILED)))
    generation = client.generations.retrieve("task_8s2")
    assert generation.is_terminal
    assert (generation.error_code, generation.error_message) == (
        "generation_failed",
        "Short reason.",
    )


def test_the_body_is_sent_byte_for_byte(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(202, as_json(QUEUED)))
    body = b'{ "prompt":"\xc3\xa4",  "model" : "z-image"}'
    client.generations.submit(body, idempotency_key="key-1")
    assert server.requests[0].body == body


def test_equal_arguments_give_equal_bytes() -> None:
    one = Generations.build_body("m", "ä", {"b": 1, "a": {"d": 2, "c": 3}})
    two = Generations.build_body("m", "ä", {"a": {"c": 3, "d": 2}, "b": 1})
    assert one == two == '{"model":"m","params":{"a":{"c":3,"d":2},"b":1},"prompt":"ä"}'.encode()


@pytest.mark.parametrize(
    "arguments",
    [
        {"model": ""},
        {"model": "m", "params": {"a": math.nan}},
        {"model": "m", "params": {"a": object()}},
        {"model": "m", "prompt": "\ud800"},
        {"model": "m", "client_request_id": "x" * 129},
    ],
)
def test_a_body_that_cannot_be_sent_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Generations.build_body(**arguments)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "ä", " a"])
def test_an_idempotency_key_that_no_header_can_carry_is_refused(client: Rivya, key: str) -> None:
    with pytest.raises(ValueError, match="idempotency_key"):
        client.generations.submit(b"{}", idempotency_key=key)


@pytest.mark.parametrize("task_id", ["", "..", ".", "a\x00b", "x" * 201])
def test_an_id_that_is_no_path_step_is_refused(client: Rivya, task_id: str) -> None:
    with pytest.raises(ValueError, match="task_id"):
        client.generations.retrieve(task_id)


def test_an_id_cannot_leave_its_path(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json(SUCCEEDED)))
    client.generations.retrieve("../credits?a=b#c")
    assert server.requests[0].line == ("GET /api/v1/generations/..%2Fcredits%3Fa%3Db%23c HTTP/1.1")


def test_a_missing_key_is_made_up_and_differs_each_time(
    server: ScriptedServer, client: Rivya
) -> None:
    server.play(answer(body=as_json(QUEUED)), answer(body=as_json(QUEUED)))
    client.generations.create("m")
    client.generations.create("m")
    keys = {request.headers["idempotency-key"] for request in server.requests}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"status": "paused_by_vendor"}, "status", "paused_by_vendor"),
        ({"status": "paused_by_vendor"}, "is_terminal", False),
        ({"reserved_credits": 5.0}, "reserved_credits", 5),
        ({"reserved_credits": 4.2}, "reserved_credits", 5),
        ({"reserved_credits": None}, "reserved_credits", 0),
        ({"reserved_credits": -3}, "reserved_credits", 0),
        ({"reserved_credits": True}, "reserved_credits", 0),
        ({"final_credits": 10**30, "reserved_credits": 4}, "final_credits", 4),
        ({"final_credits": None, "reserved_credits": 4}, "final_credits", 4),
        ({"final_credits": 0, "reserved_credits": 4}, "final_credits", 0),
        ({"final_credits": None, "reserved_credits": 4, "status": "failed"}, "final_credits", 0),
        ({"final_credits": None, "reserved_credits": 4, "status": "new"}, "final_credits", 0),
        ({"created_at": "yesterday"}, "created_at", None),
        ({"created_at": 5}, "created_at", None),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at", None),
        ({"model": None}, "model", ""),
        ({"result": {"primary_url": "https://a.example/1"}}, "urls", ("https://a.example/1",)),
        ({"result": {"urls": ["https://a.example/1"]}}, "primary_url", "https://a.example/1"),
        ({"result": {"urls": [None, 5, "javascript:x", "data:,"]}}, "urls", ()),
        ({"result": ["https://a.example/1"]}, "urls", ()),
        (
            {"result": {"primary_url": "https://a.example/2", "urls": ["https://a.example/1"]}},
            "urls",
            ("https://a.example/2", "https://a.example/1"),
        ),
        ({"error": "why"}, "error_message", "why"),
        ({"error": {"code": 5}}, "error_code", None),
    ],
)
def test_odd_fields_are_read_as_well_as_they_can_be(
    server: ScriptedServer, client: Rivya, change: dict[str, Any], field: str, expected: object
) -> None:
    server.play(answer(body=as_json(SUCCEEDED | change)))
    assert getattr(client.generations.retrieve("task_8s1"), field) == expected


def test_a_relative_result_belongs_to_the_service(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json(SUCCEEDED | {"result": {"primary_url": "/outputs/a.png"}})))
    assert client.generations.retrieve("t").urls == (f"{server.url}/outputs/a.png",)


@pytest.mark.parametrize(
    "change", [{"id": None}, {"id": 5}, {"id": ".."}, {"id": "a\x01"}, {"status": ""}]
)
def test_an_answer_without_id_or_status_leaves_the_credits_in_doubt(
    server: ScriptedServer, client: Rivya, change: dict[str, Any]
) -> None:
    server.play(answer(202, as_json(QUEUED | change)))
    with pytest.raises(BadAnswer) as caught:
        client.generations.submit(b"{}", idempotency_key="key-1")
    assert caught.value.spent == "unknown"
    assert caught.value.http_status == 202
    assert caught.value.body
    assert len(server.requests) == 1


def test_the_same_task_read_twice_is_equal(server: ScriptedServer, client: Rivya) -> None:
    server.play(
        answer(body=as_json(SUCCEEDED), headers={"X-Request-Id": "req_1"}),
        answer(body=as_json(SUCCEEDED), headers={"X-Request-Id": "req_2"}),
    )
    assert client.generations.retrieve("t") == client.generations.retrieve("t")
