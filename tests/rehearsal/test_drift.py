"""Drift checks: by the clock, once for each time, and never above the budget."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from django.db import connections

from rivya_bridge.automation.models import Job
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.experiments.models import Experiment
from rivya_bridge.notices.models import Message
from rivya_bridge.notices.services import EndpointOptions, create_endpoint
from rivya_bridge.promotion.models import SentBack
from rivya_bridge.refusals import Refusal
from rivya_bridge.rehearsal.models import DriftSchedule, DriftSlot, GoldenCase, Rehearsal
from rivya_bridge.rehearsal.services import (
    DriftOptions,
    change_drift_schedule,
    create_drift_schedule,
    delete_drift_schedule,
    month_credits,
    switch_drift_schedule,
    tick_drift,
)
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.rehearsal.making import begin, feed_all, make_golden, picture, to_the_end

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def make_schedule(template=None, *, since=NOON, cron="0 * * * *", **changes) -> DriftSchedule:
    """A schedule that was switched on at `since`."""
    given = {"cron": cron, "credits_per_check": 10, "credits_per_month": 100, **changes}
    options = DriftOptions(**given)
    schedule = create_drift_schedule(template or make_golden(), options)
    DriftSchedule.objects.filter(pk=schedule.pk).update(
        enabled_at=since, decided_until=since, next_at=since
    )
    schedule.refresh_from_db()
    return schedule


def slots(schedule) -> list[tuple[str, str]]:
    rows = schedule.slots.order_by("due_at")
    return [(slot.due_at.strftime("%H:%M"), slot.status) for slot in rows]


def end_check(*files) -> Rehearsal:
    return to_the_end(Rehearsal.objects.order_by("-id").first(), *files)


def test_it_works():
    schedule = make_schedule()
    assert tick_drift(NOON + 59 * HOUR / 60) == 0
    assert tick_drift(NOON + HOUR) == 1
    [slot] = schedule.slots.all()
    assert (slot.status, slot.rehearsal.kind, slot.rehearsal.credit_cap) == ("started", "drift", 10)
    assert end_check(picture()).verdict == "passed"
    schedule.refresh_from_db()
    assert schedule.next_at == NOON + 2 * HOUR


def test_the_sweep_ticks():
    now = datetime.now(UTC)
    schedule = make_schedule(cron="* * * * *", since=now - timedelta(minutes=1))
    sweep_rows()
    assert [status for _, status in slots(schedule)] == ["started"]


@pytest.mark.django_db(transaction=True)
def test_two_beats_and_more_make_one_check():
    make_schedule(make_golden("bottle", "jug"))

    def tick(_: int) -> None:
        try:
            tick_drift(NOON + HOUR)
            feed_all()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tick, range(16)))
    assert Rehearsal.objects.count() == DriftSlot.objects.count() == 1
    assert Job.objects.count() == 2


def test_a_time_that_was_missed_is_a_row_and_no_check():
    schedule = make_schedule()
    tick_drift(NOON + 2 * HOUR + HOUR / 2)
    assert slots(schedule) == [("13:00", "missed"), ("14:00", "missed")]
    assert "minutes late" in schedule.slots.first().reason
    assert not Rehearsal.objects.exists()


def test_a_check_that_overlaps_a_rehearsal_is_skipped():
    template = make_golden()
    schedule = make_schedule(template)
    begin(template)
    tick_drift(NOON + HOUR)
    [slot] = schedule.slots.all()
    assert slot.status == "skipped"
    assert "still running" in slot.reason


# --- The budget -----------------------------------------------------------------------------------


def test_a_check_above_its_budget_is_skipped_with_the_reason_and_nothing_is_spent():
    schedule = make_schedule(make_golden("bottle", "jug"), credits_per_check=1)
    tick_drift(NOON + HOUR)
    [slot] = schedule.slots.all()
    assert slot.status == "skipped"
    assert "About 2 credits are expected, above the budget of 1 for one check." in slot.reason
    schedule.refresh_from_db()
    assert schedule.is_enabled and slot.reason in schedule.note
    assert not Job.objects.exists()


def test_the_month_is_spent_down_to_its_last_check_and_the_next_month_begins_anew():
    schedule = make_schedule(credits_per_check=2, credits_per_month=2)
    for hours in (1, 2, 3):
        tick_drift(NOON + hours * HOUR)
        end_check(picture())
    assert [status for _, status in slots(schedule)] == ["started", "started", "skipped"]
    assert month_credits(schedule, NOON) == 2
    last = schedule.slots.order_by("-due_at").first()
    assert "2 of the 2 for June 2026 are used" in last.reason
    july = datetime(2026, 7, 1, 0, tzinfo=UTC)
    DriftSchedule.objects.update(decided_until=july - HOUR, next_at=july)
    tick_drift(july)
    assert slots(schedule)[-1] == ("00:00", "started")
    assert month_credits(schedule, NOON) == 2


def test_the_month_is_that_of_the_schedules_zone():
    schedule = make_schedule(zone="Pacific/Auckland", credits_per_check=1, credits_per_month=1)
    tick_drift(NOON + HOUR)  # 1 June there, too
    end_check(picture())
    there_july = datetime(2026, 6, 30, 13, tzinfo=UTC)  # 01:00 on 1 July in Auckland
    assert month_credits(schedule, NOON) == 1
    assert month_credits(schedule, there_july) == 0


def test_what_the_cases_really_cost_counts_and_the_estimate_learns_from_it():
    from tests.rehearsal.making import end_jobs

    schedule = make_schedule(credits_per_check=5, credits_per_month=9)
    tick_drift(NOON + HOUR)
    feed_all()
    end_jobs(picture(), credits=6)
    end_check(picture())
    tick_drift(NOON + 2 * HOUR)
    last = schedule.slots.order_by("-due_at").first()
    assert (last.status, month_credits(schedule, NOON)) == ("skipped", 6)
    assert "About 6 credits are expected, above the budget of 5" in last.reason


# --- Refusals -------------------------------------------------------------------------------------


def test_without_golden_cases_or_credits_the_time_is_refused_with_the_reason():
    schedule = make_schedule()
    GoldenCase.objects.update(ended_at=NOON)
    tick_drift(NOON + HOUR)
    assert "no golden cases" in schedule.slots.get().reason
    GoldenCase.objects.update(ended_at=None)
    Wallet.objects.create(account=current_connection().account, current_credits=0)
    tick_drift(NOON + 2 * HOUR)
    assert [status for _, status in slots(schedule)] == ["refused", "refused"]
    Wallet.objects.update(current_credits=9)
    tick_drift(NOON + 3 * HOUR)
    schedule.refresh_from_db()
    assert (slots(schedule)[-1][1], schedule.note) == ("started", "")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cron": "x"}, "cron"), ({"zone": "Moon"}, "zone"), ({"label": "nothing"}, "label"),
        ({"credits_per_check": 0}, "credits_per_check"),
        ({"credits_per_check": 7, "credits_per_month": 6}, "credits_per_month"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_field(changes, field):
    with pytest.raises(Refusal) as refused:
        make_schedule(**changes)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert not DriftSchedule.objects.exists()


def test_it_is_switched_changed_and_removed_and_its_checks_stay():
    schedule = make_schedule()
    switch_drift_schedule(schedule, on=False)
    assert tick_drift(NOON + HOUR) == 0
    switch_drift_schedule(schedule, on=True)
    assert schedule.next_at > datetime.now(UTC)
    DriftSchedule.objects.update(decided_until=NOON, next_at=NOON, enabled_at=NOON)
    schedule.refresh_from_db()
    change_drift_schedule(
        schedule, DriftOptions(cron="0 * * * *", credits_per_check=3, credits_per_month=50)
    )
    assert schedule.decided_until == NOON  # the times are the same
    tick_drift(NOON + HOUR)
    end_check(picture())
    delete_drift_schedule(schedule)
    assert (DriftSlot.objects.count(), Rehearsal.objects.count()) == (0, 1)


# --- What follows from it -------------------------------------------------------------------------


def test_drift_is_told_once_and_steadiness_and_jobs_of_rehearsals_are_not():
    events = ["job.succeeded", "job.failed", "rehearsal.finished", "template.drifted"]
    create_endpoint(EndpointOptions("webhook", "https://example.com/hook", events=events))
    make_schedule()
    tick_drift(NOON + HOUR)
    end_check(picture())
    assert not Message.objects.exists()
    tick_drift(NOON + 2 * HOUR)
    drifted = end_check(picture("red", size=(20, 60)))
    feed_all()
    message = Message.objects.get()
    assert (message.type, message.path) == ("template.drifted", f"/rehearsals/{drifted.pk}/")
    assert message.title == "A drift check of Slate did not pass: differs"
    body = json.loads(message.body)
    schema = json.loads(Path("docs/notice.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(body, schema)
    assert body["data"]["rehearsal"]["cases"][0]["verdict"] == "differs"


def test_a_drifted_template_is_proposed_for_studio_and_a_person_sends_it(signed_in_client):
    make_schedule()
    Experiment.objects.update(status="settled")
    tick_drift(NOON + HOUR)
    drifted = end_check(picture("red", size=(20, 60)))
    assert not SentBack.objects.exists()
    home = signed_in_client.get("/").content.decode()
    assert "No longer what was accepted" in home and f'href="/rehearsals/{drifted.pk}/"' in home
    page = signed_in_client.get(f"/rehearsals/{drifted.pk}/").content.decode()
    assert "proposed is to send it back to Studio" in page
    assert "1 of 1 golden cases of version 1 did not pass the drift check" in page
    where = f"/rehearsals/{drifted.pk}/back-to-studio/"
    signed_in_client.post(where, {"reason": "It drifts"})
    sent = SentBack.objects.get()
    assert list(sent.jobs.all()) == [drifted.cases.get().job]
    assert Experiment.objects.get().status == "exploring"
    tick_drift(NOON + 2 * HOUR)
    end_check(picture())
    assert "No longer what" not in signed_in_client.get("/").content.decode()
