"""Rows of the fault matrix about the machine: signals to a real worker, a full disk, clocks, the broker."""

import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.db import connection as database
from django.utils import timezone

from rivya_bridge.tasks import background
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.tasks import vendor as play
from tests.tasks.making import Clock, carry, check_books, fresh, make_task, moving_clock, step
from tests.tasks.real_worker import LIMIT_SECONDS, Worker, starting_workers, stop_outside_a_write
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
STOPPED_WORKERS = int(os.environ.get("STOPPED_WORKERS", "1"))


@pytest.fixture
def worker(vendor: Vendor, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """Starts the product's own worker."""
    with starting_workers(vendor.url, tmp_path) as start:
        yield start


class Hanging:
    """A reply that is under way until the test lets it go."""

    def __init__(self, then: play.Reply) -> None:
        self.reached, self.let_go = threading.Event(), threading.Event()
        self.answered = threading.Event()
        self._then = then

    def __call__(self, handler: Any) -> None:
        self.reached.set()
        self.let_go.wait(LIMIT_SECONDS)
        self._then(handler)
        self.answered.set()


def test_a_worker_told_to_end_in_the_middle_of_a_reading_ends_at_once(
    vendor: Vendor, worker: Any
) -> None:
    """SIGTERM while the poller waits for an answer; another worker finishes the task."""
    hanging = Hanging(play.told)
    vendor.gets.append(hanging)
    task = make_task()
    first = worker()
    assert hanging.reached.wait(LIMIT_SECONDS)
    first.send_signal(signal.SIGTERM)
    assert first.wait(LIMIT_SECONDS) == 0
    assert not hanging.answered.is_set()
    hanging.let_go.set()
    assert fresh(task).status == "running"
    saved = threading.Event()
    vendor.downloads.append(lambda handler: (saved.set(), play.file(handler)))  # type: ignore[arg-type, return-value]
    worker()
    assert saved.wait(LIMIT_SECONDS)
    assert (len(vendor.sent), vendor.generations) == (1, 1)


def test_a_worker_told_to_end_while_it_sends_finishes_that_sending(
    vendor: Vendor, worker: Any
) -> None:
    """SIGTERM between the intent and the answer: it is waited for, written down, and nothing is left open."""
    hanging = Hanging(play.accepted)
    vendor.posts.append(hanging)
    task = make_task()
    process = worker()
    assert hanging.reached.wait(LIMIT_SECONDS)
    process.send_signal(signal.SIGTERM)
    hanging.let_go.set()
    assert process.wait(LIMIT_SECONDS) == 0
    _check_sent_once(task, vendor)


def test_a_worker_told_to_end_while_it_commits_loses_nothing(vendor: Vendor, worker: Any) -> None:
    """SIGTERM while the acceptance waits for the database's one write lock."""
    hanging = Hanging(play.accepted)
    vendor.posts.append(hanging)
    task = make_task()
    process = worker()
    assert hanging.reached.wait(LIMIT_SECONDS)
    path = database.settings_dict["NAME"]
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as line:
        line.execute("BEGIN IMMEDIATE")
        hanging.let_go.set()
        assert hanging.answered.wait(LIMIT_SECONDS)
        process.send_signal(signal.SIGTERM)
        line.execute("ROLLBACK")
    assert process.wait(LIMIT_SECONDS) == 0
    _check_sent_once(task, vendor)


def _check_sent_once(task: Task, vendor: Vendor) -> None:
    row = fresh(task)
    assert (row.status, row.exposure, row.lease_until) == ("running", "accepted", None)
    assert (len(vendor.sent), vendor.generations) == (1, 1)


@pytest.mark.parametrize("accepted", [False, True])
def test_a_worker_that_is_killed_while_it_sends_leaves_one_generation(
    vendor: Vendor, worker: Any, accepted: bool
) -> None:
    """kill -9 between the intent and the answer; the lease of a dead process ends at once."""
    hanging = Hanging(play.accepted)
    vendor.posts.append(play.accept_then(hanging) if accepted else hanging)
    task = make_task()
    process = worker()
    assert hanging.reached.wait(LIMIT_SECONDS)
    process.kill()
    process.wait()
    hanging.let_go.set()
    sweep_rows()
    row = fresh(task)
    assert (row.status, row.exposure, row.lost_leases) == ("unconfirmed", "possible", 1)
    advance(task.pk)
    assert fresh(task).status == "running"
    assert (vendor.generations, len({one.key for one in vendor.sent})) == (1, 1)


def test_a_worker_that_is_stopped_and_goes_on_writes_nothing_late(
    vendor: Vendor, worker: Any
) -> None:
    """SIGSTOP during the sending, the lease ends elsewhere, SIGCONT: the fence shuts it out."""
    for number in range(1, STOPPED_WORKERS + 1):
        hanging = Hanging(play.accepted)
        vendor.posts.append(hanging)
        task = make_task()
        process = worker()
        assert hanging.reached.wait(LIMIT_SECONDS)
        stop_outside_a_write(process)
        with moving_clock() as clock:
            clock.move(61)
            sweep_rows()
            assert fresh(task).status == "unconfirmed"
            row = carry(task, clock)
        assert row.status == "succeeded"
        fence = row.fence
        hanging.let_go.set()
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
        process.wait(LIMIT_SECONDS)
        row = fresh(task)
        assert (row.status, row.fence, vendor.generations) == ("succeeded", fence, number)
        check_books(task)


POINTS = ("before it is sent", "while it runs", "before it is saved")


@pytest.mark.parametrize("point", POINTS)
def test_a_full_database_strands_nothing_and_sends_nothing_twice(
    vendor: Vendor, clock: Clock, point: str
) -> None:
    vendor.says = {"status": "processing"}
    task = make_task()
    for _ in range(POINTS.index(point)):
        step(task, clock)
    vendor.says = {"status": "succeeded"}
    clock.reach(fresh(task))
    _limit_pages(full=True)
    try:
        for _ in range(3):
            _advance_anyway(task)
    finally:
        _limit_pages(full=False)
    clock.move(61)
    sweep_rows()
    row = carry(task, clock)
    assert row.status == "succeeded"
    assert (vendor.generations, len({one.key for one in vendor.sent})) == (1, 1)
    check_books(row)


def _limit_pages(*, full: bool) -> None:
    """Lets the file grow no more, and uses up what it has free."""
    with database.cursor() as cursor:
        if not full:
            cursor.execute("PRAGMA max_page_count = 1000000000")
            return
        cursor.execute("CREATE TABLE filler (bytes BLOB)")
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
        for size in (400_000, 40_000, 4_000, 400):
            _fill(cursor, size)


def _fill(cursor: Any, size: int) -> None:
    for _ in range(200):
        try:
            cursor.execute("INSERT INTO filler VALUES (zeroblob(%s))", [size])
        except DatabaseError:
            return


def _advance_anyway(task: Task) -> None:
    try:
        advance(task.pk)
    except DatabaseError:
        return


@pytest.fixture(autouse=True)
def no_filler(transactional_db: None) -> Iterator[None]:
    yield
    with database.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS filler")


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 3650 * 86_400.0])
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_clock_that_jumps_anywhere_strands_and_doubles_nothing(
    vendor: Vendor, clock: Clock, jump: float, steps: int
) -> None:
    """There for one sweep and back again; times that were written meanwhile count as over."""
    vendor.says = {"status": "processing"}
    task = make_task()
    for _ in range(steps):
        step(task, clock)
    clock.move(jump)
    sweep_rows()
    advance(task.pk)
    clock.move(-jump)
    vendor.says = {"status": "succeeded"}
    clock.move(61)
    sweep_rows()
    row = carry(task, clock)
    if row.status == "held":
        assert row.reason == "poll_budget_over"
        from rivya_bridge.tasks.services import continue_task

        continue_task(task.pk)
        row = carry(task, clock)
    assert row.status == "succeeded"
    assert (vendor.generations, len(vendor.sent)) == (1, 1)
    check_books(row)


def test_twenty_wiped_brokers_lose_nothing(vendor: Vendor, clock: Clock, monkeypatch: Any) -> None:
    """Every bell is lost; the sweep alone carries sending and saving."""
    heard: list[str] = []
    monkeypatch.setattr(background.advance_task, "delay", heard.append)
    tasks = [make_task() for _ in range(4)]
    for wipe in range(20):
        heard.clear()
        clock.move(11)
        sweep_rows()
        if wipe % 2:
            for task_id in list(heard):
                background.advance_task(task_id)
        for task in Task.objects.filter(status="running", due_at__lte=timezone.now()):
            advance(task.pk, {"running"})
    assert {fresh(task).status for task in tasks} == {"succeeded"}
    assert len(vendor.sent) == vendor.generations == 4
