"""Reads of saved connections and their checks."""

from dataclasses import dataclass
from uuid import UUID

from rivya_bridge.connection.current import Connection, saved_connection
from rivya_bridge.connection.models import ConnectionCheck, SavedConnection
from rivya_bridge.refusals import Missing

SCOPE_USES = {
    "models:read": "reading the model list",
    "credits:read": "reading the balance, and holding tasks back that it cannot carry",
    "generations:read": "following tasks and fetching their results",
    "generations:create": "running experiments and jobs",
    "files:read": "looking up uploaded references",
    "files:create": "uploading reference files",
    "chat:read": "reading chat sessions",
    "chat:create": "chat turns",
    "webhooks:manage": "managing webhook endpoints; polling works without",
}


@dataclass(frozen=True, slots=True)
class SavedRow:
    """A saved connection with its last check."""

    row: SavedConnection
    check: ConnectionCheck | None


def saved_rows() -> list[SavedRow]:
    """Saved connections by name, each with its last check (two queries)."""
    rows = list(SavedConnection.objects.filter(removed_at=None).order_by("name"))
    checks = ConnectionCheck.objects.in_bulk([row.account for row in rows])
    return [SavedRow(row, checks.get(row.account)) for row in rows]


def get_saved(connection_id: UUID) -> SavedConnection:
    """One saved connection. Raises Missing."""
    row = SavedConnection.objects.filter(pk=connection_id, removed_at=None).first()
    if row is None:
        raise Missing("There is no such saved connection: it may have been removed.")
    return row


def as_connection(row: SavedConnection) -> Connection:
    """The saved connection as it would be if it were in use."""
    return saved_connection(
        base_url=row.base_url,
        account=row.account,
        name=row.name,
        key_last4=row.key_last4,
        encrypted_key=row.encrypted_key,
    )


def last_check(account: str) -> ConnectionCheck | None:
    """What the last check of the account found."""
    return ConnectionCheck.objects.filter(pk=account).first()
