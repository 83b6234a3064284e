"""Managing webhook endpoints: create, change, revoke, rotate.

Fields, states and answers beyond docs/api-webhooks are assumed.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import Any

from ..choices import Choices
from ..errors import ApiError, invalid, missing
from ..identifiers import new_id
from ..store import Store, insert
from .records import EVENT_TYPES, Endpoint
from .signing import new_secret
from .urls import UrlRejected, check_url

CREATE_FIELDS = frozenset({"name", "url", "event_types"})
CHANGE_FIELDS = CREATE_FIELDS | {"status"}


def list_endpoints(store: Store, account: str) -> list[Endpoint]:
    """All endpoints of an account, newest first, revoked ones included."""
    query = "SELECT * FROM webhook_endpoint WHERE account = ? ORDER BY created_ms DESC, rowid DESC"
    return [Endpoint(**dict(row)) for row in store.rows(query, account)]


def find_endpoint(store: Store, account: str, endpoint_id: str) -> Endpoint:
    """The endpoint; raises ApiError not_found, also for one of another account."""
    query = "SELECT * FROM webhook_endpoint WHERE id = ? AND account = ?"
    rows = store.rows(query, endpoint_id, account)
    if not rows:
        raise missing("This webhook endpoint")
    return Endpoint(**dict(rows[0]))


def create_endpoint(
    store: Store, account: str, body: dict[str, Any], choices: Choices, now_ms: int
) -> Endpoint:
    """A new active endpoint; raises ApiError validation_failed or webhook_url_rejected."""
    _check_fields(body, CREATE_FIELDS)
    for needed in ("url", "event_types"):
        if needed not in body:
            raise invalid(f"{needed} is required.")
    endpoint = Endpoint(
        id=new_id("whend"),
        account=account,
        name=_name(body.get("name", ""), choices),
        url=_url(body["url"], choices),
        event_types=_event_types(body["event_types"]),
        status="active",
        secret=new_secret(),
        failure_count=0,
        last_success_ms=None,
        last_failure_ms=None,
        created_ms=now_ms,
        updated_ms=now_ms,
        disabled_ms=None,
        revoked_ms=None,
    )
    with store.transaction() as connection:
        insert(connection, "webhook_endpoint", vars(endpoint))
    return endpoint


def change_endpoint(
    store: Store, endpoint: Endpoint, body: dict[str, Any], choices: Choices, now_ms: int
) -> Endpoint:
    """Apply a PATCH body. Disabling ends what was still to be sent to the endpoint."""
    _check_fields(body, CHANGE_FIELDS)
    if not body:
        raise invalid("Send at least one of: event_types, name, status, url.")
    changes: dict[str, object] = {}
    if "name" in body:
        changes["name"] = _name(body["name"], choices)
    if "url" in body:
        changes["url"] = _url(body["url"], choices)
    if "event_types" in body:
        changes["event_types"] = _event_types(body["event_types"])
    if "status" in body:
        changes |= _status(body["status"], endpoint, now_ms)
    return _update(store, endpoint, changes, now_ms)


def revoke_endpoint(store: Store, endpoint: Endpoint, now_ms: int) -> Endpoint:
    """End an endpoint for good; a second time changes nothing."""
    if endpoint.status == "revoked":
        return endpoint
    return _update(store, endpoint, {"status": "revoked", "revoked_ms": now_ms}, now_ms)


def rotate_secret(store: Store, endpoint: Endpoint, now_ms: int) -> Endpoint:
    """Issue a new secret; the old one signs nothing from now on."""
    return _update(store, endpoint, {"secret": new_secret()}, now_ms)


def refuse_revoked(endpoint: Endpoint) -> None:
    """Raise ApiError validation_failed for an endpoint that was revoked."""
    if endpoint.status == "revoked":
        raise invalid("This webhook endpoint is revoked. Create a new one.")


def _update(store: Store, endpoint: Endpoint, changes: dict[str, object], now_ms: int) -> Endpoint:
    changes = {**changes, "updated_ms": now_ms}
    columns = ", ".join(f"{column} = ?" for column in changes)
    with store.transaction() as connection:
        changed = connection.execute(
            f"UPDATE webhook_endpoint SET {columns} "  # noqa: S608
            "WHERE id = ? AND status <> 'revoked'",
            (*changes.values(), endpoint.id),
        )
        if changed.rowcount == 0:
            refuse_revoked(replace(endpoint, status="revoked"))
        if changes.get("status", "active") != "active":
            _end_pending(connection, endpoint.id, f"The endpoint was {changes['status']}.")
    return find_endpoint(store, endpoint.account, endpoint.id)


def _end_pending(connection: sqlite3.Connection, endpoint_id: str, reason: str) -> None:
    """Fail what waits; an attempt that is already on its way ends by itself."""
    connection.execute(
        "UPDATE webhook_delivery SET status = 'failed', error = ?, next_attempt_ms = NULL "
        "WHERE endpoint_id = ? AND status = 'pending' AND is_claimed = 0",
        (reason, endpoint_id),
    )


def _check_fields(body: dict[str, Any], known: frozenset[str]) -> None:
    for key in body:
        if key not in known:
            raise invalid(f"{key[:60]} is not a field here; use {', '.join(sorted(known))}.")


def _name(value: object, choices: Choices) -> str:
    limit = choices.webhook_name_length
    if not isinstance(value, str):
        raise invalid("name must be a string.")
    if len(value) > limit:
        raise invalid(f"name has {len(value)} characters; the limit is {limit}.")
    return value


def _url(value: object, choices: Choices) -> str:
    if not isinstance(value, str):
        raise invalid("url must be a string.")
    try:
        check_url(value, allow_local=choices.allow_local_webhooks)
    except UrlRejected as error:
        raise ApiError("webhook_url_rejected", str(error)) from None
    return value


def _event_types(value: object) -> str:
    if not isinstance(value, list) or not value:
        raise invalid(f"event_types must be a list of one or more of: {', '.join(EVENT_TYPES)}.")
    for entry in value:
        if entry not in EVENT_TYPES:
            raise invalid(f"event_types may only name: {', '.join(EVENT_TYPES)}.")
    if len(set(value)) < len(value):
        raise invalid("event_types names a type twice.")
    return json.dumps(value)


def _status(value: object, endpoint: Endpoint, now_ms: int) -> dict[str, object]:
    if value == "active":
        return {"status": "active", "disabled_ms": None}
    if value == "disabled":
        return {"status": "disabled", "disabled_ms": endpoint.disabled_ms or now_ms}
    raise invalid("status must be active or disabled. To revoke, send DELETE.")
