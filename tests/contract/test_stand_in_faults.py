"""The product before another server whose answers are spoilt.

The outcomes are those of the retry policy: what is in doubt is repeated under its key and charged once, what
was refused is held or failed with its reason, and nothing else is sent.
"""

from __future__ import annotations

import io

import pytest

from rivya_bridge.files.services import store_upload
from rivya_bridge.tasks.services import continue_task
from tests.sandbox.conftest import png
from tests.tasks.making import Clock, carry, check_books

from .conftest import Serve
from .product import asked, talk
from .stand_in import PRICE, Fault, Variant, World
from .stand_in.faults import CREATE, READ, RESULT, STREAM, UPLOAD
from .stand_in.world import TURN_PRICE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_bell")]


def test_the_rate_limit_of_another_server_is_waited_for(other: World, clock: Clock) -> None:
    for wish in ({"retry_after": 3.0}, {"retry_after": 9.0, "as_date": True}, {}):
        other.faults = [Fault(CREATE, "refuse", 429, "rate_limited", times=2, **wish)]  # type: ignore[arg-type]
        assert carry(asked(), clock).status == "succeeded"
    assert len(other.tasks) == 3


# Each is met once or twice and then over; what was in doubt is sent again under its key.
PASSING = {
    "500": Fault(CREATE, "refuse"),
    "500 after the work": Fault(CREATE, "refuse", is_after=True),
    "502 page after the work": Fault(CREATE, "page", 502, is_after=True),
    "503 page": Fault(CREATE, "page", 503, times=2),
    "switched off": Fault(CREATE, "refuse", 503, "public_api_disabled"),
    "an unknown 5xx": Fault(CREATE, "refuse", 520, "weather_on_the_moon"),
    "cut before the work": Fault(CREATE, "cut"),
    "cut after the work": Fault(CREATE, "cut", is_after=True),
    "half an answer": Fault(CREATE, "half", is_after=True),
    "no JSON": Fault(CREATE, "say", text="{'id': no}", is_after=True),
    "a list": Fault(CREATE, "say", text="[]", is_after=True),
    "an object without an id": Fault(CREATE, "say", text='{"status": "queued"}', is_after=True),
    "a page instead": Fault(CREATE, "page", 200, is_after=True),
    "still running": Fault(CREATE, "refuse", 409, "idempotency_conflict", times=2),
    "reading: 500": Fault(READ, "refuse", times=2),
    "reading: page": Fault(READ, "page", 200),
    "reading: half": Fault(READ, "half", is_after=True),
    "reading: cut": Fault(READ, "cut"),
    "reading: limited": Fault(READ, "refuse", 429, "rate_limited", retry_after=7),
    "reading: redirected": Fault(READ, "redirect", 302, text="/elsewhere"),
    "reading: unknown for a moment": Fault(READ, "refuse", 404, "not_found"),
    "result: gone for a moment": Fault(RESULT, "page", 403),
    "result: half": Fault(RESULT, "half", is_after=True),
    "result: 500": Fault(RESULT, "page", 500, times=2),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_fault_that_passes_costs_one_generation(other: World, clock: Clock, fault: Fault) -> None:
    other.faults = [Fault(**{**vars(fault), "met": 0})]
    task = carry(asked(), clock)
    assert (task.status, task.final_credits) == ("succeeded", PRICE), task.reason_text
    assert len(other.tasks) == 1
    assert sum(other.journal.values()) == PRICE
    assert other.faults[0].met == fault.times
    check_books(task)


# What stays: the task ends or is held with this reason, and this many generations exist.
LASTING = {
    "redirect": (Fault(CREATE, "redirect", 307, text="/x", times=99), "held redirect_refused", 0),
    "an unknown 4xx": (Fault(CREATE, "refuse", 422, "moon", times=99), "failed moon", 0),
    "always 500": (Fault(CREATE, "refuse", times=99), "held server_failure", 0),
    "always cut": (Fault(CREATE, "cut", times=99), "held outcome_unknown", 0),
    "always cut after": (Fault(CREATE, "cut", times=99, is_after=True), "held outcome_unknown", 1),
    "conflict": (
        Fault(CREATE, "refuse", 409, "idempotency_conflict", times=99),
        "held idempotency_conflict",
        0,
    ),
    "refused key": (
        Fault(CREATE, "refuse", 401, "api_key_revoked", times=99),
        "held key_refused",
        0,
    ),
    "no scope": (Fault(CREATE, "refuse", 403, "api_scope_denied", times=99), "held key_refused", 0),
    "lost": (Fault(READ, "refuse", 404, "not_found", times=999), "held not_found", 1),
    "no media": (Fault(RESULT, "page", 200, times=99), "held result_refused", 1),
    "redirected media": (
        Fault(RESULT, "redirect", 302, text="http://127.0.0.1:9/", times=99),
        "held result_refused",
        1,
    ),
    "expired media": (Fault(RESULT, "page", 403, times=99), "held results_unavailable", 1),
}


@pytest.mark.parametrize(("fault", "outcome", "made"), LASTING.values(), ids=LASTING)
def test_a_fault_that_stays_is_explained(
    other: World, clock: Clock, fault: Fault, outcome: str, made: int
) -> None:
    other.faults = [Fault(**{**vars(fault), "met": 0})]
    task = carry(asked(), clock)
    assert f"{task.status} {task.reason}" == outcome
    assert task.reason_text
    assert len(other.tasks) == made


UPLOADS = {
    "500": Fault(UPLOAD, "refuse"),
    "limited": Fault(UPLOAD, "refuse", 429, "rate_limited", retry_after=2),
    "cut": Fault(UPLOAD, "cut"),
    "cut after": Fault(UPLOAD, "cut", is_after=True),
    "half": Fault(UPLOAD, "half", is_after=True),
}


@pytest.mark.parametrize("fault", UPLOADS.values(), ids=UPLOADS)
def test_an_upload_that_fails_is_made_again(other: World, clock: Clock, fault: Fault) -> None:
    other.faults = [Fault(**{**vars(fault), "met": 0})]
    picture = store_upload(io.BytesIO(png()), "photo.png")
    task = carry(asked(references=[picture]), clock)
    assert (task.status, len(other.tasks)) == ("succeeded", 1)


def test_a_key_that_is_revoked_while_a_task_runs(other: World, clock: Clock) -> None:
    task = asked()
    other.faults = [Fault(READ, "refuse", 401, "api_key_revoked")]
    task = carry(task, clock)
    assert (task.status, task.reason) == ("held", "key_refused")
    continue_task(task.pk)
    task = carry(task, clock)
    assert (task.status, len(other.tasks)) == ("succeeded", 1)


TURNS = {
    "500": Fault(STREAM, "refuse"),
    "limited": Fault(STREAM, "refuse", 429, "rate_limited", retry_after=2),
    "cut": Fault(STREAM, "cut"),
    "cut after": Fault(STREAM, "cut", is_after=True),
    "a page": Fault(STREAM, "page", 200),
    "half a JSON answer": Fault(STREAM, "say", text='{"message": {', is_after=True),
}


@pytest.mark.parametrize("fault", TURNS.values(), ids=TURNS)
def test_a_turn_that_is_sent_again_is_charged_once(
    other: World, clock: Clock, fault: Fault
) -> None:
    other.faults = [Fault(**{**vars(fault), "met": 0})]
    task = carry(talk(), clock)
    assert (task.status, task.answer_text) == ("succeeded", "Grüße — you said: Hello there")
    assert sum(other.journal.values()) == TURN_PRICE == task.final_credits


def test_a_turn_cut_in_its_middle_is_read_from_its_session(serve: Serve, clock: Clock) -> None:
    other = serve(Variant(delta="text"))
    other.faults = [Fault(STREAM, "half", is_after=True)]
    task = carry(talk(), clock)
    assert (task.status, task.reason, task.is_cut) == ("held", "answer_cut", False)
    assert task.answer_text == "Grüße — you said: Hello there"
    continue_task(task.pk)
    assert carry(task, clock).status == "succeeded"
    assert sum(other.journal.values()) == TURN_PRICE


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(STREAM, "refuse", 402, "insufficient_credits"), "held insufficient_credits"),
        (Fault(STREAM, "refuse", 409, "chat_session_conflict"), "failed chat_session_conflict"),
        (
            Fault(STREAM, "refuse", 400, "chat_model_not_supported"),
            "failed chat_model_not_supported",
        ),
        (Fault(STREAM, "redirect", 302, text="/x"), "held redirect_refused"),
    ],
)
def test_a_refused_turn_costs_nothing(
    other: World, clock: Clock, fault: Fault, outcome: str
) -> None:
    other.faults = [Fault(**{**vars(fault), "met": 0})]
    task = carry(talk(), clock)
    assert f"{task.status} {task.reason}" == outcome
    assert other.journal == {}
