"""The scheduler: every time has one slot, whatever the clock, the process or the job before it does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from rivya_bridge.automation.models import Job, Schedule, ScheduleSlot
from rivya_bridge.automation.services import (
    ScheduleOptions,
    add_version,
    create_schedule,
    delete_schedule,
    switch_schedule,
    tick_schedules,
    update_schedule,
)
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.automation.making import make_template
from tests.automation.test_services import draft
from tests.experiments.factories import finish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def make_schedule(cron: str = "0 * * * *", *, since: datetime = NOON, **changes) -> Schedule:
    """A schedule that was switched on at `since`."""
    slug = f"banner-{Schedule.objects.count()}"
    options = ScheduleOptions(**{"name": "Hourly", "cron": cron, **changes})
    schedule = create_schedule(make_template(slug), options)
    Schedule.objects.filter(pk=schedule.pk).update(
        enabled_at=since, decided_until=since, next_at=since
    )
    schedule.refresh_from_db()
    return schedule


def slots(schedule: Schedule) -> list[tuple[str, str]]:
    rows = schedule.slots.order_by("due_at")
    return [(slot.due_at.strftime("%H:%M"), slot.status) for slot in rows]


def end_jobs() -> None:
    for job in Job.objects.filter(task__status="queued").select_related("task"):
        finish(job.task)


def test_it_works():
    schedule = make_schedule(inputs={"subject": "bottle"})
    assert tick_schedules(NOON + 59 * MINUTE) == 0
    assert tick_schedules(NOON + HOUR) == 1
    [slot] = schedule.slots.all()
    assert (slot.status, slot.due_at, slot.job.source) == ("started", NOON + HOUR, "schedule")
    assert slot.job.inputs["subject"] == "bottle"
    assert slot.job.task.intent_key == f"schedule:{schedule.pk}:{slot.due_at.isoformat()}"
    assert slot.job.task.group_url == f"/schedules/{schedule.pk}/"
    schedule.refresh_from_db()
    assert schedule.next_at == NOON + 2 * HOUR


def test_the_sweep_ticks():
    now = datetime.now(UTC)
    schedule = make_schedule("* * * * *", since=now - MINUTE)
    sweep_rows()
    assert [status for _, status in slots(schedule)] == ["started"]


def test_ticking_again_starts_nothing_twice():
    make_schedule()
    for _ in range(3):
        tick_schedules(NOON + HOUR)
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_schedulers_at_once_start_one_job():
    make_schedule()

    def tick(_: int) -> None:
        try:
            tick_schedules(NOON + HOUR)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tick, range(16)))
    assert Job.objects.count() == ScheduleSlot.objects.count() == 1


def test_a_scheduler_that_died_between_slot_and_job_loses_nothing():
    schedule = make_schedule()
    ScheduleSlot.objects.create(
        schedule=schedule, due_at=NOON + HOUR, status="queued", decided_at=NOON + HOUR
    )
    tick_schedules(NOON + HOUR + MINUTE)
    assert slots(schedule) == [("13:00", "started")]


# --- Overlap --------------------------------------------------------------------------------------


def test_overlap_skip_notes_the_time_that_gave_way():
    schedule = make_schedule(overlap="skip")
    tick_schedules(NOON + HOUR)
    tick_schedules(NOON + 2 * HOUR)
    assert slots(schedule) == [("13:00", "started"), ("14:00", "skipped")]
    assert "still queued" in schedule.slots.get(status="skipped").reason


def test_overlap_queue_starts_one_after_the_other():
    schedule = make_schedule(overlap="queue")
    for hours in (1, 2, 3):
        tick_schedules(NOON + hours * HOUR)
    assert [status for _, status in slots(schedule)] == ["started", "queued", "queued"]
    end_jobs()
    tick_schedules(NOON + 3 * HOUR + MINUTE)
    assert [status for _, status in slots(schedule)] == ["started", "started", "queued"]


def test_overlap_parallel_starts_them_side_by_side():
    schedule = make_schedule(overlap="parallel")
    for hours in (1, 2):
        tick_schedules(NOON + hours * HOUR)
    assert [status for _, status in slots(schedule)] == ["started", "started"]


# --- Catching up ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        ("skip", ["missed"] * 4),
        ("latest", ["missed", "missed", "missed", "started"]),
        ("all", ["missed", "started", "started", "started"]),
    ],
)
def test_missed_times_follow_the_catch_up_rule_and_each_is_a_row(catch_up, expected):
    schedule = make_schedule(catch_up=catch_up, catch_up_limit=3, overlap="parallel")
    tick_schedules(NOON + 4 * HOUR + 30 * MINUTE)
    assert [status for _, status in slots(schedule)] == expected
    missed = schedule.slots.filter(status="missed").first()
    assert "minutes late" in missed.reason


def test_caught_up_times_wait_for_each_other_instead_of_giving_way():
    schedule = make_schedule(catch_up="all", catch_up_limit=3, overlap="skip")
    tick_schedules(NOON + 3 * HOUR + 30 * MINUTE)
    assert [status for _, status in slots(schedule)] == ["started", "queued", "queued"]
    for _ in range(2):
        end_jobs()
        tick_schedules(NOON + 3 * HOUR + 31 * MINUTE)
    assert [status for _, status in slots(schedule)] == ["started"] * 3


def test_the_latest_missed_time_is_not_run_when_a_new_one_is_due():
    schedule = make_schedule(catch_up="latest")
    tick_schedules(NOON + 3 * HOUR)
    assert [status for _, status in slots(schedule)] == ["missed", "missed", "started"]


def test_a_long_absence_gives_every_time_its_row_and_runs_only_the_newest():
    schedule = make_schedule("* * * * *", catch_up="latest")
    tick_schedules(NOON + timedelta(days=1) + timedelta(seconds=150 * 60))
    assert schedule.slots.count() == 1440 + 150
    assert Job.objects.count() == 1
    newest = schedule.slots.order_by("-due_at").first()
    assert newest.status in ("started", "skipped")


# --- Clocks ---------------------------------------------------------------------------------------


def walk(start: datetime, minutes: int) -> None:
    for minute in range(minutes):
        tick_schedules(start + minute * MINUTE)


def test_a_clock_an_hour_ahead_and_back_neither_doubles_nor_stalls():
    schedule = make_schedule("*/10 * * * *", overlap="parallel")
    walk(NOON, 11)
    walk(NOON + 70 * MINUTE, 2)  # it jumped: 12:20 to 13:00 are missed, 13:10 starts
    walk(NOON + 12 * MINUTE, 61)  # and back
    expected = ["12:10", "12:20", "12:30", "12:40", "12:50", "13:00", "13:10"]
    assert slots(schedule) == [(time, "started") for time in expected]
    assert Job.objects.count() == 7


def test_a_clock_set_back_and_forth_doubles_nothing():
    schedule = make_schedule("*/10 * * * *", overlap="parallel")
    walk(NOON, 61)
    walk(NOON + 20 * MINUTE, 20)
    walk(NOON + 61 * MINUTE, 10)
    expected = ["12:10", "12:20", "12:30", "12:40", "12:50", "13:00", "13:10"]
    assert slots(schedule) == [(time, "started") for time in expected]
    assert Job.objects.count() == 7


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("month", [3, 10, 11, 4])
def test_around_a_change_of_summer_time_each_day_has_one_job(zone, month):
    start = datetime(2026, month, 1, tzinfo=UTC) + timedelta(days=24 if month in (3, 10) else 0)
    start = datetime(2026, 3, 7, tzinfo=UTC) if (zone[0], month) == ("A", 3) else start
    schedule = make_schedule("30 2 * * *", zone=zone, overlap="parallel", since=start)
    for half_hours in range(6 * 48):
        tick_schedules(start + half_hours * 30 * MINUTE)
    days = [
        slot.due_at.astimezone(ZoneInfo(zone)).date()
        for slot in schedule.slots.filter(status="started").order_by("due_at")
    ]
    assert len(days) == len(set(days)) == Job.objects.count() == 6


# --- What a person decides, and what a template does ----------------------------------------------


def test_it_follows_the_templates_current_version():
    schedule = make_schedule()
    add_version(schedule.template, draft(prompt="Another {{ subject }}"))
    tick_schedules(NOON + HOUR)
    assert Task.objects.get().draft["prompt"] == "Another cup"


def test_inputs_that_no_longer_fit_are_noted_and_after_three_it_is_switched_off():
    schedule = make_schedule(inputs={"subject": "bottle"})
    add_version(schedule.template, draft(variables=[{"name": "thing"}], prompt="A {{ thing }}"))
    for hours in (1, 2):
        tick_schedules(NOON + hours * HOUR)
    schedule.refresh_from_db()
    assert (schedule.is_enabled, schedule.refused_in_row) == (True, 2)
    assert "subject" in schedule.note
    tick_schedules(NOON + 3 * HOUR)
    tick_schedules(NOON + 4 * HOUR)
    schedule.refresh_from_db()
    assert not schedule.is_enabled
    assert schedule.note.startswith("Switched off after 3 refused times in a row")
    assert [status for _, status in slots(schedule)] == ["refused"] * 3
    assert not Job.objects.exists()


def test_a_balance_that_is_too_small_refuses_the_time_but_switches_nothing_off():
    schedule = make_schedule()
    Wallet.objects.create(account=current_connection().account, current_credits=0)
    for hours in (1, 2, 3, 4):
        tick_schedules(NOON + hours * HOUR)
    schedule.refresh_from_db()
    assert schedule.is_enabled
    assert [status for _, status in slots(schedule)] == ["refused"] * 4
    Wallet.objects.update(current_credits=100)
    tick_schedules(NOON + 5 * HOUR)
    schedule.refresh_from_db()
    assert (slots(schedule)[-1][1], schedule.note) == ("started", "")


def test_switched_off_it_does_nothing_and_switched_on_it_starts_from_then():
    schedule = make_schedule()
    switch_schedule(schedule, on=False)
    assert tick_schedules(NOON + HOUR) == 0
    switch_schedule(schedule, on=True)
    assert schedule.next_at > datetime.now(UTC)
    assert not ScheduleSlot.objects.exists()


def test_changed_it_keeps_its_slots_and_follows_the_new_times():
    schedule = make_schedule()
    tick_schedules(NOON + HOUR)
    update_schedule(schedule, ScheduleOptions(name="Daily", cron="0 9 * * *", zone="Asia/Kolkata"))
    assert (schedule.slots.count(), schedule.next_at.strftime("%H:%M")) == (1, "03:30")
    delete_schedule(schedule)
    assert (ScheduleSlot.objects.count(), Job.objects.count()) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"), ({"cron": "x"}, "cron"), ({"zone": "Moon"}, "zone"),
        ({"overlap": "never"}, "overlap"), ({"catch_up": "some"}, "catch_up"),
        ({"catch_up_limit": 0}, "catch_up_limit"), ({"inputs": {"subjct": "x"}}, "subjct"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_field(changes, field):
    options = ScheduleOptions(**{"name": "Hourly", "cron": "0 * * * *", **changes})
    with pytest.raises(Refusal) as refused:
        create_schedule(make_template(), options)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert not Schedule.objects.exists()
