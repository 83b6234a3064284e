"""Two accounts: what belongs to one does not exist for the other; old folders still open."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import httpx
import pytest

from rivya_bridge.sandbox.serve import running_sandbox

from .conftest import FULL, Clock, hooked_sandbox, png, refusal
from .webhook_receiver import Receiver

OTHER = {"Authorization": "Bearer rvya_sk_sandbox_other"}
URL = "/api/v1/generations"


def order(**fields: object) -> dict[str, object]:
    return {"model": "z-image", "prompt": "A boat", **fields}


def test_it_works(tmp_path: Path, clock: Clock) -> None:
    with (
        running_sandbox(tmp_path, clock=clock, balance=10) as running,
        httpx.Client(base_url=running.base_url, timeout=30) as api,
    ):
        key = {"Idempotency-Key": "same"}
        mine = api.post(URL, json=order(), headers={**FULL, **key}).json()
        theirs = api.post(URL, json=order(prompt="Else"), headers={**OTHER, **key}).json()
        file = api.post(
            "/api/v1/files", data={"kind": "image"}, files={"file": ("a.png", png())}, headers=FULL
        ).json()

        assert mine["id"] != theirs["id"], "idempotency keys belong to an account"
        for path in (f"{URL}/{mine['id']}", f"/api/v1/files/{file['id']}"):
            assert refusal(api.get(path, headers=OTHER)) == (404, "not_found")
            assert api.get(path, headers=FULL).status_code == 200
        assert api.get("/api/v1/credits", headers=FULL).json() == {"current_credits": 9}
        assert api.get("/api/v1/credits", headers=OTHER).json() == {"current_credits": 9}
        for account, task in (("sandbox", mine), ("other", theirs)):
            journal = api.get("/_sandbox/journal", params={"account": account}).json()
            assert [entry["id"] for entry in journal["generations"]] == [task["id"]]
            assert sum(entry["amount"] for entry in journal["ledger"]) == journal["balance"] == 9


def test_a_foreign_upload_is_no_reference(tmp_path: Path, clock: Clock) -> None:
    with (
        running_sandbox(tmp_path, clock=clock) as running,
        httpx.Client(base_url=running.base_url, timeout=30) as api,
    ):
        file = api.post(
            "/api/v1/files", data={"kind": "image"}, files={"file": ("a.png", png())}, headers=FULL
        ).json()
        reference = {"url": file["url"], "kind": "image"}
        sent = order(model="nano-banana-2", params={"referenceMediaItems": [reference]})

        assert api.post(URL, json=sent, headers=FULL).status_code == 202
        refused = api.post(URL, json=sent, headers=OTHER)
        assert refusal(refused) == (400, "validation_failed")


def test_an_empty_wallet_is_its_own(tmp_path: Path, clock: Clock) -> None:
    with (
        running_sandbox(tmp_path, clock=clock, balance=1) as running,
        httpx.Client(base_url=running.base_url) as api,
    ):
        assert api.post(URL, json=order(), headers=FULL).status_code == 202
        assert api.post(URL, json=order(), headers=FULL).status_code == 402
        assert api.post(URL, json=order(), headers=OTHER).status_code == 202


def test_events_reach_endpoints_of_their_own_account(tmp_path: Path, receiver: Receiver) -> None:
    with hooked_sandbox(tmp_path) as running:
        body = {"url": receiver.url, "event_types": ["generation.succeeded"]}
        running.api.post("/api/v1/webhooks", json=body, headers=OTHER)
        running.submit()
        running.api.post(URL, json=order(), headers=OTHER)
        running.pass_time()
        mine = running.api.get("/api/v1/webhook-events").json()["data"]
        theirs = running.api.get("/api/v1/webhook-events", headers=OTHER).json()["data"]

    assert [callback.event for callback in receiver.all()] == theirs
    assert len(mine) == len(theirs) == 1 and mine != theirs


OLD_SCHEMA = """
CREATE TABLE generation (
    id TEXT PRIMARY KEY, model TEXT NOT NULL, prompt TEXT NOT NULL, params TEXT NOT NULL,
    body TEXT NOT NULL, body_sha256 TEXT NOT NULL, idempotency_key TEXT, client_request_id TEXT,
    reserved INTEGER NOT NULL, final INTEGER, settled_status TEXT, fails INTEGER NOT NULL,
    result_names TEXT NOT NULL, created_ms INTEGER NOT NULL, starts_ms INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL
);
CREATE TABLE file (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, mime_type TEXT NOT NULL,
    extension TEXT NOT NULL, size_bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    duration_seconds REAL, duration_token TEXT, model TEXT, client_request_id TEXT,
    created_ms INTEGER NOT NULL
);
CREATE TABLE ledger (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, generation_id TEXT NOT NULL,
    amount INTEGER NOT NULL, created_ms INTEGER NOT NULL, UNIQUE (generation_id, kind)
);
CREATE TRIGGER ledger_keeps_rows BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
INSERT INTO generation VALUES ('task_old', 'z-image', 'A boat', '{}', '{}', 'x', NULL, NULL,
    1, NULL, NULL, 0, '["1.png"]', 1000, 1000, 2000);
INSERT INTO ledger (kind, generation_id, amount, created_ms) VALUES ('opening', '-', 7, 1),
    ('reserve', 'task_old', -1, 1000);
"""


@pytest.mark.parametrize("times", [1, 2])
def test_a_folder_from_before_accounts_opens(tmp_path: Path, clock: Clock, times: int) -> None:
    with sqlite3.connect(tmp_path / "sandbox.sqlite3") as old:
        old.executescript(OLD_SCHEMA)
    old.close()

    for _ in range(times):
        with (
            running_sandbox(tmp_path, clock=clock) as running,
            httpx.Client(base_url=running.base_url, headers=FULL, timeout=30) as api,
        ):
            task = api.get(f"{URL}/task_old").json()
            credits = api.get("/api/v1/credits").json()
            event = api.get("/api/v1/webhook-events").json()["data"][0]

    assert task["status"] == "succeeded"
    assert credits == {"current_credits": 6}
    link = event["data"]["result"]["primary_url"]
    assert link == "http://127.0.0.1:8001/results/task_old/1.png"
