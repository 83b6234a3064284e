"""Writing events and their pending deliveries, inside the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from typing import Any

from ..choices import Choices
from ..identifiers import iso_utc, new_id
from ..lifecycle import State
from ..presenting import FAILURE, present
from ..store import Generation, Store, insert
from .faults import DeliveryFault, DeliveryFaults
from .records import Endpoint, event_body


class Outbox:
    """Makes the one event of an ended generation and queues it for who wants it."""

    def __init__(self, choices: Choices, faults: DeliveryFaults) -> None:
        self._choices = choices
        self._faults = faults

    def comes_before_answer(self, generation: Generation) -> bool:
        """Whether the event of a new generation is to overtake the answer to its POST."""
        return self._faults.comes_before_answer(generation)

    def record(
        self, connection: sqlite3.Connection, generation: Generation, state: State, now_ms: int
    ) -> None:
        """Store the event of a generation that just ended, and its first deliveries.

        Receivers are the endpoints that are active and subscribed at this moment.
        """
        event_type = f"generation.{state.status}"
        fault = self._faults.of_event(generation)
        shown = present(generation, state, generation.origin)
        event_id = _store_event(
            connection,
            account=generation.account,
            event_type=event_type,
            data={fault.wrapper: shown} if fault.wrapper else shown,
            created_ms=state.changed_ms,
            generation_id=generation.id,
            fault=None if fault == DeliveryFault() else json.dumps(asdict(fault)),
        )
        if not fault.drop:
            for endpoint_id in _subscribed(connection, generation.account, event_type):
                self._queue(connection, endpoint_id, event_id, fault, now_ms)

    def _queue(
        self,
        connection: sqlite3.Connection,
        endpoint_id: str,
        event_id: str,
        fault: DeliveryFault,
        now_ms: int,
    ) -> None:
        waits = fault.order == "after_next"
        held = self._choices.webhook_hold_seconds if waits else 0.0
        wait_ms = round((fault.delay_seconds or held) / self._choices.speed * 1000)
        for _ in range(fault.copies):
            queue_delivery(
                connection,
                endpoint_id=endpoint_id,
                event_id=event_id,
                signature=fault.signature,
                waits_for_next=int(waits),
                due_ms=now_ms + wait_ms,
                next_attempt_ms=now_ms + wait_ms,
                created_ms=now_ms,
            )


def queue_delivery(connection: sqlite3.Connection, **values: object) -> str:
    """Add one pending attempt, the first unless `attempt` says otherwise; its id."""
    delivery_id = new_id("whdel")
    insert(connection, "webhook_delivery", {"id": delivery_id, "attempt": 1, **values})
    return delivery_id


def queue_test(store: Store, endpoint: Endpoint, event_type: str, now_ms: int) -> str:
    """Store a test event and its only delivery, already claimed by the caller; the delivery's id.

    Test events go to this endpoint alone, name no real generation and are never retried.
    """
    with store.transaction() as connection:
        event_id = _store_event(
            connection,
            account=endpoint.account,
            event_type=event_type,
            data=_safe_data(event_type, now_ms),
            created_ms=now_ms,
        )
        return queue_delivery(
            connection,
            endpoint_id=endpoint.id,
            event_id=event_id,
            is_claimed=1,
            due_ms=now_ms,
            created_ms=now_ms,
        )


def _store_event(
    connection: sqlite3.Connection,
    *,
    account: str,
    event_type: str,
    data: dict[str, Any],
    created_ms: int,
    generation_id: str | None = None,
    fault: str | None = None,
) -> str:
    event_id = new_id("evt")
    row = {
        "id": event_id,
        "account": account,
        "type": event_type,
        "generation_id": generation_id,
        "body": event_body(event_id, event_type, created_ms, data),
        "fault": fault,
        "created_ms": created_ms,
    }
    insert(connection, "webhook_event", row)
    return event_id


def _subscribed(connection: sqlite3.Connection, account: str, event_type: str) -> list[str]:
    rows = connection.execute(
        "SELECT id, event_types FROM webhook_endpoint "
        "WHERE account = ? AND status = 'active' ORDER BY created_ms, rowid",
        (account,),
    )
    return [row["id"] for row in rows if event_type in json.loads(row["event_types"])]


def _safe_data(event_type: str, now_ms: int) -> dict[str, Any]:
    succeeded = event_type == "generation.succeeded"
    link = "https://example.com/test.png"
    return {
        "id": new_id("task_test"),
        "status": "succeeded" if succeeded else "failed",
        "model": "z-image",
        "reserved_credits": 0,
        "final_credits": 0,
        "created_at": iso_utc(now_ms),
        "updated_at": iso_utc(now_ms),
        "result": {"primary_url": link, "urls": [link]} if succeeded else None,
        "error": None if succeeded else FAILURE,
        "test": True,
    }
