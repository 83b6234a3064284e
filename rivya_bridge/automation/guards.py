"""Triggers that keep versions and the history of labels as they were written; made after every
migration, because SQLite drops them with a rebuilt table."""

from typing import Any

from django.db import connections

TABLES = ("automation_templateversion", "automation_labelmove")
KEPT = "Template versions and the history of labels are never changed."
_FUNCTION = (
    "CREATE OR REPLACE FUNCTION template_history_guard() RETURNS trigger LANGUAGE plpgsql AS $$ "
    f"BEGIN RAISE EXCEPTION '{KEPT}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def keep_versions(*, using: str, plan: Any = None, **_: Any) -> None:
    """Makes the triggers (a receiver of `post_migrate`)."""
    connection = connections[using]
    if plan is None:  # the signal also follows an emptied database, which keeps its triggers
        return
    if not set(TABLES) <= set(connection.introspection.table_names()):
        return
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if not is_sqlite:
            cursor.execute(_FUNCTION)
        for table in TABLES:
            cursor.execute(_sqlite(table) if is_sqlite else _postgresql(table))


def _sqlite(table: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {table}_is_kept BEFORE UPDATE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
    )


def _postgresql(table: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {table}_is_kept BEFORE UPDATE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION template_history_guard()"
    )
