"""A failed job goes to another try under a key of its own, or to a person."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.automation.services import set_failure_route, start_job
from rivya_bridge.catalog.models import CatalogModel
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.selectors import inbox_rows
from rivya_bridge.tasks.signals import task_finished
from tests.automation.making import make_template

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]


def retrying(retries: int = 2) -> JobTemplate:
    template = make_template()
    set_failure_route(template, "retry", retries)
    return template


def failed(job: Job, credits: int = 0, **changes: Any) -> Task:
    """The job's task after Rivya has said that it could not make it, with the signal."""
    fields = {
        "status": "failed",
        "remote_id": f"task_{job.pk.hex}",
        "reason": "generation_failed",
        "reason_text": "Rivya could not make it.",
        "request_body": b"{}",
        "exposure": "accepted",
        "final_credits": credits,
        "finished_at": timezone.now(),
    }
    Task.objects.filter(pk=job.task.pk).update(**fields | changes)
    task = Task.objects.get(pk=job.task.pk)
    task_finished.send(sender=Task, task=task)
    return task


def latest() -> Job:
    return Job.objects.select_related("task").order_by("-id")[0]


def test_it_works() -> None:
    job, _ = start_job(retrying(), {"subject": "jug"}, source="api", intent_key="order-1")
    failed(job)
    again = latest()
    assert (Job.objects.count(), again.source) == (2, "retry")
    assert (again.inputs, again.version) == (job.inputs, job.version)
    assert again.task.retry_of_id == job.task.pk
    assert again.task.idempotency_key != job.task.idempotency_key
    assert again.task.status == "queued"
    assert list(inbox_rows()) == []


def test_after_the_last_retry_it_goes_to_a_person() -> None:
    job, _ = start_job(retrying(2), {}, source="api")
    for _ in range(3):
        failed(latest())
    assert Job.objects.count() == 3
    assert [task.pk for task in inbox_rows()] == [latest().task.pk]
    kinds = set(job.task.events.values_list("kind", flat=True))
    assert "retried" in kinds


@pytest.mark.parametrize(
    ("credits", "changes"),
    [
        (0, {"cancel_requested_at": timezone.now()}),
        (3, {}),
        (0, {"reason": "insufficient_credits"}),
        (0, {"remote_id": None}),
    ],
)
def test_what_may_have_cost_or_would_fail_again_goes_to_a_person(
    credits: int, changes: dict[str, Any]
) -> None:
    job, _ = start_job(retrying(), {}, source="api")
    failed(job, credits, **changes)
    assert Job.objects.count() == 1
    assert inbox_rows().count() == 1


def test_what_cannot_start_now_goes_to_a_person() -> None:
    template = retrying()
    job, _ = start_job(template, {}, source="api")
    CatalogModel.objects.all().delete()
    failed(job)
    assert Job.objects.count() == 1
    assert inbox_rows().count() == 1


def test_rows_of_a_batch_are_retried_with_their_batch() -> None:
    job, _ = start_job(retrying(), {}, source="batch")
    failed(job)
    assert Job.objects.filter(source="retry").count() == 0


@pytest.mark.parametrize(("route", "retries"), [("pigeon", 1), ("retry", 0), ("retry", 4)])
def test_nonsense_is_refused_and_changes_nothing(route: str, retries: int) -> None:
    template = make_template()
    with pytest.raises(Refusal):
        set_failure_route(template, route, retries)
    template.refresh_from_db()
    assert (template.failure_route, template.retries) == ("person", 1)


def test_page_and_api_set_it(signed_in_client: Client, api_client: Client) -> None:
    template = make_template()
    address = reverse("automation:failures", args=[template.slug])
    signed_in_client.post(address, {"route": "3"})
    told = api_client.get(f"/api/v1/templates/{template.slug}").json()
    assert (told["failure_route"], told["retries"]) == ("retry", 3)
    page = signed_in_client.get(reverse("automation:template", args=[template.slug]))
    assert b"Try again up to 3 times" in page.content
    change = {"failure_route": "person", "delivery": "webhook"}
    refused = api_client.patch(
        f"/api/v1/templates/{template.slug}", change, content_type="application/json"
    )
    assert refused.status_code == 422 or refused.status_code == 400
    template.refresh_from_db()
    assert template.failure_route == "retry"


def test_a_job_page_links_both_tries(signed_in_client: Client) -> None:
    job, _ = start_job(retrying(), {}, source="api")
    failed(job)
    assert str(latest().pk) in signed_in_client.get(f"/jobs/{job.pk}/").content.decode()
    assert str(job.pk) in signed_in_client.get(f"/jobs/{latest().pk}/").content.decode()
