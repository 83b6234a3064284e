"""Endpoints, events and deliveries as stored and as the API shows them.

Endpoint object and event payload: docs/api-webhooks; the delivery record is assumed.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..identifiers import iso_utc
from ..store import Store
from .signing import preview

EVENT_TYPES = ("generation.succeeded", "generation.failed")
API_VERSION = "2026-05-11"
DELIVERIES = (
    "SELECT d.*, e.type AS event_type FROM webhook_delivery d "
    "JOIN webhook_event e ON e.id = d.event_id "
)


@dataclass(frozen=True)
class Endpoint:
    """One webhook endpoint, as stored. Times are Unix milliseconds."""

    id: str
    account: str
    name: str
    url: str
    event_types: str
    status: str
    secret: str
    failure_count: int
    last_success_ms: int | None
    last_failure_ms: int | None
    created_ms: int
    updated_ms: int
    disabled_ms: int | None
    revoked_ms: int | None

    def shown(self, *, with_secret: bool = False) -> dict[str, Any]:
        """The endpoint object; `signing_secret` only where it was just issued."""
        issued = {"signing_secret": self.secret} if with_secret else {}
        return {
            "id": self.id,
            "object": "webhook_endpoint",
            "name": self.name,
            "url": self.url,
            "event_types": json.loads(self.event_types),
            "status": self.status,
            "secret_preview": preview(self.secret),
            **issued,
            "last_success_at": _moment(self.last_success_ms),
            "last_failure_at": _moment(self.last_failure_ms),
            "failure_count": self.failure_count,
            "created_at": iso_utc(self.created_ms),
            "updated_at": iso_utc(self.updated_ms),
            "disabled_at": _moment(self.disabled_ms),
            "revoked_at": _moment(self.revoked_ms),
        }


def shown_delivery(row: sqlite3.Row) -> dict[str, Any]:
    """The delivery record of one row of `DELIVERIES`."""
    return {
        "id": row["id"],
        "object": "webhook_delivery",
        "endpoint_id": row["endpoint_id"],
        "event_id": row["event_id"],
        "event_type": row["event_type"],
        "attempt": row["attempt"],
        "status": row["status"],
        "response_status": row["response_status"],
        "error": row["error"],
        "duration_ms": row["duration_ms"],
        "created_at": iso_utc(row["created_ms"]),
        "next_attempt_at": _moment(row["next_attempt_ms"]),
    }


def event_body(event_id: str, event_type: str, created_ms: int, generation: dict[str, Any]) -> str:
    """The exact text of an event; that `data` holds the generation directly is assumed."""
    payload = {
        "id": event_id,
        "type": event_type,
        "api_version": API_VERSION,
        "created_at": iso_utc(created_ms),
        "data": generation,
    }
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def recent_deliveries(store: Store, endpoint_id: str, limit: int) -> list[dict[str, Any]]:
    """The delivery records of an endpoint, newest first."""
    query = DELIVERIES + "WHERE d.endpoint_id = ? ORDER BY d.created_ms DESC, d.rowid DESC LIMIT ?"
    return [shown_delivery(row) for row in store.rows(query, endpoint_id, limit)]


def delivery_record(store: Store, delivery_id: str) -> dict[str, Any]:
    """The record of a delivery that exists."""
    return shown_delivery(store.rows(DELIVERIES + "WHERE d.id = ?", delivery_id)[0])


def recent_events(store: Store, account: str, limit: int) -> list[dict[str, Any]]:
    """The events of an account as they were sent, newest first."""
    query = (
        "SELECT body FROM webhook_event WHERE account = ? "
        "ORDER BY created_ms DESC, rowid DESC LIMIT ?"
    )
    return [json.loads(row["body"]) for row in store.rows(query, account, limit)]


def _moment(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else iso_utc(milliseconds)
