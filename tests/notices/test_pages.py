"""The pages: endpoints are made, changed, tried and removed; secrets are shown once."""

import json
import re
from html import unescape

import pytest
from django.urls import reverse

from rivya_bridge.automation.services import start_job
from rivya_bridge.notices.models import Delivery, Endpoint, EventType
from rivya_bridge.notices.services import send_test
from tests.experiments.factories import finish

from .conftest import send_all
from .test_sending import is_signed_by

ALL = list(EventType.values)


def post(client, name, args=(), **data):
    return client.post(reverse(f"notices:{name}", args=args), data)


def test_it_works(signed_in_client, receiver):
    made = signed_in_client.post(
        reverse("notices:index"),
        {"kind": "webhook", "target": receiver.url, "events": ALL},
        follow=True,
    )
    [secret] = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", unescape(made.content.decode())))
    endpoint = Endpoint.objects.get()
    assert endpoint.events == ALL
    post(signed_in_client, "act", [endpoint.pk, "test"])
    assert send_all() == 1
    [callback] = receiver.all()
    assert is_signed_by(callback, secret)
    again = signed_in_client.get(reverse("notices:endpoint", args=[endpoint.pk])).content.decode()
    assert "whsec_" not in again
    assert "A test of Rivya Bridge" in again


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"target": "http://example.com/hook"}, "target", "only https"),
        ({"target": "https://127.0.0.1/hook"}, "target", "no public address"),
        ({"target": "https://[::ffff:10.0.0.1]/hook"}, "target", "no public address"),
        ({"target": "https://169.254.169.254/"}, "target", "no public address"),
        ({"target": "https://me:word@example.com/"}, "target", "user name"),
        ({"target": "ftp://example.com/"}, "target", "is not a URL"),
        ({"target": ""}, "target", "required"),
        ({"target": "https://example.com/" + "a" * 2048}, "target", "2048"),
        ({"events": []}, "events", "required"),
        ({"events": ["job.exploded"]}, "events", "job.exploded"),
        ({"kind": "pigeon"}, "kind", "pigeon"),
        ({"kind": "email", "target": "me@example.com"}, "target", "BRIDGE_SMTP_URL"),
    ],
)
def test_a_wrong_endpoint_is_refused_at_its_field(signed_in_client, settings, given, field, words):
    settings.BRIDGE_LOCAL_WEBHOOKS = False
    body = {"kind": "webhook", "target": "https://example.com/hook", "events": ALL, **given}
    answer = signed_in_client.post(reverse("notices:index"), body)
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert not Endpoint.objects.exists()


HINT = "start with BRIDGE_LOCAL_WEBHOOKS=yes"


@pytest.mark.parametrize(
    ("target", "is_local"),
    [
        ("http://127.0.0.1:9000/hook", True),
        ("https://localhost/", True),
        ("https://192.168.1.4/", True),
        ("banana", False),
        ("ftp://a.b/c", False),
        ("https://user:pw@example.com/", False),
        ("http://example.com/hook", False),
    ],
)
def test_only_a_local_address_is_told_how_to_allow_it(signed_in_client, settings, target, is_local):
    settings.BRIDGE_LOCAL_WEBHOOKS = False
    body = {"kind": "webhook", "target": target, "events": ALL}
    answer = signed_in_client.post(reverse("notices:index"), body)
    [error] = answer.context["form"].errors["target"]
    assert (HINT in error) == is_local


def test_an_e_mail_address_is_checked(signed_in_client, settings):
    settings.EMAIL_HOST = "localhost"
    body = {"kind": "email", "target": "nobody", "events": ALL}
    answer = signed_in_client.post(reverse("notices:index"), body)
    assert "no e-mail address" in answer.context["form"].errors["target"][0]


def test_an_endpoint_is_changed_and_keeps_its_kind(signed_in_client, subscribe, template):
    endpoint, _ = subscribe()
    body = {
        "target": "https://example.com/new",
        "events": ["job.failed"],
        "template": str(template.pk),
    }
    answer = post(signed_in_client, "endpoint", [endpoint.pk], kind="email", **body)
    assert answer.status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.kind, endpoint.target, endpoint.events, endpoint.template) == (
        "webhook",
        "https://example.com/new",
        ["job.failed"],
        template,
    )
    refused = post(signed_in_client, "endpoint", [endpoint.pk], target="nonsense", events=ALL)
    assert refused.status_code == 422


def test_its_buttons_do_what_they_say(signed_in_client, subscribe, template, receiver):
    endpoint, _ = subscribe()
    post(signed_in_client, "act", [endpoint.pk, "disable"])
    job, _ = start_job(template, {}, source="api")
    finish(job.task)
    delivery = Delivery.objects.get()
    page = signed_in_client.get(reverse("notices:delivery", args=[delivery.pk])).content.decode()
    assert "It was never sent" in page
    assert str(job.pk) in page
    post(signed_in_client, "act", [endpoint.pk, "enable"])
    post(signed_in_client, "act", [endpoint.pk, "replay-skipped"])
    assert send_all() == 1
    post(signed_in_client, "replay", [delivery.pk])
    assert send_all() == 1
    Delivery.objects.update(status="failed")
    wrong = signed_in_client.post(
        reverse("notices:act", args=[endpoint.pk, "replay-failed"]), {"since": "once"}, follow=True
    )
    assert "since must be a date" in wrong.content.decode()
    post(signed_in_client, "act", [endpoint.pk, "replay-failed"], since="2020-01-01T00:00")
    assert send_all() == 1
    before = endpoint.secret
    post(signed_in_client, "act", [endpoint.pk, "rotate"])
    endpoint.refresh_from_db()
    assert endpoint.secret != before
    nonsense = signed_in_client.post(
        reverse("notices:act", args=[endpoint.pk, "explode"]), follow=True
    )
    assert "cannot be told to" in nonsense.content.decode()
    post(signed_in_client, "act", [endpoint.pk, "delete"])
    assert not Endpoint.objects.exists()
    assert signed_in_client.get(reverse("notices:endpoint", args=[endpoint.pk])).status_code == 404


def test_deliveries_are_shown_by_state(signed_in_client, subscribe):
    endpoint, _ = subscribe()
    send_test(endpoint)
    address = reverse("notices:endpoint", args=[endpoint.pk])
    assert "A test of" in signed_in_client.get(f"{address}?status=pending").content.decode()
    assert (
        "No delivery is in this state"
        in signed_in_client.get(f"{address}?status=failed").content.decode()
    )


def test_the_browser_gets_the_news_behind_what_it_has_seen(signed_in_client, subscribe, template):
    subscribe()
    jobs = []
    for status in ("succeeded", "failed"):
        job, _ = start_job(template, {}, source="api")
        finish(job.task, status=status)
        jobs.append(job)

    def news(after=""):
        answer = signed_in_client.get(reverse("notices:news"), {"after": after})
        return json.loads(answer.content)["items"]

    [latest] = news()
    assert (latest["title"], latest["url"]) == ("A job of Banner failed", f"/jobs/{jobs[1].pk}/")
    assert news(latest["id"]) == []
    first = Delivery.objects.order_by("id")[0].message_id
    assert news(str(first)) == [latest]
    assert signed_in_client.get(reverse("notices:news"), {"after": "x"}).status_code == 422


def test_strangers_see_nothing(client):
    assert client.get(reverse("notices:index"), headers={"host": "127.0.0.1:8000"}).status_code in (
        302,
        401,
        403,
    )
