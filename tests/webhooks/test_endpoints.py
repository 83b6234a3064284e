"""Endpoints at Rivya that lead here: made, tested, rotated, switched and removed, over real sockets."""

import httpx
import pytest
from django.urls import reverse

from rivya_bridge.refusals import Refusal
from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import running_sandbox
from rivya_bridge.tasks.models import Task
from rivya_bridge.webhooks import services
from rivya_bridge.webhooks.models import Endpoint, Event
from rivya_bridge.webhooks.services.matching import match_parked
from rivya_bridge.webhooks.services.remote import remote_state
from tests.experiments.factories import make_experiment, start

from .test_receiver import running_task

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_bell")]
FULL = {"Authorization": "Bearer rvya_sk_sandbox_full"}


@pytest.fixture
def vendor(settings, tmp_path, base_url):
    """A sandbox that may call this machine, used by the product whose receiver is running."""
    from rivya_bridge.connection import close_clients

    choices = Choices(allow_local_webhooks=True)
    with running_sandbox(tmp_path / "sandbox", choices=choices) as server:
        settings.RIVYA_BASE_URL = server.base_url
        settings.BRIDGE_WEBHOOK_URL = base_url
        with httpx.Client(base_url=server.base_url, headers=FULL, trust_env=False) as client:
            yield client
        close_clients()


def dispatch(vendor) -> None:
    vendor.post("/_sandbox/dispatch").raise_for_status()


def test_it_works(vendor):
    """From the endpoint to the task that is read again, with nothing pretended."""
    endpoint = services.create_endpoint("Bridge")
    services.send_test(endpoint)
    dispatch(vendor)
    endpoint.refresh_from_db()
    assert endpoint.tested_at is not None
    made = vendor.post("/api/v1/generations", json={"model": "z-image", "prompt": "A boat"}).json()
    task = running_task(made["id"])
    while vendor.get(f"/api/v1/generations/{made['id']}").json()["status"] != "succeeded":
        pass
    dispatch(vendor)
    match_parked()
    row = Event.objects.get(remote_id=made["id"])
    assert (row.state, row.signature, row.task_id) == ("matched", "verified", task.pk)
    state = remote_state(endpoint)
    assert (state.problem, state.status) == ("", "active")
    assert {one.event_type for one in state.deliveries} == {"generation.succeeded"}


def test_the_secret_is_kept_encrypted_and_changes(vendor):
    endpoint = services.create_endpoint("Bridge")
    assert "whsec" not in endpoint.secret
    before = endpoint.secret
    services.rotate_secret(endpoint)
    assert endpoint.secret != before
    assert endpoint.old_secret == before
    services.send_test(endpoint)
    dispatch(vendor)
    # The receiver knows the new secret within a second; what was refused until then comes again.
    assert Event.objects.filter(is_test=True).exists()


def test_off_at_both_ends_and_gone(vendor):
    endpoint = services.create_endpoint("Bridge")
    services.switch_endpoint(endpoint, on=False)
    assert remote_state(endpoint).status == "disabled"
    services.switch_endpoint(endpoint, on=True)
    assert remote_state(endpoint).status == "active"
    services.delete_endpoint(endpoint)
    assert not Endpoint.objects.exists()


def test_one_that_rivya_forgot_can_be_removed(vendor):
    endpoint = services.create_endpoint("Bridge")
    Endpoint.objects.update(remote_id="whend_nowhere")
    endpoint.refresh_from_db()
    assert remote_state(endpoint).problem
    with pytest.raises(Refusal):
        services.send_test(endpoint)
    services.delete_endpoint(endpoint)
    assert not Endpoint.objects.exists()


def test_an_endpoint_of_another_account_is_left_alone(vendor, settings):
    endpoint = services.create_endpoint("Bridge")
    Endpoint.objects.update(account="another")
    endpoint.refresh_from_db()
    for act in (services.send_test, services.rotate_secret, services.delete_endpoint):
        with pytest.raises(Refusal, match="another account"):
            act(endpoint)
    assert "another account" in remote_state(endpoint).problem


def test_a_real_account_needs_a_public_address(settings, db):
    settings.RIVYA_API_KEY = "rvya_sk_canary"
    settings.USES_SANDBOX = False
    settings.RIVYA_BASE_URL = "https://rivya.example"
    with pytest.raises(Refusal, match="BRIDGE_WEBHOOK_URL"):
        services.create_endpoint("Bridge")
    assert not Endpoint.objects.exists()


def test_a_refused_address_leaves_nothing(vendor, settings):
    settings.BRIDGE_WEBHOOK_URL = "ftp://example.com"
    with pytest.raises(Refusal, match="No endpoint was kept here"):
        services.create_endpoint("Bridge")
    assert not Endpoint.objects.exists()


def test_pages_do_what_they_say(vendor, signed_in_client):
    answer = signed_in_client.post(reverse("webhooks:index"), {"name": "Here"})
    endpoint = Endpoint.objects.get()
    assert answer.url == reverse("webhooks:endpoint", args=[endpoint.pk])

    def act(verb):
        return signed_in_client.post(
            reverse("webhooks:act", args=[endpoint.pk, verb]), follow=True
        ).content.decode()

    assert "asked for a test" in act("test")
    dispatch(vendor)
    page = signed_in_client.get(answer.url).content.decode()
    assert "generation.succeeded" in page
    assert "arrived" in page
    assert "are kept from now on" in act("allow")
    assert "are refused from now on" in act("require")
    assert "new secret" in act("rotate")
    assert "It is off" in act("disable")
    assert "It is on" in act("enable")
    assert "cannot be told to" in act("explode")
    event = Event.objects.get()
    inbox = signed_in_client.get(reverse("webhooks:index")).content.decode()
    assert reverse("webhooks:event", args=[event.pk]) in inbox
    shown = signed_in_client.get(reverse("webhooks:event", args=[event.pk])).content.decode()
    assert "rivya-signature" in shown
    assert "forgotten here" in act("delete")
    assert signed_in_client.get(answer.url).status_code == 404


def test_too_long_a_name_is_refused(signed_in_client):
    answer = signed_in_client.post(reverse("webhooks:index"), {"name": "a" * 121})
    assert answer.status_code == 422
    assert "120" in answer.content.decode()


def test_what_a_poll_finished_without_a_word_is_shown(vendor, signed_in_client):
    services.create_endpoint("Bridge")
    quiet, told = running_task("task_quiet"), start(make_experiment()).task
    Task.objects.filter(pk=told.pk).update(remote_id="task_told", accepted_at=quiet.accepted_at)
    Event.objects.create(
        endpoint=Endpoint.objects.get(),
        event_id="evt_1",
        remote_id="task_told",
        signature="verified",
        state="matched",
        body=b"{}",
        received_at=quiet.accepted_at,
    )
    Task.objects.update(status="succeeded", finished_at=quiet.accepted_at)
    page = signed_in_client.get(reverse("webhooks:index")).content.decode()
    assert "Finished by poll, webhook missing" in page
    assert f"/tasks/{quiet.pk}/" in page
    assert f'<li><a href="/tasks/{told.pk}/"' not in page
