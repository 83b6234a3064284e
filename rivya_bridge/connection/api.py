"""The HTTP API's route for the connection in use. No key is in it; the dashboard checks it."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from rivya_bridge.connection.current import current_connection
from rivya_bridge.connection.selectors import SCOPE_USES, last_check, saved_rows

router = Router(tags=["connection"])


class ScopeOut(Schema):
    """`state`: held, missing or unknown; `use`: what works with it; `reason`: why it is unknown."""

    scope: str
    state: str
    use: str
    reason: str


class CheckOut(Schema):
    """What the last check found; null figures could not be read, `problem` says why."""

    checked_at: datetime
    model_count: int | None
    current_credits: int | None
    problem: str | None
    missing_scopes: list[str]
    scopes: list[ScopeOut]


class SavedOut(Schema):
    """A connection kept on the Connection page."""

    id: str
    name: str
    base_url: str
    key_last4: str
    is_in_use: bool
    checked_at: datetime | None


class ConnectionOut(Schema):
    """Which account is charged. `source`: environment, saved or sandbox."""

    account: str
    name: str
    host: str
    base_url: str
    is_sandbox: bool
    source: str
    key_prefix: str
    key_last4: str
    problem: str | None
    check: CheckOut | None
    saved: list[SavedOut]


@router.get("/connection", response=ConnectionOut, summary="The connection in use")
def show_connection(request: HttpRequest) -> dict[str, Any]:
    """Which account of which server is in use, and what its last check found. Asks nobody."""
    return connection_out()


def connection_out() -> dict[str, Any]:
    """The connection in use in the API's words."""
    now = current_connection()
    check = last_check(now.account)
    return {
        "account": now.account,
        "name": now.name or now.label,
        "host": now.host,
        "base_url": now.base_url,
        "is_sandbox": now.is_sandbox,
        "source": now.source,
        "key_prefix": now.key_prefix,
        "key_last4": now.key_last4,
        "problem": now.problem or None,
        "check": check
        and {
            "checked_at": check.checked_at,
            "model_count": check.model_count,
            "current_credits": check.current_credits,
            "problem": check.problem or None,
            "missing_scopes": check.missing,
            "scopes": [{**one, "use": SCOPE_USES.get(one["scope"], "")} for one in check.scopes],
        },
        "saved": [
            {
                "id": str(one.row.pk),
                "name": one.row.name,
                "base_url": one.row.base_url,
                "key_last4": one.row.key_last4,
                "is_in_use": one.row.is_in_use and now.source == "saved",
                "checked_at": one.check and one.check.checked_at,
            }
            for one in saved_rows()
        ],
    }
