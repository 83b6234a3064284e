"""Waiting for webhooks: allowed after they were seen to work, and never without polling behind it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from rivya_bridge.automation.services import set_delivery, start_job
from rivya_bridge.connection import current_connection
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import read_soon
from rivya_bridge.webhooks.models import Endpoint, Event
from tests.automation.making import make_template
from tests.experiments.factories import finish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]


def endpoint(**changes) -> Endpoint:
    fields = {"account": current_connection().account, "remote_id": "whend_1", "token": "a"}
    return Endpoint.objects.create(name="Bridge", url="http://x/", secret="", **fields | changes)


def told(template, hook, **changes) -> Event:
    job, _ = start_job(template, {}, source="api")
    finish(job.task)
    fields = {"signature": "verified", "state": "matched", "task": job.task}
    return Event.objects.create(
        endpoint=hook, event_id="evt_1", body=b"", received_at=timezone.now(), **fields | changes
    )


def conduct_of_a_job(template) -> tuple[bool, bool]:
    """Whether the next job hears events, and whether it waits for them."""
    job, _ = start_job(template, {}, source="api")
    return job.task.hears_events, job.task.is_told


def test_it_works():
    template, hook = make_template(), endpoint(tested_at=timezone.now())
    assert conduct_of_a_job(template) == (False, False)
    set_delivery(template, "poll_and_webhook")
    assert conduct_of_a_job(template) == (True, False)
    told(template, hook)
    set_delivery(template, "webhook")
    assert conduct_of_a_job(template) == (True, True)
    set_delivery(template, "poll")
    assert conduct_of_a_job(template) == (False, False)


def test_events_beside_polling_need_a_passed_test_and_no_job():
    template = make_template()
    with pytest.raises(Refusal, match="Make a webhook endpoint"):
        set_delivery(template, "poll_and_webhook")
    endpoint()
    with pytest.raises(Refusal, match="Send a test"):
        set_delivery(template, "poll_and_webhook")
    Endpoint.objects.update(tested_at=timezone.now())
    set_delivery(template, "poll_and_webhook")
    assert template.delivery == "poll_and_webhook"


def test_an_unknown_mode_is_refused_at_its_field():
    with pytest.raises(Refusal, match="delivery must be one of poll, poll_and_webhook, webhook"):
        set_delivery(make_template(), "pigeon")


def test_an_event_hurries_only_who_hears_it():
    template, _ = make_template(), endpoint(tested_at=timezone.now())
    deaf, _ = start_job(template, {}, source="api")
    set_delivery(template, "poll_and_webhook")
    hearing, _ = start_job(template, {}, source="api")
    for number, job in enumerate((deaf, hearing)):
        Task.objects.filter(pk=job.task.pk).update(status="running", remote_id=f"task_{number}")
    assert not read_soon("task_0")
    assert read_soon("task_1")


def test_the_job_tells_how_its_end_was_learned(api_client, signed_in_client):
    template, hook = make_template(), endpoint(tested_at=timezone.now())
    job, _ = start_job(template, {}, source="api")
    finish(job.task)
    Task.objects.filter(pk=job.task.pk).update(accepted_at=timezone.now())
    address = f"/api/v1/jobs/{job.pk}"
    assert api_client.get(address).json()["learned"] == "Finished by poll, webhook missing."
    page = signed_in_client.get(f"/jobs/{job.pk}/").content.decode()
    assert "Finished by poll, webhook missing." in page
    job.task.refresh_from_db()
    Event.objects.create(
        endpoint=hook,
        event_id="evt_2",
        remote_id=job.task.remote_id,
        body=b"",
        signature="verified",
        state="matched",
        task=job.task,
        received_at=job.task.finished_at,
    )
    assert "came; this template polls alone" in api_client.get(address).json()["learned"]


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ("endpoint", "Make a webhook endpoint"),
        ("account", "Make a webhook endpoint"),
        ("enabled", "Make a webhook endpoint"),
        ("test", "Send a test"),
        ("event", "Run a job of this template"),
        ("signature", "Run a job of this template"),
        ("template", "Run a job of this template"),
    ],
)
def test_each_missing_step_is_named(lacking, words):
    template = make_template()
    if lacking != "endpoint":
        hook = endpoint(
            tested_at=None if lacking == "test" else timezone.now(),
            is_enabled=lacking != "enabled",
            **({"account": "another"} if lacking == "account" else {}),
        )
        other = make_template("other")
        if lacking != "event":
            told(
                other if lacking == "template" else template,
                hook,
                signature="missing" if lacking == "signature" else "verified",
            )
    with pytest.raises(Refusal, match=words):
        set_delivery(template, "webhook")
    template.refresh_from_db()
    assert template.delivery == "poll"


def test_the_page_offers_it_or_names_what_is_missing(signed_in_client):
    template = make_template()
    address = reverse("automation:template", args=[template.slug])
    assert "Make a webhook endpoint" in signed_in_client.get(address).content.decode()
    change = reverse("automation:delivery", args=[template.slug])
    refused = signed_in_client.post(change, {"delivery": "webhook"}, follow=True).content.decode()
    assert "Nothing was changed" in refused
    hook = endpoint(tested_at=timezone.now())
    signed_in_client.post(change, {"delivery": "poll_and_webhook"})
    assert "Run a job of this template first" in signed_in_client.get(address).content.decode()
    told(template, hook)
    assert "Run a job of this template" not in signed_in_client.get(address).content.decode()
    signed_in_client.post(change, {"delivery": "webhook"})
    template.refresh_from_db()
    assert template.delivery == "webhook"
