"""Triggers that keep the ledger append-only; made after every migration, because SQLite drops them
with a rebuilt table."""

from typing import Any

from django.db import connections

KEPT = "Ledger entries are never changed or removed."
_SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS ledger_keeps_rows BEFORE UPDATE ON credits_ledgerentry "
    f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END",
    "CREATE TRIGGER IF NOT EXISTS ledger_loses_nothing BEFORE DELETE ON credits_ledgerentry "
    f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END",
)
_POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION ledger_guard() RETURNS trigger LANGUAGE plpgsql AS $$ "
    f"BEGIN RAISE EXCEPTION '{KEPT}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    "CREATE OR REPLACE TRIGGER ledger_guard BEFORE UPDATE OR DELETE ON credits_ledgerentry "
    "FOR EACH ROW EXECUTE FUNCTION ledger_guard()",
)


def keep_ledger(*, using: str, plan: Any = None, **_: Any) -> None:
    """Makes the triggers (a receiver of `post_migrate`)."""
    connection = connections[using]
    if plan is None:  # the signal also follows an emptied database, which keeps its triggers
        return
    if "credits_ledgerentry" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL:
            cursor.execute(statement)
