"""The triggers that guard tasks, put back after every migration: SQLite drops them with a rebuilt table."""

from importlib import import_module
from typing import Any

from django.db import connections

_MIGRATION = import_module("rivya_bridge.tasks.migrations.0002_guards")


def keep_guards(*, using: str, plan: Any = None, **_: Any) -> None:
    """Makes the trigger where it is missing (a receiver of `post_migrate`)."""
    connection = connections[using]
    if plan is None:  # the signal also follows an emptied database, which keeps its triggers
        return
    if "tasks_task" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'task_guard'")
        else:
            cursor.execute("SELECT 1 FROM pg_trigger WHERE tgname = 'task_guard'")
        is_there = cursor.fetchone() is not None
    if not is_there:
        with connection.schema_editor() as editor:
            _MIGRATION.guard(None, editor)
