"""What one template may spend in a day: refused before anything is made, held before anything is sent."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.automation.services import (
    ScheduleOptions,
    create_schedule,
    day_budget,
    set_day_cap,
    start_batch,
    start_job,
    tick_schedules,
)
from rivya_bridge.automation.services.slot_runs import MOST_REFUSED
from rivya_bridge.credits.caps import HIGHEST_CAP, set_caps, start_of_day
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.explanation import explain
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.automation.making import make_batch, make_template
from tests.tasks.conftest import vendor  # noqa: F401 - a fixture
from tests.tasks.making import Clock, carry, check_books, fresh, make_task, moving_clock
from tests.tasks.races import at_once
from tests.tasks.vendor import Vendor, reset

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("models", "vendor", "clock"),
]


@pytest.fixture
def clock() -> Iterator[Clock]:
    """It begins at noon, so that no day ends in the middle of a test that does not mean it."""
    with moving_clock() as moving:
        moving.move((start_of_day() + timedelta(hours=36) - timezone.now()).total_seconds())
        yield moving


def one_credit_template(slug: str = "banner", *, day_cap: int | None = None) -> JobTemplate:
    """A template whose every job is expected to cost one credit."""
    bare: dict[str, Any] = {"fixed_params": {}, "exposed_params": [], "file_slots": []}
    template = make_template(slug, model_id="z-image", **bare)
    set_day_cap(template, day_cap)
    return template


def jobs_before_the_cap(template: JobTemplate, count: int, cap: int) -> list[Task]:
    """Queued jobs that were started while there was no cap yet."""
    tasks = [start_job(template, {}, source="api")[0].task for _ in range(count)]
    set_day_cap(template, cap)
    return tasks


def fields_of(error: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [problem.field for problem in error.value.problems]


def test_it_works(vendor: Vendor, clock: Clock) -> None:  # noqa: F811
    template = one_credit_template(day_cap=2)
    for spent in (1, 2):
        job, _ = start_job(template, {}, source="api")
        assert carry(job.task, clock).status == "succeeded"
        assert day_budget(template).spent == spent
    with pytest.raises(Refusal, match="0 are left of the 2 that this template may spend") as error:
        start_job(template, {}, source="api")
    assert fields_of(error) == ["template_day_cap"]
    assert (Job.objects.count(), len(vendor.sent)) == (2, 2)


def test_what_is_queued_beyond_it_is_held_and_goes_on_when_it_is_raised(
    vendor: Vendor,  # noqa: F811
    clock: Clock,
) -> None:
    template = one_credit_template()
    tasks = jobs_before_the_cap(template, 4, cap=2)
    rows = [carry(task, clock) for task in tasks]
    assert [row.status for row in rows] == ["succeeded", "succeeded", "held", "held"]
    assert (rows[3].reason, rows[3].exposure) == ("template_day_cap", "none")
    assert "Banner would pass its cap of 2 for one day" in rows[3].reason_text
    told = explain(rows[3])
    assert told is not None
    assert "the task then goes on by itself" in told.next
    assert len(vendor.sent) == 2
    sweep_rows()
    assert fresh(tasks[2]).status == "held"
    set_day_cap(template, 3)
    sweep_rows()
    assert [fresh(task).status for task in tasks[2:]] == ["queued", "held"]
    assert carry(tasks[2], clock).status == "succeeded"
    check_books(tasks[3])


def test_it_has_room_again_on_the_next_day(vendor: Vendor, clock: Clock) -> None:  # noqa: F811
    tasks = jobs_before_the_cap(one_credit_template(), 2, cap=1)
    carry(tasks[0], clock)
    assert carry(tasks[1], clock).reason == "template_day_cap"
    clock.move(86_400)
    sweep_rows()
    assert carry(tasks[1], clock).status == "succeeded"


def test_lifting_it_lets_all_go_on(vendor: Vendor, clock: Clock) -> None:  # noqa: F811
    template = one_credit_template()
    tasks = jobs_before_the_cap(template, 3, cap=1)
    for task in tasks:
        carry(task, clock)
    set_day_cap(template, None)
    sweep_rows()
    assert {carry(task, clock).status for task in tasks} == {"succeeded"}


def test_each_template_has_its_own_and_runs_have_none(vendor: Vendor, clock: Clock) -> None:  # noqa: F811
    capped, free = one_credit_template(day_cap=1), one_credit_template("other")
    carry(start_job(capped, {}, source="api")[0].task, clock)
    assert carry(start_job(free, {}, source="api")[0].task, clock).status == "succeeded"
    assert carry(make_task(), clock).status == "succeeded"
    assert (day_budget(capped).spent, day_budget(free).spent) == (1, 1)


def test_a_job_above_the_whole_cap_says_that_no_day_carries_it(
    vendor: Vendor,  # noqa: F811
    clock: Clock,
) -> None:
    template = one_credit_template()
    tasks = jobs_before_the_cap(template, 2, cap=5)
    Task.objects.filter(pk=tasks[0].pk).update(estimated_credits=9)
    row = carry(tasks[0], clock)
    assert "No day carries it before the cap is 9 or more." in row.reason_text
    set_day_cap(template, 6)
    sweep_rows()
    assert fresh(tasks[0]).status == "held"
    assert carry(tasks[1], clock).status == "succeeded"  # it is not in the way of smaller ones


def test_thirty_jobs_at_once_never_pass_a_cap_of_seven(vendor: Vendor, settings: Any) -> None:  # noqa: F811
    settings.RIVYA_IN_FLIGHT = 100
    template = one_credit_template()
    tasks = jobs_before_the_cap(template, 30, cap=7)
    at_once(*[lambda task=task: advance(task.pk) for task in tasks])  # type: ignore[misc]
    for task in tasks:
        advance(task.pk)
    assert (len(vendor.sent), vendor.generations) == (7, 7)
    held = Task.objects.filter(status="held")
    assert set(held.values_list("reason", "exposure")) == {("template_day_cap", "none")}
    assert held.count() == 23
    assert day_budget(template).spent == 7


def test_a_lost_answer_counts_until_it_is_known(vendor: Vendor, clock: Clock) -> None:  # noqa: F811
    vendor.posts.append(reset)
    template = one_credit_template()
    tasks = jobs_before_the_cap(template, 2, cap=1)
    advance(tasks[0].pk)
    assert fresh(tasks[0]).status == "unconfirmed"
    assert day_budget(template).spent == 1
    assert carry(tasks[1], clock).reason == "template_day_cap"
    assert carry(tasks[0], clock).status == "succeeded"  # its own repetition is never held for it


def test_a_batch_above_it_is_told_before_the_start_and_waits_in_rows(
    vendor: Vendor,  # noqa: F811
    clock: Clock,
    signed_in_client: Client,
) -> None:
    template = one_credit_template(day_cap=2)
    batch = make_batch(template, 3)
    page = signed_in_client.get(reverse("automation:batch", args=[batch.pk])).content.decode()
    assert "Not all of it fits into today." in page
    assert "2 are left of the 2 that this template may spend today" in page
    start_batch(batch)
    for job in Job.objects.filter(template=template).order_by("pk"):
        carry(job.task, clock)
    counts = sorted(Task.objects.values_list("status", flat=True))
    assert counts == ["held", "succeeded", "succeeded"]
    assert len(vendor.sent) == 2


def test_a_dry_run_of_a_batch_names_the_caps_of_template_and_day(api_client: Client) -> None:
    template = one_credit_template(day_cap=2)
    set_caps(run_cap=None, day_cap=1)
    told = api_client.post(
        f"/api/v1/templates/{template.slug}/batches?dry_run=1",
        {"rows": [{"subject": "a"}] * 3},
        content_type="application/json",
    ).json()
    assert told["ok"] is True
    assert ["2 are left" in told["notices"][0], "1 is left" in told["notices"][1]] == [True, True]


def test_a_row_above_the_whole_cap_is_a_problem_of_that_row(api_client: Client) -> None:
    template = make_template()  # about 5 credits a job
    set_day_cap(template, 1)
    told = api_client.post(
        f"/api/v1/templates/{template.slug}/batches?dry_run=1",
        {"rows": [{"subject": "a"}]},
        content_type="application/json",
    ).json()
    assert told["ok"] is False
    assert "may spend in a whole day" in told["problems"][0]["message"]


def test_a_schedule_meets_it_without_being_switched_off(vendor: Vendor, clock: Clock) -> None:  # noqa: F811
    template = one_credit_template(day_cap=1)
    options = ScheduleOptions("Each minute", "* * * * *", "UTC", {})
    schedule = create_schedule(template, options)
    for _ in range(5):
        clock.move(60)
        tick_schedules()
        for job in Job.objects.filter(source="schedule", task__status="queued"):
            carry(job.task, clock)
    schedule.refresh_from_db()
    first, *others = schedule.slots.order_by("due_at").values_list("status", "reason")
    assert first[0] == "started"
    assert {status for status, _ in others} == {"refused"}
    assert len(others) >= MOST_REFUSED
    assert all("may spend today" in reason for _, reason in others)
    assert schedule.is_enabled
    assert "may spend today" in schedule.note


def test_it_is_set_on_the_page_and_over_the_api(
    signed_in_client: Client, api_client: Client
) -> None:
    template = one_credit_template()
    address = reverse("automation:spending", args=[template.slug])
    assert signed_in_client.post(address, {"day_cap": "40"}).status_code == 302
    page = signed_in_client.get(reverse("automation:template", args=[template.slug]))
    assert "0 of 40 are spent or set aside today" in page.content.decode()
    assert "Beyond the cap a single job is not started" in page.content.decode()
    for name in ("batches", "schedules"):
        page = signed_in_client.get(reverse(f"automation:{name}", args=[template.slug]))
        assert "Today 40 of the 40 credits are left" in page.content.decode()
    where = f"/api/v1/templates/{template.slug}"
    told = api_client.get(where).json()
    assert (told["day_cap"], told["spent_today"]) == (40, 0)
    renamed = api_client.patch(where, {"name": "Other"}, content_type="application/json").json()
    assert (renamed["name"], renamed["day_cap"]) == ("Other", 40)
    lifted = api_client.patch(where, {"day_cap": None}, content_type="application/json").json()
    assert lifted["day_cap"] is None


def test_the_page_says_whether_there_is_a_cap_now(signed_in_client: Client) -> None:
    template = one_credit_template()
    address = reverse("automation:spending", args=[template.slug])
    lifted, holds = "There is no cap for a day now.", "The cap holds for every job"
    page = signed_in_client.post(address, {"day_cap": "40"}, follow=True).content.decode()
    assert (lifted in page, holds in page) == (False, True)
    page = signed_in_client.post(address, {"day_cap": ""}, follow=True).content.decode()
    assert (lifted in page, holds in page) == (True, False)


def test_one_credit_is_told_as_one(
    vendor: Vendor,  # noqa: F811
    clock: Clock,
    signed_in_client: Client,
) -> None:
    template = one_credit_template(day_cap=1)
    address = reverse("automation:template", args=[template.slug])
    checked = signed_in_client.post(address, {"check": "1"}).content.decode()
    assert "Nothing stands in the way; about 1 credit." in checked
    carry(start_job(template, {}, source="api")[0].task, clock)
    refused = signed_in_client.post(address, {}).content.decode()
    assert "1 of 1 is spent or set aside today." in refused
    assert "About 1 credit is expected and 0 are left of the 1 that this template may" in refused
    assert "raise the template&#x27;s day cap" in refused


@pytest.mark.parametrize("given", ["0", "-1", "x", "1.5", "9" * 30])
def test_nonsense_on_the_page_changes_nothing_and_says_why(
    signed_in_client: Client, given: str
) -> None:
    template = one_credit_template(day_cap=7)
    address = reverse("automation:spending", args=[template.slug])
    answer = signed_in_client.post(address, {"day_cap": given})
    page = answer.content.decode()
    assert answer.status_code == 422
    [field] = re.findall(r'<input[^>]* name="day_cap"[^>]*>', page)
    assert f'value="{given}"' in field and 'aria-invalid="true"' in field
    assert 'id="day_cap_error">Give a whole number from 1 to 1,000,000, or leave it empty' in page
    template.refresh_from_db()
    assert template.day_cap == 7
    assert signed_in_client.get(address).status_code == 302  # where the refused form was left


@pytest.mark.parametrize("cap", [0, -3, HIGHEST_CAP + 1])
def test_nonsense_over_the_api_changes_nothing_at_all(api_client: Client, cap: int) -> None:
    template = one_credit_template(day_cap=7)
    answer = api_client.patch(
        f"/api/v1/templates/{template.slug}",
        {"day_cap": cap, "failure_route": "retry"},
        content_type="application/json",
    )
    assert answer.status_code == 422
    template.refresh_from_db()
    assert (template.day_cap, template.failure_route) == (7, "person")
