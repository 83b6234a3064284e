"""The database itself refuses what must never happen, whatever the code does."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from rivya_bridge.tasks.models import Task, TaskEvent
from rivya_bridge.tasks.services import cancel_task
from tests.tasks.making import Clock, carry, make_task, step
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


def raw_update(task: Task, assignment: str, *values: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE tasks_task SET {assignment} WHERE id = %s", [*values, task.pk.hex])
        return cursor.rowcount


def test_it_works(vendor: Vendor) -> None:
    assert raw_update(make_task(), "group_label = %s", "Other") == 1


@pytest.mark.parametrize("status", ["queued", "running", "failed", "held"])
def test_a_terminal_state_never_changes(vendor: Vendor, clock: Clock, status: str) -> None:
    done, canceled = carry(make_task(), clock), cancel_task(make_task().pk)
    for task in (done, canceled):
        with pytest.raises(DatabaseError, match="never change"):
            raw_update(task, "status = %s", status)


def test_a_key_never_changes(vendor: Vendor) -> None:
    with pytest.raises(DatabaseError, match="never change"):
        raw_update(make_task(), "idempotency_key = %s", "another")


@pytest.mark.parametrize("body", [b"{}", None])
def test_a_sent_body_never_changes(vendor: Vendor, clock: Clock, body: bytes | None) -> None:
    task = step(make_task(), clock)
    with pytest.raises(DatabaseError, match="never change"):
        raw_update(task, "request_body = %s", body)


@pytest.mark.parametrize(
    "assignment",
    [
        "status = 'sleeping'",
        "status = 'running'",
        "status = 'saving'",
        "status = 'held'",
        "status = 'failed'",
        "exposure = 'possible'",
    ],
)
def test_a_row_that_makes_no_sense_is_refused(vendor: Vendor, assignment: str) -> None:
    with pytest.raises(IntegrityError, match="CHECK"):
        raw_update(make_task(), assignment)


def test_keys_remote_ids_and_event_numbers_are_unique(vendor: Vendor, clock: Clock) -> None:
    first, second = step(make_task(), clock), step(make_task(), clock)
    with pytest.raises(IntegrityError, match="UNIQUE"):
        raw_update(second, "remote_id = %s", first.remote_id)
    with pytest.raises(IntegrityError, match="UNIQUE"):
        make_task(intent_key="once") and make_task(intent_key="once")
    event = TaskEvent.objects.filter(task=first).first()
    assert event is not None
    event.pk = None
    with pytest.raises(IntegrityError, match="UNIQUE"):
        event.save()
