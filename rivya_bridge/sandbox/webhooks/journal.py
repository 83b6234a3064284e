"""What really happened to webhooks, for tests and audits."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from typing import Any

from ..identifiers import iso_utc
from ..store import Store
from .endpoints import list_endpoints
from .records import DELIVERIES, shown_delivery


def webhook_journal(store: Store, account: str) -> dict[str, Any]:
    """Endpoints, events and deliveries of an account, counted and one by one, oldest first."""
    endpoints = [endpoint.shown() for endpoint in reversed(list_endpoints(store, account))]
    by_event = _deliveries(store, account)
    query = "SELECT * FROM webhook_event WHERE account = ? ORDER BY rowid"
    events = [_event(row, by_event[row["id"]]) for row in store.rows(query, account)]
    states = Counter(delivery["status"] for event in events for delivery in event["deliveries"])
    return {
        "endpoints_count": len(endpoints),
        "events_count": len(events),
        "deliveries_count": states.total(),
        "deliveries_by_status": dict(states),
        "endpoints": endpoints,
        "events": events,
    }


def _deliveries(store: Store, account: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in store.rows(DELIVERIES + "WHERE e.account = ? ORDER BY d.rowid", account):
        found[row["event_id"]].append(
            {
                **shown_delivery(row),
                "signature": row["signature"],
                "is_under_way": bool(row["is_claimed"]),
            }
        )
    return found


def _event(row: sqlite3.Row, deliveries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "type": row["type"],
        "generation_id": row["generation_id"],
        "is_test": row["generation_id"] is None,
        "fault": json.loads(row["fault"]) if row["fault"] else None,
        "created_at": iso_utc(row["created_ms"]),
        "body": row["body"],
        "deliveries": deliveries,
    }
