"""The row of the fault matrix about the beat: dead for good, or two of it, and nothing is lost or doubled.

Rounds are counted under a clock that stands still between its moves.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from rivya_bridge import celery
from rivya_bridge.automation.models import Job, Schedule, ScheduleSlot
from rivya_bridge.automation.services import ScheduleOptions, create_schedule
from rivya_bridge.catalog import services as catalog
from rivya_bridge.tasks import background
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.poller import Poller, poller
from rivya_bridge.tasks.services import balance, sweep
from rivya_bridge.tasks.services.sweep import sweep_rows
from rivya_bridge.tasks.sweeper import sweeper
from tests.automation.making import make_template
from tests.experiments.factories import add_models
from tests.tasks.making import Clock, check_books, make_task
from tests.tasks.races import Crew
from tests.tasks.test_poller import Hand, moved_pace
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2026, 6, 1, 12, 0, 15, tzinfo=UTC)
LIMIT_SECONDS = 60
# The safety net of each worker, in a scaled-out installation.
NET_SECONDS = 30
ROUNDS = 30


@pytest.fixture
def still() -> Iterator[Clock]:
    with time_machine.travel(START, tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def bells(monkeypatch: Any) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(background.advance_task, "delay", heard.append)
    return heard


@pytest.fixture
def schedule(vendor: Vendor) -> Schedule:
    """Every five minutes a job of one picture."""
    add_models("z-image")
    bare: dict[str, Any] = {"fixed_params": {}, "exposed_params": [], "file_slots": []}
    template = make_template(model_id="z-image", **bare)
    options = ScheduleOptions("Often", "*/5 * * * *", "UTC", {}, overlap="parallel")
    return create_schedule(template, options)


def go_on(rounds: int, clock: Clock, bells: list[str], beat: Callable[[], object]) -> None:
    """Rounds of half a minute: a beat, whatever it rings for, and a look of the poller."""
    hand = Hand(pace=moved_pace())
    for _ in range(rounds):
        clock.move(NET_SECONDS)
        beat()
        while bells:
            background.advance_task(bells.pop())
        hand.round()


def check_slots(schedule: Schedule, vendor: Vendor, others: int = 0) -> None:
    """Every time has one slot and one job, started in the round behind it; each was made once."""
    end = timezone.now()
    wanted, due = [], START.replace(minute=5, second=0)
    while due <= end:
        wanted.append(due)
        due += timedelta(minutes=5)
    slots = list(schedule.slots.order_by("due_at").select_related("job__task"))
    assert [slot.due_at for slot in slots] == wanted
    assert {slot.status for slot in slots} == {"started"}
    assert all(
        slot.job.created_at - slot.due_at <= timedelta(seconds=NET_SECONDS) for slot in slots
    )
    assert Job.objects.count() == len(wanted)
    ended = Task.objects.filter(created_at__lte=end - timedelta(minutes=2))
    assert {task.status for task in ended} == {"succeeded"}
    for task in ended:
        check_books(task)
    assert len(vendor.sent) == vendor.generations == len(wanted) + others


def test_it_works(schedule: Schedule, vendor: Vendor, still: Clock, bells: list[str]) -> None:
    """Celery's beat alone, whose message runs `sweep_tasks`."""
    create_again(schedule)
    go_on(ROUNDS, still, bells, background.sweep_tasks)
    assert ScheduleSlot.objects.count() == 3
    check_slots(schedule, vendor)


def create_again(schedule: Schedule) -> None:
    """On since the moment at which the clock stands."""
    now = timezone.now()
    Schedule.objects.filter(pk=schedule.pk).update(
        enabled_at=now, decided_until=now, next_at=START.replace(minute=5, second=0)
    )


def test_a_beat_that_dies_for_good_has_no_effect(
    schedule: Schedule, vendor: Vendor, still: Clock, bells: list[str]
) -> None:
    """After ten rounds only a worker's own safety net is left, and the bell of an open task died too."""
    create_again(schedule)
    go_on(10, still, bells, background.sweep_tasks)
    open_task = make_task()
    bells.clear()
    go_on(ROUNDS - 10, still, bells, sweep_rows)
    open_task.refresh_from_db()
    assert open_task.status == "succeeded"
    check_slots(schedule, vendor, others=1)


def test_two_beats_at_every_moment_are_one(
    schedule: Schedule, vendor: Vendor, still: Clock, bells: list[str]
) -> None:
    create_again(schedule)
    with Crew(3) as crew:
        go_on(
            ROUNDS,
            still,
            bells,
            lambda: crew.at_once(sweep_rows, sweep_rows, background.sweep_tasks),
        )
    check_slots(schedule, vendor)


class Dying:
    """A work whose first call takes its thread with it, if it `dies`; `again` is set by a later one."""

    def __init__(self, gives: Any = None) -> None:
        self.dies, self.again = False, threading.Event()
        self._gives = gives

    def __call__(self, *_: Any) -> Any:
        if self.dies:
            self.dies = False
            raise SystemExit  # no `except Exception` holds it
        self.again.set()
        return self._gives


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("name", ["sweeper", "reader", "poller-0"])
def test_a_thread_of_the_worker_that_dies_is_started_again_by_its_neighbour(
    settings: Any, monkeypatch: Any, caplog: Any, name: str
) -> None:
    """The real threads, as a worker starts them: the rows' sweeper, the balance's reader, the poller."""
    settings.SWEEP_SECONDS = 0.01
    works = {"sweeper": Dying(), "reader": Dying(), "poller-0": Dying(gives=True)}
    monkeypatch.setattr(sweep, "sweep_rows", works["sweeper"])
    monkeypatch.setattr(balance, "renew_balance", works["reader"])
    monkeypatch.setattr(catalog, "ensure_catalog", lambda: None)
    monkeypatch.setattr(Poller, "round", works["poller-0"])
    works[name].dies = True
    celery.start_sweeper()
    try:
        for work in works.values():
            assert work.again.wait(LIMIT_SECONDS)
    finally:
        celery.stop_sweeper()
    assert sweeper.join(LIMIT_SECONDS)
    assert poller.join(LIMIT_SECONDS)
    assert sweeper.revive() == poller.revive() == []
    assert f"The thread {name} had died" in caplog.text
