"""Waiting for webhooks: allowed after they were seen to work, and never without polling behind it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from rivya_bridge.automation.services import start_job, trust_webhooks
from rivya_bridge.connection import current_connection
from rivya_bridge.refusals import Refusal
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


def test_it_works():
    template, hook = make_template(), endpoint(tested_at=timezone.now())
    told(template, hook)
    trust_webhooks(template, on=True)
    job, _ = start_job(template, {}, source="api")
    assert job.task.is_told
    trust_webhooks(template, on=False)
    job, _ = start_job(template, {}, source="api")
    assert not job.task.is_told


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
        trust_webhooks(template, on=True)
    template.refresh_from_db()
    assert not template.trusts_webhooks


def test_the_page_offers_it_or_names_what_is_missing(signed_in_client):
    template = make_template()
    address = reverse("automation:template", args=[template.slug])
    assert "Make a webhook endpoint" in signed_in_client.get(address).content.decode()
    change = reverse("automation:webhooks", args=[template.slug])
    refused = signed_in_client.post(change, {"on": "yes"}, follow=True).content.decode()
    assert "Nothing was changed" in refused
    told(template, endpoint(tested_at=timezone.now()))
    assert "Wait for webhooks" in signed_in_client.get(address).content.decode()
    page = signed_in_client.post(change, {"on": "yes"}, follow=True).content.decode()
    assert "read once a minute" in page
    assert "Poll as usual" in page
