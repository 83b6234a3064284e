"""Accepting a generation: replay or conflict by key, reservation, record."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import replace
from typing import Any

from . import wallet
from .checks import Order
from .context import Caller, Sandbox
from .errors import ApiError
from .identifiers import new_id
from .lifecycle import plan_course
from .rendering import plan_results
from .scenarios.fates import Fate
from .store import Generation, insert


def submit(
    sandbox: Sandbox, caller: Caller, order: Order, body: dict[str, Any], key: str | None
) -> Generation:
    """The new generation, or the one that this key and body made before.

    Raises ApiError idempotency_conflict or insufficient_credits; nothing is then stored.
    """
    now_ms = sandbox.now_ms()
    generation = _record(sandbox, caller, order, body, key, now_ms)
    with sandbox.store.transaction() as connection:
        earlier = _earlier(sandbox, connection, caller.account, key, now_ms)
        if earlier is not None:
            return _replayed(earlier, generation)
        generation = _charged(connection, generation, caller.fate)
        wallet.reserve(connection, generation.id, generation.reserved, now_ms, caller.account)
        insert(connection, "generation", vars(generation))
    sandbox.dispatcher.wake()
    return generation


def _earlier(
    sandbox: Sandbox,
    connection: sqlite3.Connection,
    account: str,
    key: str | None,
    now_ms: int,
) -> Generation | None:
    if key is None:
        return None
    oldest = now_ms - int(sandbox.choices.idempotency_retention_seconds * 1000)
    row = connection.execute(
        "SELECT * FROM generation WHERE account = ? AND idempotency_key = ? AND created_ms > ? "
        "ORDER BY created_ms DESC LIMIT 1",
        (account, key, oldest),
    ).fetchone()
    return None if row is None else Generation(**dict(row))


def _replayed(earlier: Generation, repeated: Generation) -> Generation:
    if earlier.body_sha256 != repeated.body_sha256:
        raise ApiError(
            "idempotency_conflict",
            "This Idempotency-Key was used with a different body, and this request did nothing. "
            "Send that first body again to learn what became of it; a new key is only for work "
            "that is really new.",
        )
    return earlier


def _charged(connection: sqlite3.Connection, generation: Generation, fate: Fate) -> Generation:
    """The generation as it is to be paid: one whose fate is to go unpaid has failed at once."""
    if fate.unpaid is None:
        return generation
    left = wallet.left_in(connection, generation.account)
    if fate.unpaid == "short" and left >= generation.reserved:
        return replace(generation, fate=replace(fate, unpaid=None).stored())
    now_ms = generation.created_ms
    return replace(generation, reserved=0, fails=1, starts_ms=now_ms, ends_ms=now_ms)


def _record(
    sandbox: Sandbox,
    caller: Caller,
    order: Order,
    body: dict[str, Any],
    key: str | None,
    now_ms: int,
) -> Generation:
    task_id = new_id("task")
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    fate = caller.fate
    course = plan_course(task_id, order.model["category"], now_ms, sandbox.choices, fate.waits)
    return Generation(
        id=task_id,
        model=order.model["id"],
        prompt=order.prompt,
        params=json.dumps(order.params, ensure_ascii=False),
        body=json.dumps(body, ensure_ascii=False),
        body_sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        idempotency_key=key,
        client_request_id=order.client_request_id,
        reserved=order.model["base_credits"],
        final=None,
        settled_status=None,
        fails=int(fate.fails_with is not None or sandbox.choices.failure_marker in order.prompt),
        result_names=json.dumps(plan_results(order.model, order.params)),
        created_ms=now_ms,
        starts_ms=course.starts_ms,
        ends_ms=course.ends_ms,
        account=caller.account,
        origin=caller.origin,
        fate=fate.stored(),
    )
