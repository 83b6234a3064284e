"""Credits, the journal, restarts, the model list, the contract and the command line."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from rivya_bridge.sandbox.app import ROUTES
from rivya_bridge.sandbox.serve import RunningSandbox, running_sandbox
from rivya_bridge.sandbox.store import Store

from .conftest import FULL, Clock, refusal

CREDITS = "/api/v1/credits"
URL = "/api/v1/generations"


def client_of(running: RunningSandbox) -> httpx.Client:
    return httpx.Client(base_url=running.base_url, headers=FULL)


def order(prompt: str = "A boat", model: str = "nano-banana-2") -> dict[str, Any]:
    return {"model": model, "prompt": prompt}


def test_it_works(tmp_path: Path, clock: Clock) -> None:
    with (
        running_sandbox(tmp_path, clock=clock, speed=1, balance=20) as running,
        client_of(running) as api,
    ):
        price = api.post(URL, json=order(), headers={"Idempotency-Key": "k"}).json()
        api.post(URL, json=order("sandbox:fail"))
        clock.advance(60)
        journal = api.get("/_sandbox/journal").json()

    cost = price["reserved_credits"]
    assert journal["by_status"] == {"succeeded": 1, "failed": 1}
    assert journal["charged_credits"] == cost
    assert journal["balance"] == journal["ledger_sum"] == 20 - cost
    assert [entry["kind"] for entry in journal["ledger"]].count("refund") == 1
    assert sum(entry["amount"] for entry in journal["ledger"]) == journal["balance"]
    assert journal["generations"][0]["idempotency_key"] == "k"
    assert journal["generations"][0]["body"] == order()


def test_an_empty_wallet_refuses_and_creates_nothing(tmp_path: Path, clock: Clock) -> None:
    with running_sandbox(tmp_path, clock=clock, balance=1) as running, client_of(running) as api:
        headers = {"Idempotency-Key": "k"}
        assert api.post(URL, json=order(model="z-image"), headers=headers).status_code == 202

        answer = api.post(URL, json=order(model="z-image"))

        assert refusal(answer) == (402, "insufficient_credits")
        assert api.post(URL, json=order(model="z-image"), headers=headers).status_code == 202
        assert api.get("/_sandbox/journal").json()["generations_count"] == 1


def test_a_restart_changes_nothing_and_books_what_is_over(tmp_path: Path, clock: Clock) -> None:
    with running_sandbox(tmp_path, clock=clock, speed=1) as running, client_of(running) as api:
        task = api.post(URL, json=order("one"), headers={"Idempotency-Key": "k"}).json()
        failing = api.post(URL, json=order("sandbox:fail")).json()
        before = api.get(CREDITS).json()["current_credits"]
    clock.advance(3600)
    with (
        running_sandbox(tmp_path, clock=clock, speed=9, balance=7) as running,
        client_of(running) as api,
    ):
        journal = api.get("/_sandbox/journal").json()
        again = api.post(URL, json=order("one"), headers={"Idempotency-Key": "k"}).json()
        done = api.get(f"{URL}/{task['id']}").json()

    assert again["id"] == task["id"]
    assert done["status"] == "succeeded"
    assert journal["balance"] == before + failing["reserved_credits"]
    kinds = [entry["kind"] for entry in journal["ledger"]]
    assert sorted(kinds) == ["opening", "refund", "reserve", "reserve", "settle"]


def test_the_ledger_can_only_grow(tmp_path: Path, clock: Clock) -> None:
    with running_sandbox(tmp_path, clock=clock):
        pass
    with Store(tmp_path) as store:
        for statement in ("UPDATE ledger SET amount = 9", "DELETE FROM ledger"):
            with pytest.raises(sqlite3.IntegrityError), store.transaction() as connection:
                connection.execute(statement)


def test_the_model_list_has_no_gaps(anonymous: httpx.Client) -> None:
    models = anonymous.get("/api/v1/models").json()["data"]
    by_id = {model["id"]: model for model in models}

    may_be_null = {"max_prompt_length", "reference_media", "chat_capabilities"}
    assert {k for m in models for k, v in m.items() if v is None} <= may_be_null
    assert by_id["wan-2-7-video"]["reference_media"]["max_files"] == 1
    assert by_id["wan-2-6"]["supported_modes"] == [
        "text-to-video",
        "image-to-video",
        "video-to-video",
    ]
    assert by_id["wan-2-6"]["requires_upload_for_modes"] == ["image-to-video", "video-to-video"]
    assert by_id["sora-watermark-remover"]["supported_modes"] == ["video-to-video"]
    assert by_id["suno-music"]["supported_modes"] == ["text-to-audio"]
    assert by_id["gpt-5-2-chat"]["chat_capabilities"]["image_attachments"] is True
    assert by_id["gpt-5-2-chat"]["runtime"] == "chat"


def test_the_contract_describes_exactly_the_routes(anonymous: httpx.Client) -> None:
    document = anonymous.get("/api/v1/openapi.json").json()

    described = {
        (_anonymous(path), method.upper())
        for path, item in document["paths"].items()
        for method in item
    }
    served = {
        (_anonymous(route.path), method)
        for route in ROUTES
        if route.path.startswith("/api/v1")
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert described == served
    names = set(document["components"]["schemas"])
    assert {ref for ref in _references(document)} <= {f"#/components/schemas/{n}" for n in names}


def _anonymous(path: str) -> str:
    """The path with its parameters' names left out: they differ between both sides."""
    return re.sub(r"\{\w+\}", "{}", path)


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [ref for part in value.values() for ref in _references(part)]
    if isinstance(value, list):
        return [ref for part in value for ref in _references(part)]
    return []


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rivya_bridge.sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def test_the_command_says_its_address_and_ends_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rivya_bridge.sandbox", "--port", "0"]
    with subprocess.Popen(
        [*command, "--data-dir", str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        answer = httpx.get(f"{address}{CREDITS}", headers=FULL)
        process.terminate()
        assert process.wait(10) == 0

    assert answer.json() == {"current_credits": 5000}


def test_the_help_says_what_it_is_and_how_to_begin() -> None:
    told = run("--help").stdout
    for word in ("stand-in", "127.0.0.1:8001", "rvya_sk_sandbox_full", "--speed", "Ctrl-C"):
        assert word in told


def test_a_busy_port_is_one_line(sandbox: RunningSandbox, tmp_path: Path) -> None:
    port = sandbox.base_url.rpartition(":")[2]

    ended = run("--port", port, "--data-dir", str(tmp_path))

    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1 and port in ended.stderr


def test_an_unwritable_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    ended = run("--port", "0", "--data-dir", str(tmp_path / "file"))

    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1 and "file" in ended.stderr
