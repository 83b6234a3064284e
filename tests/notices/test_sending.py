"""Deliveries: signed, tried again, given up, switched off, replayed; never lost and never unsigned."""

import base64
import hashlib
import hmac
import socket
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from rivya_bridge.automation.services import start_job
from rivya_bridge.notices.background import deliver
from rivya_bridge.notices.models import Attempt, Delivery, Endpoint
from rivya_bridge.notices.services import (
    replay,
    replay_failed,
    replay_skipped,
    rotate_secret,
    send_test,
    switch_endpoint,
)
from rivya_bridge.notices.services.ringing import ring_due_deliveries
from rivya_bridge.notices.services.sending import CLAIM, WAITS, send_delivery
from rivya_bridge.refusals import Refusal
from tests.experiments.factories import finish

from .conftest import send_all


def is_signed_by(callback, secret: str) -> bool:
    """By the recipe of standardwebhooks.com, written out."""
    name, stamp = callback.headers["webhook-id"], callback.headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{name}.{stamp}.".encode() + callback.body
    mark = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{mark}" in callback.headers["webhook-signature"].split(" ")


def ended_job(template, status="succeeded"):
    job, _ = start_job(template, {}, source="api")
    finish(job.task, status=status)
    return job


def test_it_works(subscribe, receiver):
    endpoint, secret = subscribe()
    delivery = send_test(endpoint)
    assert send_delivery(delivery.pk)
    [callback] = receiver.all()
    assert callback.headers["webhook-id"] == f"msg_{delivery.pk.hex}"
    assert callback.headers["content-type"] == "application/json"
    assert callback.event["type"] == "test"
    assert abs(int(callback.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    assert is_signed_by(callback, secret)
    assert not is_signed_by(callback, "whsec_" + base64.b64encode(b"another").decode())
    assert secret not in Endpoint.objects.get().secret
    assert not send_delivery(delivery.pk)
    assert receiver.all() == []


def test_both_secrets_sign_for_a_day_after_a_change(subscribe, receiver):
    endpoint, old = subscribe()
    new = rotate_secret(endpoint)
    send_test(endpoint)
    send_all()
    [callback] = receiver.all()
    assert is_signed_by(callback, old)
    assert is_signed_by(callback, new)
    Endpoint.objects.update(old_secret_until=timezone.now())
    send_test(endpoint)
    send_all()
    [callback] = receiver.all()
    assert not is_signed_by(callback, old)
    assert is_signed_by(callback, new)


def test_a_failure_is_tried_again_under_the_same_id(subscribe, receiver, template):
    subscribe()
    receiver.statuses += [500, 302, 204]
    ended_job(template)
    before = timezone.now()
    for seconds in WAITS[:2]:
        assert send_all() == 1
        row = Delivery.objects.get()
        assert row.status == "pending"
        assert (
            timedelta(seconds=seconds * 0.85)
            < row.due_at - before
            < timedelta(seconds=seconds * 1.3 + 30)
        )
        assert Endpoint.objects.get().failing_since is not None
    assert send_all() == 1
    names = {callback.headers["webhook-id"] for callback in receiver.all()}
    assert len(names) == 1
    assert Delivery.objects.get().status == "delivered"
    assert Endpoint.objects.get().failing_since is None
    said = Attempt.objects.order_by("id").values_list("http_status", "is_success")
    assert list(said) == [(500, False), (302, False), (204, True)]


def test_the_other_side_may_ask_for_a_longer_wait(subscribe, receiver):
    endpoint, _ = subscribe()
    receiver.statuses.append(429)
    receiver.answer_headers["Retry-After"] = "3600"
    send_test(endpoint)
    send_all()
    assert Delivery.objects.get().due_at > timezone.now() + timedelta(minutes=55)


def test_it_is_given_up_after_the_last_wait_and_can_be_replayed(subscribe, receiver):
    endpoint, _ = subscribe()
    receiver.statuses += [503] * (len(WAITS) + 1)
    delivery = send_test(endpoint)
    assert [send_all() for _ in range(len(WAITS) + 2)] == [1] * (len(WAITS) + 1) + [0]
    delivery.refresh_from_db()
    assert delivery.status == "failed"
    assert replay_failed(endpoint, timezone.now()) == 0
    assert replay_failed(endpoint, timezone.now() - timedelta(hours=1)) == 1
    receiver.all()
    assert send_all() == 1
    assert [one.headers["webhook-id"] for one in receiver.all()] == [f"msg_{delivery.pk.hex}"]
    replay(Delivery.objects.get())
    assert send_all() == 1


def test_waits_add_up_to_more_than_the_five_days_of_patience():
    assert sum(WAITS) > 5 * 86_400


def test_after_five_days_without_success_it_is_switched_off_with_a_notice(
    subscribe, receiver, template
):
    endpoint, _ = subscribe()
    receiver.statuses += [500, 500]
    ended_job(template)
    ended_job(template)
    Endpoint.objects.update(failing_since=timezone.now() - timedelta(days=5, minutes=1))
    first = Delivery.objects.order_by("id").first()
    send_delivery(first.pk)
    endpoint.refresh_from_db()
    assert not endpoint.is_enabled
    assert "five days" in endpoint.note
    assert set(Delivery.objects.values_list("status", flat=True)) == {"skipped"}
    with pytest.raises(Refusal, match="off"):
        replay_skipped(endpoint)
    switch_endpoint(endpoint, on=True)
    assert endpoint.note == ""
    assert replay_skipped(endpoint) == 2
    receiver.statuses.clear()
    assert send_all() == 2
    assert set(Delivery.objects.values_list("status", flat=True)) == {"delivered"}


def test_gone_switches_it_off_at_once(subscribe, receiver):
    endpoint, _ = subscribe()
    receiver.statuses.append(410)
    send_test(endpoint)
    send_all()
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, "410" in endpoint.note) == (False, True)
    with pytest.raises(Refusal, match="off"):
        send_test(endpoint)
    with pytest.raises(Refusal, match="off"):
        replay(Delivery.objects.select_related("endpoint").get())


def test_a_private_address_is_refused_when_it_is_looked_up_too(subscribe, receiver, settings):
    endpoint, _ = subscribe()
    settings.BRIDGE_LOCAL_WEBHOOKS = False
    send_test(endpoint)
    send_all()
    assert receiver.all() == []
    assert "127.0.0.1 is no public address" in Attempt.objects.get().text
    Endpoint.objects.update(target="https://localhost.localdomain.invalid/hook")
    send_all()
    assert "could not be reached" in Attempt.objects.order_by("-id")[0].text


def test_a_claim_that_a_dead_worker_left_ends_by_itself(subscribe, receiver):
    endpoint, _ = subscribe()
    delivery = send_test(endpoint)
    now = timezone.now()
    Delivery.objects.update(due_at=now + CLAIM, tries=1)
    assert not send_delivery(delivery.pk)
    Delivery.objects.update(due_at=now - timedelta(seconds=1))
    assert send_delivery(delivery.pk)


def test_two_workers_send_it_once(subscribe, receiver):
    endpoint, _ = subscribe()
    delivery = send_test(endpoint)
    deliver(str(delivery.pk))
    deliver(str(delivery.pk))
    deliver("no id")
    assert len(receiver.all()) == 1


def test_the_sweep_rings_for_what_is_due_and_not_again_at_once(subscribe):
    endpoint, _ = subscribe()
    send_test(endpoint)
    assert ring_due_deliveries() == 0  # it was rung for when it was written
    Delivery.objects.update(rung_at=timezone.now() - timedelta(seconds=11))
    assert ring_due_deliveries() == 1
    assert ring_due_deliveries() == 0
    Delivery.objects.update(due_at=timezone.now() + timedelta(hours=1), rung_at=None)
    assert ring_due_deliveries() == 0


def test_a_time_that_was_written_under_a_clock_ten_years_ahead_keeps_nothing_back(
    subscribe, receiver
):
    endpoint, _ = subscribe()
    delivery = send_test(endpoint)
    Delivery.objects.update(due_at=timezone.now() + timedelta(days=3650), rung_at=None)
    assert ring_due_deliveries() == 1
    assert send_delivery(delivery.pk)
    assert len(receiver.all()) == 1


class MailServer:
    """As much of SMTP as a client needs; keeps what it is given."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.text = b""
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        line, _ = self.socket.accept()
        with line, line.makefile("rb") as lines:
            line.sendall(b"220 here\r\n")
            for got in lines:
                if got.upper().startswith(b"DATA"):
                    line.sendall(b"354 go on\r\n")
                    for part in lines:
                        if part == b".\r\n":
                            break
                        self.text += part
                if got.upper().startswith(b"QUIT"):
                    line.sendall(b"221 bye\r\n")
                    return
                line.sendall(b"250 fine\r\n")


def test_e_mail_goes_to_the_mail_server(subscribe, template, settings):
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.DEFAULT_FROM_EMAIL = "bridge@example.com"
    subscribe(kind="email", target="me@example.com")
    job = ended_job(template, status="failed")
    assert send_all() == 1
    server.socket.close()
    assert b"Subject: A job of Banner failed" in server.text
    assert b"To: me@example.com" in server.text
    assert f"/jobs/{job.pk}/".encode() in server.text.replace(b"=\r\n", b"")
    assert Delivery.objects.get().status == "delivered"


def test_a_mail_server_that_is_away_is_tried_again(subscribe, template, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed.getsockname()[1]
    subscribe(kind="email", target="me@example.com")
    ended_job(template)
    assert send_all() == 1
    assert Delivery.objects.get().status == "pending"
    assert "mail server did not take it" in Attempt.objects.get().text
