"""Rows of the fault matrix about webhooks in: locks, a full disk, copies, every order, floods, forgeries."""

import hashlib
import random
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import permutations
from typing import Any

import httpx
import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.sweep import sweep_rows
from rivya_bridge.webhooks import receiver
from rivya_bridge.webhooks.judging import judge
from rivya_bridge.webhooks.models import Event
from tests.tasks.conftest import vendor  # noqa: F401 - a fixture
from tests.tasks.making import make_task
from tests.tasks.vendor import Vendor
from tests.webhooks.conftest import SECRET, event, sign

Call = Callable[..., httpx.Response]


def test_a_locked_database_is_a_503_and_the_repetition_is_kept_once(
    call: Call, monkeypatch: Any
) -> None:
    monkeypatch.setattr(receiver, "ANSWER_SECONDS", 0.3)
    assert call(event(0)).status_code == 200
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert call(event()).status_code == 503
        assert not Event.objects.filter(event_id="evt_1").exists()
        other.execute("ROLLBACK")
    monkeypatch.setattr(receiver, "ANSWER_SECONDS", 20.0)
    assert call(event()).status_code == 200
    assert Event.objects.filter(event_id="evt_1").count() == 1


@pytest.fixture
def no_room() -> Iterator[Callable[[bool], None]]:
    """Lets every new connection's file grow no more, and grow again."""
    from django.db.backends.signals import connection_created

    limit = [0]

    def limited(*, connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA max_page_count = {limit[0] or 1_000_000_000}")

    def switch(is_full: bool) -> None:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            limit[0] = cursor.fetchone()[0] if is_full else 0

    connection_created.connect(limited)
    yield switch
    connection_created.disconnect(limited)
    limit[0] = 0
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1000000000")


def test_a_full_disk_is_a_503_and_it_goes_on_when_there_is_room(
    endpoint: Any, no_room: Callable[[bool], None]
) -> None:
    """The writer's own connection meets the limit, as it would a full disk."""
    from rivya_bridge.webhooks.services.storing import store_events

    def rows() -> list[Event]:
        return [
            Event(
                endpoint=endpoint,
                event_id=f"evt_{number}",
                signature="verified",
                state="ignored",
                body=b"x" * 100_000,
                received_at=timezone.now(),
            )
            for number in range(40)
        ]

    connection.close()
    no_room(True)
    connection.close()
    with pytest.raises(DatabaseError, match="full"):
        store_events(rows())
    assert not Event.objects.exists()
    no_room(False)
    connection.close()
    store_events(rows())
    assert Event.objects.count() == 40


def running(remote_id: str = "task_1") -> Task:
    task = make_task()
    Task.objects.filter(pk=task.pk).update(status="running", remote_id=remote_id)
    return task


def test_a_hundred_copies_at_once_have_one_effect(
    vendor: Vendor,  # noqa: F811
    call: Call,
) -> None:
    task = running()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: call(event()).status_code, range(100)))
    assert set(answers) == {200}
    row = Event.objects.get()
    assert (row.copies, row.state, row.task_id) == (100, "matched", task.pk)


def test_every_order_of_four_events_leaves_the_same(
    vendor: Vendor,  # noqa: F811
    call: Call,
) -> None:
    """A webhook only hurries a reading, so that none can move a task by itself or backwards."""
    for turn, order in enumerate(permutations(range(4))):
        remote_id = f"task_{turn}"
        task = running(remote_id)
        words = ("queued", "processing", "succeeded", "failed")
        for number in order:
            data = {"id": remote_id, "status": words[number], "model": "z-image"}
            kind = f"generation.{words[number]}"
            assert call(event(turn * 10 + number, type=kind, data=data)).status_code == 200
        row = Task.objects.get(pk=task.pk)
        assert (row.status, row.news_at is not None) == ("running", True)
        assert Event.objects.filter(task=task, state="matched").count() == 4


def test_five_hundred_that_come_before_their_answers_find_their_tasks_in_one_sweep(
    vendor: Vendor,  # noqa: F811
    call: Call,
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: call(event(number, f"task_{number}")), range(500)))
    assert Event.objects.filter(state="parked").count() == 500
    for number in range(500):
        running(f"task_{number}")
    sweep_rows()
    assert Event.objects.filter(state="matched").count() == 500
    assert Task.objects.filter(news_at__isnull=False).count() == 500


def test_of_20000_forged_callbacks_none_is_accepted_and_none_breaks_it() -> None:
    """Random bytes, true signatures of other bytes, cut, doubled and odd headers."""
    chance, now = random.Random(5), timezone.now()
    body = b'{"id": "evt_1", "type": "generation.succeeded", "data": {"id": "task_1"}}'
    true = sign(body)
    for number in range(20_000):
        other = bytes(chance.randbytes(chance.randrange(1, 60)))
        header = _forged(chance, true)
        judged = judge(
            body if number % 2 and header != true else other,
            {"Rivya-Signature": header},
            [SECRET],
            requires_signature=True,
            now=now,
        )
        assert judged.http_status in (400, 401), (header, other)
        assert not judged.is_accepted


def _forged(chance: random.Random, true: str) -> str:
    stamp, _, mark = true.partition(",v1=")
    kinds = (
        lambda: true[: chance.randrange(len(true))],
        lambda: f"{stamp},v1={hashlib.sha256(chance.randbytes(8)).hexdigest()}",
        lambda: f"t=0{stamp[2:]}0,v1={mark}",
        lambda: f"{stamp},v0={mark}",
        lambda: f"{stamp},v1={mark.upper()}é",
        lambda: f"t=NaN,v1={mark}",
        lambda: f"t={'9' * chance.randrange(1, 400)},v1={mark}",
        lambda: f"t=-1,v1={mark}",
        lambda: ",".join([f"v1={mark}"] * chance.randrange(1, 50)),
        lambda: chance.randbytes(40).decode("latin-1"),
        lambda: "",
    )
    return chance.choice(kinds)()


def test_a_flood_is_answered_200_or_503_and_no_200_is_lost(call: Call) -> None:
    """Two thousand at once; the burst of 20,000 is a benchmark's (`benchmarks/webhooks.py`)."""
    with ThreadPoolExecutor(32) as pool:
        numbers = range(2_000)
        answers = dict(
            zip(numbers, pool.map(lambda n: call(event(n)).status_code, numbers), strict=True)
        )
    assert set(answers.values()) <= {200, 503}
    kept = set(Event.objects.values_list("event_id", flat=True))
    assert {f"evt_{number}" for number, status in answers.items() if status == 200} <= kept
