"""Tasks to send, a clock that is moved instead of waiting, and the books that must balance."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.db import transaction
from django.utils import timezone

from rivya_bridge.credits.models import LedgerEntry, Wallet
from rivya_bridge.identifiers import new_id
from rivya_bridge.rivya.types.answer import AnswerMeta
from rivya_bridge.rivya.types.model import Model, read_models
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import create_task
from rivya_bridge.tasks.services.advance import advance


class Clock:
    """Goes on by itself and jumps when told."""

    def __init__(self, traveller: Any) -> None:
        self._traveller = traveller

    def move(self, seconds: float) -> None:
        self._traveller.shift(seconds)

    def reach(self, task: Task) -> None:
        """To the moment at which the task is due."""
        missing = (task.due_at - timezone.now()).total_seconds()
        if missing >= 0:
            self.move(missing + 0.05)


@contextmanager
def moving_clock() -> Iterator[Clock]:
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:
        yield Clock(traveller)


def make_model(**fields: Any) -> Model:
    """A model of the list with one price."""
    raw = {
        "id": "z-image",
        "display_name": "Z-Image",
        "category": "image",
        "api_status": "available",
        "base_credits": 1,
    } | fields
    return read_models({"data": [raw]}, AnswerMeta(200, None, datetime.now(UTC)))[0]


def make_task(**fields: Any) -> Task:
    """A queued task in a committed transaction, as a run or a job makes it."""
    wanted: dict[str, Any] = {
        "origin": Task.Origin.RUN,
        "origin_id": new_id(),
        "model": make_model(base_credits=fields.pop("price", 1)),
        "prompt": "a slate table",
        "params": {},
        "references": [],
        "group_label": "Tables",
        "group_url": "/",
    } | fields
    with transaction.atomic():
        return create_task(**wanted)


def fresh(task: Task) -> Task:
    return Task.objects.get(pk=task.pk)


def step(task: Task, clock: Clock) -> Task:
    """One doorbell at the moment at which the task is due."""
    clock.reach(fresh(task))
    advance(task.pk)
    return fresh(task)


def carry(task: Task, clock: Clock, rounds: int = 40) -> Task:
    """Rings when due until the task has ended or is held."""
    row = fresh(task)
    for _ in range(rounds):
        if row.is_terminal or row.status == "held":
            return row
        row = step(task, clock)
    raise AssertionError(f"still {row.status} after {rounds} rounds: {row.reason_text}")


def back_in_time(task: Task, field: str, **delta: float) -> None:
    """Moves one time of the row back."""
    moved = getattr(fresh(task), field) - timedelta(**delta)
    Task.objects.filter(pk=task.pk).update(**{field: moved})


def kinds(task: Task) -> list[str]:
    return list(task.events.values_list("kind", flat=True))


def check_books(task: Task) -> None:
    """What must hold for every task, however it went: no gap, no leak, one pair in the ledger."""
    row = fresh(task)
    seqs = list(row.events.values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
    assert sum(Wallet.objects.values_list("reserved_credits", flat=True)) == 0
    entries = sorted(LedgerEntry.objects.filter(task=row).values_list("kind", flat=True))
    expected = {"succeeded": ["reserve", "settle"]}.get(row.status)
    if expected is not None:
        assert entries == expected
    if row.status in ("held", "failed", "canceled"):
        assert row.reason
        assert row.reason_text
