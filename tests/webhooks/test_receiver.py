"""The receiver: what is acknowledged is kept, once; what is not believed changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from rivya_bridge.connection.encryption import encrypt_key
from rivya_bridge.tasks.models import Task
from rivya_bridge.webhooks.judging import judge
from rivya_bridge.webhooks.models import Endpoint, Event
from rivya_bridge.webhooks.receiver import MOST_BYTES
from rivya_bridge.webhooks.services.matching import match_parked
from rivya_bridge.webhooks.services.storing import MOST_REFUSED
from tests.experiments.factories import add_models, make_experiment, start

from .conftest import SECRET, event, sign

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_bell")]


def running_task(remote_id="task_1") -> Task:
    add_models("z-image")
    task = start(make_experiment()).task
    later = timezone.now() + timedelta(minutes=5)
    Task.objects.filter(pk=task.pk).update(
        status="running", remote_id=remote_id, accepted_at=timezone.now(), due_at=later
    )
    return Task.objects.get(pk=task.pk)


def test_it_works(call):
    task = running_task()
    answer = call(event())
    assert (answer.status_code, answer.json()) == (200, {"status": "kept"})
    row = Event.objects.get()
    assert (row.event_id, row.type, row.remote_id) == ("evt_1", "generation.succeeded", "task_1")
    assert (row.signature, row.state, row.task_id) == ("verified", "matched", task.pk)
    assert bytes(row.body).startswith(b'{"id": "evt_1"')
    task.refresh_from_db()
    assert task.due_at <= timezone.now()
    assert task.status == "running"  # nothing is believed before it is read


def test_it_is_kept_once_and_its_copies_are_counted(call):
    assert {call(event()).status_code for _ in range(3)} == {200}
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: call(event()).status_code, range(40))) == {200}
    assert Event.objects.get().copies == 43


def test_one_before_its_task_is_parked_and_matched_later(call):
    assert call(event()).status_code == 200
    assert Event.objects.get().state == "parked"
    assert match_parked() == 0
    task = running_task()
    assert match_parked() == 1
    task.refresh_from_db()
    assert task.due_at <= timezone.now()
    assert match_parked() == 0


def test_a_task_of_another_account_is_not_touched(call):
    task = running_task()
    Task.objects.update(account="another")
    assert call(event()).status_code == 200
    assert Event.objects.get().state == "parked"
    assert Task.objects.get().due_at == task.due_at


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("", 401),
        ("nonsense", 401),
        ("t=1,v1=" + "0" * 64, 401),
        ("t=" + "9" * 40 + ",v1=" + "0" * 64, 401),
        (sign(b"other bytes"), 401),
    ],
    ids=["none", "nonsense", "old", "no time", "of other bytes"],
)
def test_a_forged_one_is_refused_and_shown(call, header, status):
    task = running_task()
    answer = call(event(), header=header)
    assert (answer.status_code, answer.json()) == (status, {"status": "refused"})
    assert call(event(2)).status_code == 200  # the writer has come by
    refused = Event.objects.get(signature="refused")
    assert refused.state == "refused"
    assert refused.problem
    assert Task.objects.get(pk=task.pk).status == "running"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_of_another_time_is_a_400(call, seconds):
    body = b'{"id": "evt_1"}'
    at = int(timezone.now().timestamp()) + seconds
    assert call(body, header=sign(body, at=at + (1 if seconds > 0 else -1))).status_code == 400


def test_another_secret_is_refused_and_the_former_one_accepted_for_a_day(call):
    body = b'{"id": "evt_1"}'
    assert call(body, header=sign(body, "whsec_new")).status_code == 401
    Endpoint.objects.update(
        secret=encrypt_key("whsec_new"),
        old_secret=encrypt_key(SECRET),
        old_secret_until=timezone.now() + timedelta(days=1),
    )
    now = timezone.now()
    row = Endpoint.objects.get()
    from rivya_bridge.webhooks.receiver import _secrets

    assert _secrets(row) == ("whsec_new", SECRET)
    row.old_secret_until = now
    assert _secrets(row) == ("whsec_new",)


def test_without_a_signature_it_only_hurries_where_that_is_allowed(base_url, endpoint):
    Endpoint.objects.update(requires_signature=False)
    task = running_task()
    with httpx.Client(base_url=base_url, trust_env=False) as client:
        assert client.post("/webhooks/tok", json=event()).status_code == 200
        forged = client.post("/webhooks/tok", json=event(2), headers={"Rivya-Signature": "x"})
    assert forged.status_code == 401
    assert Event.objects.get(state="matched").signature == "missing"
    assert Task.objects.get(pk=task.pk).due_at <= timezone.now()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"id": 7, "type": ["x"]}',
        b'{"a": "\\u0000\\ud800"}',
    ],
)
def test_what_cannot_be_read_is_kept_if_it_is_signed(call, body):
    assert call(body).status_code == 200
    row = Event.objects.get()
    assert bytes(row.body) == body
    assert (row.state, row.signature) == ("ignored", "verified")


def test_an_unknown_type_is_kept_and_a_test_marks_the_endpoint(call, endpoint):
    assert call(event(1, type="generation.dreamt")).status_code == 200
    assert Event.objects.get().type == "generation.dreamt"
    test = event(2)
    test["data"]["test"] = True
    assert call(test).status_code == 200
    endpoint.refresh_from_db()
    assert endpoint.tested_at is not None
    assert Event.objects.get(event_id="evt_2").state == "ignored"


def test_there_is_one_route(base_url, call):
    with httpx.Client(base_url=base_url, trust_env=False) as client:
        for path in (
            "/",
            "/webhooks/",
            "/webhooks/nobody",
            "/sign-in/",
            "/api/v1/tasks",
            "/webhooks/tok/",
        ):
            assert client.post(path, content=b"{}").status_code == 404, path
        assert client.get("/webhooks/tok").status_code == 405
    Endpoint.objects.update(is_enabled=False)


def test_too_large_a_body_is_a_413(call):
    assert call(b"a" * (MOST_BYTES + 1)).status_code == 413
    assert not Event.objects.exists()


def test_what_cannot_be_kept_is_not_acknowledged(call):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE webhooks_event RENAME TO webhooks_event_away")
    try:
        assert call(event()).status_code == 503
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE webhooks_event_away RENAME TO webhooks_event")
    assert call(event()).status_code == 200
    assert Event.objects.count() == 1


def test_many_at_once_are_each_there_once(call):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: call(event(number)).status_code, range(400)))
    assert set(answers) == {200}
    assert Event.objects.count() == 400


def test_only_the_latest_refused_ones_are_kept(call):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: call(event(number), header="x"), range(MOST_REFUSED + 50)))
    assert call(event()).status_code == 200
    assert Event.objects.filter(signature="refused").count() <= MOST_REFUSED


@settings(max_examples=2000)
@given(st.binary(max_size=200), st.text(max_size=200))
def test_no_bytes_and_no_header_are_accepted_or_raise(body, header):
    judged = judge(
        body,
        {"Rivya-Signature": header},
        [SECRET],
        requires_signature=True,
        now=timezone.now(),
    )
    assert judged.http_status in (400, 401)
    assert judged.signature == "refused"


def test_the_key_is_not_kept_with_the_headers(base_url, call):
    with httpx.Client(base_url=base_url, trust_env=False) as client:
        body = b'{"id": "evt_9"}'
        headers = {
            "Rivya-Signature": sign(body),
            "Authorization": "Bearer canary",
            "X-Note": "a\tb",
        }
        assert client.post("/webhooks/tok", content=body, headers=headers).status_code == 200
    kept = dict(Event.objects.get().headers)
    assert "authorization" not in kept
    assert kept["x-note"] == "a\tb"
