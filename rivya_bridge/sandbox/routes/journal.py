"""GET /sandbox/journal: what really happened, for tests and audits.

Not part of Rivya's API: it stands outside /api/v1 and needs no key. `?account=other` shows
the second account.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..choices import MAIN_ACCOUNT
from ..context import sandbox_of
from ..conversation.records import Turn, all_turns
from ..identifiers import iso_utc
from ..store import Generation
from ..wallet import balance
from ..webhooks.journal import webhook_journal

LEDGER = "SELECT * FROM ledger WHERE account = ? ORDER BY number"


def show_journal(request: Request) -> JSONResponse:
    """All generations and chat turns of an account, its ledger, balance and webhooks."""
    sandbox = sandbox_of(request)
    account = request.query_params.get("account", MAIN_ACCOUNT)
    now_ms = sandbox.now_ms()
    entries = [_entry(generation, now_ms) for generation in sandbox.store.generations(account)]
    left = balance(sandbox.store, account)
    turns = [_turn(turn) for turn in all_turns(sandbox.store, account)]
    return JSONResponse(
        {
            "generations_count": len(entries),
            "by_status": dict(Counter(entry["status"] for entry in entries)),
            "charged_credits": sum(entry["final"] for entry in (*entries, *turns)),
            "ledger_sum": left,
            "balance": left,
            "ledger": [dict(row) for row in sandbox.store.rows(LEDGER, account)],
            "generations": entries,
            "webhooks": webhook_journal(sandbox.store, account),
            "chat_turns_count": len(turns),
            "chat_turns_by_key": dict(
                Counter(turn["idempotency_key"] for turn in turns if turn["idempotency_key"])
            ),
            "chat_turns": turns,
        }
    )


def _entry(generation: Generation, now_ms: int) -> dict[str, Any]:
    state = generation.state(now_ms)
    return {
        "id": generation.id,
        "idempotency_key": generation.idempotency_key,
        "status": state.status,
        "reserved": generation.reserved,
        "final": state.charge,
        "created_at": iso_utc(generation.created_ms),
        "body": json.loads(generation.body),
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


ROUTES = [Route("/sandbox/journal", show_journal, methods=["GET"])]
