"""GET /_sandbox/journal: what really happened, for tests and audits.

`?account=other` shows the second account, `?idempotency_key=…` what one key has made.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from starlette.requests import Request

from ..choices import MAIN_ACCOUNT
from ..context import Sandbox
from ..conversation.records import Turn, all_turns
from ..identifiers import iso_utc
from ..store import Generation, StoredFile
from ..wallet import balance
from ..webhooks.journal import webhook_journal
from .guard import Body, controlled

LEDGER = "SELECT * FROM ledger WHERE account = ? ORDER BY number"
FILES = "SELECT * FROM file WHERE account = ? ORDER BY created_ms, rowid"


def show_journal(sandbox: Sandbox, request: Request, _: Body) -> dict[str, Any]:
    """All generations, uploads and chat turns of an account, its ledger, balance and webhooks."""
    account = request.query_params.get("account", MAIN_ACCOUNT)
    key = request.query_params.get("idempotency_key")
    now_ms = sandbox.now_ms()
    entries = [_entry(generation, now_ms) for generation in sandbox.store.generations(account)]
    turns = [_turn(turn) for turn in all_turns(sandbox.store, account)]
    if key is not None:
        entries = [entry for entry in entries if entry["idempotency_key"] == key]
        turns = [turn for turn in turns if turn["idempotency_key"] == key]
    left = balance(sandbox.store, account)
    ledger = [dict(row) for row in sandbox.store.rows(LEDGER, account)]
    webhooks = webhook_journal(sandbox.store, account)
    return {
        "generations_count": len(entries),
        "by_status": dict(Counter(entry["status"] for entry in entries)),
        "charged_credits": sum(entry["final"] for entry in (*entries, *turns)),
        "ledger_sum": sum(row["amount"] for row in ledger),
        "balance": left,
        "by_idempotency_key": _by_key(entries, turns, webhooks),
        "ledger": ledger,
        "generations": entries,
        "uploads": [_upload(sandbox, dict(row)) for row in sandbox.store.rows(FILES, account)],
        "webhooks": webhooks,
        "chat_turns_count": len(turns),
        "chat_turns_by_key": dict(
            Counter(turn["idempotency_key"] for turn in turns if turn["idempotency_key"])
        ),
        "chat_turns": turns,
    }


def _by_key(
    entries: list[dict[str, Any]], turns: list[dict[str, Any]], webhooks: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """What each idempotency key has made, what that cost and how often it was told of."""
    told = {event["generation_id"]: len(event["deliveries"]) for event in webhooks["events"]}
    found: dict[str, dict[str, Any]] = {}
    for noun, rows in (("generations", entries), ("chat_turns", turns)):
        for row in rows:
            if row["idempotency_key"] is None:
                continue
            nothing = {"generations": [], "chat_turns": [], "charged_credits": 0, "deliveries": 0}
            made = found.setdefault(row["idempotency_key"], nothing)
            made[noun].append(row["id"])
            made["charged_credits"] += row["final"]
            made["deliveries"] += told.get(row["id"], 0)
    return found


def _entry(generation: Generation, now_ms: int) -> dict[str, Any]:
    state = generation.state(now_ms)
    return {
        "id": generation.id,
        "idempotency_key": generation.idempotency_key,
        "status": state.status,
        "reserved": generation.reserved,
        "final": state.charge,
        "created_at": iso_utc(generation.created_ms),
        "fate": json.loads(generation.fate) if generation.fate else None,
        "body": json.loads(generation.body),
    }


def _upload(sandbox: Sandbox, row: dict[str, Any]) -> dict[str, Any]:
    record = StoredFile(**row)
    return {
        "id": record.id,
        "kind": record.kind,
        "name": record.name,
        "mime_type": record.mime_type,
        "size_bytes": record.size_bytes,
        "sha256": record.sha256,
        "is_stored": sandbox.store.upload_path(record).exists(),
        "client_request_id": record.client_request_id,
        "created_at": iso_utc(record.created_ms),
    }


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "id": turn.id,
        "session_id": turn.session_id,
        "route": turn.route,
        "idempotency_key": turn.idempotency_key,
        "status": "completed" if turn.is_settled else "running",
        "reserved": turn.reserved,
        "final": turn.final if turn.is_settled else 0,
        "created_at": iso_utc(turn.created_ms),
        "body": json.loads(turn.body),
    }


ROUTES = [controlled("/_sandbox/journal", show_journal)]
