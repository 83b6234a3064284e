"""Each sending of a task keeps its exact bytes, and its page gives them as code."""

import io
import json
import shutil
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from rivya_bridge.files.models import RemoteFile, StoredFile
from rivya_bridge.files.services import store_result
from rivya_bridge.tasks.models import Task, TaskAttempt
from rivya_bridge.tasks.sending_code import sending_snippets
from rivya_bridge.tasks.services import continue_task
from tests.tasks import vendor as play
from tests.tasks.making import Clock, carry, make_task, step
from tests.tasks.vendor import Handler, Vendor, png

pytestmark = pytest.mark.django_db(transaction=True)
NASTY = 'It\'s a "cup" of $HOME `id` \\n %s {x}\n\u2028 é'


@pytest.fixture
def file(vendor: Vendor) -> StoredFile:
    return store_result(io.BytesIO(png(32, (1, 2, 3))), "reference.png")


def gone(handler: Handler) -> None:
    error = {"code": "not_found", "message": f"{handler.vendor.url}/files/1.png is gone."}
    handler.answer(404, {"error": error})


def sent_twice(vendor: Vendor, clock: Clock, file: StoredFile) -> Task:
    """A task whose reference was refused and uploaded again."""
    vendor.posts.append(gone)
    return carry(make_task(references=[file], prompt=NASTY), clock)


def test_it_works(vendor: Vendor, clock: Clock, file: StoredFile) -> None:
    task = sent_twice(vendor, clock, file)
    sendings = list(task.attempt_rows.all())
    assert [one.body for one in sendings] == [one.body for one in vendor.sent]
    assert [b"/files/1.png" in one.body for one in sendings] == [True, False]
    assert b"/files/2.png" in sendings[1].body


def test_a_repeated_sending_has_the_same_bytes_and_they_are_kept_once(
    vendor: Vendor, clock: Clock
) -> None:
    vendor.posts.append(play.refused(503, "unavailable"))
    task = carry(make_task(), clock)
    first, second = task.attempt_rows.all()
    assert first.body == second.body == vendor.sent[0].body == vendor.sent[1].body
    assert {first.earlier_body, second.earlier_body} == {""}


def test_a_task_that_moves_to_another_key_keeps_what_it_had_sent(
    vendor: Vendor, clock: Clock, file: StoredFile, settings: Any
) -> None:
    vendor.posts.append(play.refused(401, "api_key_invalid"))
    task = step(make_task(references=[file]), clock)
    assert task.status == "held"
    settings.RIVYA_API_KEY = "rvya_sk_of_another_account"
    continue_task(task.pk)
    carry(task, clock)
    assert RemoteFile.objects.count() == 2
    sendings = TaskAttempt.objects.filter(task=task)
    assert [one.body for one in sendings] == [one.body for one in vendor.sent]
    assert vendor.sent[0].body != vendor.sent[1].body


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("language", ["cURL", "Python (httpx)"])
@pytest.mark.parametrize("number", [1, 2])
def test_the_code_of_a_sending_sends_the_same_bytes(
    vendor: Vendor, clock: Clock, file: StoredFile, language: str, number: int
) -> None:
    task = sent_twice(vendor, clock, file)
    code = dict(sending_snippets(task.attempt_rows.get(number=number)))[language]
    command = ["sh", "-c", code] if language == "cURL" else [sys.executable, "-c", code]
    environment = {"PATH": "/usr/bin:/bin", "RIVYA_API_KEY": "rvya_sk_scripted"}
    for key in ("", task.idempotency_key):
        subprocess.run(command, env={**environment, "REQUEST_KEY": key}, check=True)
    assert [one.body for one in vendor.sent[2:]] == [vendor.sent[number - 1].body] * 2
    assert vendor.sent[3].key == task.idempotency_key != vendor.sent[2].key != ""


def test_typescript_reads_back_the_same_bytes(
    vendor: Vendor, clock: Clock, file: StoredFile
) -> None:
    sending = sent_twice(vendor, clock, file).attempt_rows.first()
    assert sending is not None
    code = dict(sending_snippets(sending))["TypeScript"]
    body, _ = json.JSONDecoder().raw_decode(code.split("const body = ", 1)[1])
    assert body.encode() == sending.body
    assert "\u2028" not in code and "rvya_sk" not in code


def test_the_page_shows_a_sending_with_its_own_bytes_answer_and_code(
    vendor: Vendor, clock: Clock, file: StoredFile, signed_in_client: Client
) -> None:
    task = sent_twice(vendor, clock, file)
    listed = signed_in_client.get(f"/tasks/{task.pk}/").content.decode()
    pages = []
    for number in (1, 2):
        assert f'href="/tasks/{task.pk}/sendings/{number}/"' in listed
        pages.append(signed_in_client.get(f"/tasks/{task.pk}/sendings/{number}/").content.decode())
    assert "/files/2.png" not in pages[0] and "is gone." in pages[0]
    assert "/files/2.png" in pages[1] and "Sending 2 of 2" in pages[1]
    assert all(language in pages[0] for language in ("cURL", "Python (httpx)", "TypeScript"))


@pytest.mark.parametrize("number", [0, 2, 10**30])
def test_a_sending_that_was_not_is_missing(
    vendor: Vendor, clock: Clock, signed_in_client: Client, number: int
) -> None:
    task = carry(make_task(), clock)
    assert signed_in_client.get(f"/tasks/{task.pk}/sendings/{number}/").status_code == 404
