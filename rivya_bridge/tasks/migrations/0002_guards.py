"""Triggers that keep terminal states, keys and frozen bodies from ever changing."""

from django.db import migrations

FROZEN = "A task's terminal state, key and frozen body never change."

SQLITE = f"""
CREATE TRIGGER task_guard BEFORE UPDATE ON tasks_task
WHEN (OLD.status IN ('succeeded', 'failed', 'canceled') AND NEW.status <> OLD.status)
  OR NEW.idempotency_key <> OLD.idempotency_key
  OR (OLD.exposure <> 'none' AND OLD.request_body IS NOT NULL
      AND NEW.request_body IS NOT OLD.request_body)
BEGIN SELECT RAISE(ABORT, '{FROZEN}'); END
"""

POSTGRESQL = f"""
CREATE FUNCTION task_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{FROZEN.replace("'", "''")}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER task_guard BEFORE UPDATE ON tasks_task FOR EACH ROW
WHEN ((OLD.status IN ('succeeded', 'failed', 'canceled') AND NEW.status <> OLD.status)
  OR NEW.idempotency_key <> OLD.idempotency_key
  OR (OLD.exposure <> 'none' AND OLD.request_body IS NOT NULL
      AND NEW.request_body IS DISTINCT FROM OLD.request_body))
EXECUTE FUNCTION task_guard();
"""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(SQLITE.replace(FROZEN, FROZEN.replace("'", "''")), params=None)
    else:
        schema_editor.execute(POSTGRESQL, params=None)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER task_guard", params=None)
    else:
        schema_editor.execute(
            "DROP TRIGGER task_guard ON tasks_task; DROP FUNCTION task_guard()", params=None
        )


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
