"""The product before another server than its own sandbox: each legal variant, and each fault.

The outcomes of the faults are those of the retry policy: what is in doubt is repeated under its key and
charged once, what was refused is held or failed with its reason, and nothing else is sent.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.connection import close_clients, rivya_client
from rivya_bridge.credits.models import Wallet
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.experiments.models import Run
from rivya_bridge.files.services import store_upload
from rivya_bridge.rivya import TextDelta, TurnCompleted
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import continue_task
from tests.experiments.factories import make_experiment, start
from tests.sandbox.conftest import png
from tests.tasks.making import Clock, carry, check_books, moving_clock

from .stand_in import KEY, PRICE, VARIANTS, Fault, Variant, World, standing_in
from .stand_in.faults import CREATE, READ, RESULT, STREAM, UPLOAD
from .stand_in.world import TURN_PRICE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_bell")]
Serve = Callable[[Variant], World]


@pytest.fixture
def serve(settings: Any) -> Iterator[Serve]:
    """Puts a server behind the product, its models and its balance read."""
    with ExitStack() as stack:

        def begin(variant: Variant) -> World:
            world = stack.enter_context(standing_in(variant))
            settings.RIVYA_BASE_URL, settings.RIVYA_API_KEY = world.url, KEY
            assert refresh_catalog().error == ""
            refresh_wallet()
            stack.callback(close_clients)
            return world

        yield begin


@pytest.fixture
def other(serve: Serve) -> World:
    return serve(Variant())


@pytest.fixture
def clock() -> Iterator[Clock]:
    with moving_clock() as moving:
        yield moving


def asked(**changes: Any) -> Task:
    run = start(make_experiment(), **{"model_id": "other-image", "prompt": "A boat"} | changes)
    return task_of(run)


def talk(**changes: Any) -> Task:
    fields = {"model_id": "other-chat", "prompt": "Hello there"} | changes
    return task_of(start(make_experiment(category="chat"), **fields))


def task_of(run: Run) -> Task:
    assert run.task is not None
    return run.task


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_the_main_job_from_the_prompt_to_the_files(
    serve: Serve, clock: Clock, variant: Variant
) -> None:
    other = serve(variant)
    task = carry(asked(), clock)
    assert (task.status, task.final_credits) == ("succeeded", PRICE), task.reason_text
    outputs = [one.file for one in task.outputs.select_related("file")]
    assert len(outputs) == variant.results
    assert all(one and (one.kind, one.mime_type) == ("image", "image/png") for one in outputs)
    assert [body["prompt"] for body in other.bodies] == ["A boat"]
    check_books(task)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_chat_turn_and_the_next_of_its_session(
    serve: Serve, clock: Clock, variant: Variant
) -> None:
    other = serve(variant)
    task = carry(talk(), clock)
    assert task.status == "succeeded", task.reason_text
    assert task.answer_text == "Grüße — you said: Hello there"
    assert task.final_credits == TURN_PRICE
    assert task.session_id in other.sessions
    check_books(task)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_reference_goes_up_and_along(serve: Serve, clock: Clock, variant: Variant) -> None:
    other = serve(variant)
    if variant.has_bare_models:
        pytest.skip("a model that names no files takes none")
    picture = store_upload(io.BytesIO(png()), "photo.png")
    task = carry(asked(references=[picture]), clock)
    assert task.status == "succeeded", task.reason_text
    [item] = other.bodies[0]["params"]["referenceMediaItems"]
    [known] = other.files.values()
    assert (item["url"], item["kind"], item["mimeType"]) == (known["url"], "image", "image/png")
    again = carry(talk(references=[picture]), clock)
    assert again.status == "succeeded"
    assert len(other.files) == 1


@pytest.mark.parametrize("files", ["documented", "camel", "least"])
def test_the_proof_of_a_duration_goes_along(serve: Serve, clock: Clock, files: str) -> None:
    other = serve(Variant(files=files))
    task = carry(asked(references=[store_upload(io.BytesIO(tone()), "tone.wav")]), clock)
    assert task.status == "succeeded", task.reason_text
    [item] = other.bodies[0]["params"]["referenceMediaItems"]
    assert (item["kind"], item["durationToken"]) == ("audio", "dur_f0")
    assert item["durationSeconds"] == pytest.approx(1.0)


def tone() -> bytes:
    """A second of silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, 8000, 8000, "NONE", ""))
        sound.writeframes(bytes(16_000))
    return out.getvalue()


@pytest.mark.parametrize(
    ("unpaid", "status"), [("402", "held"), ("403", "held"), ("task", "failed")]
)
def test_an_empty_wallet(serve: Serve, clock: Clock, unpaid: str, status: str) -> None:
    other = serve(Variant(unpaid=unpaid))
    task = asked()
    other.credits = PRICE - 1
    task = carry(task, clock)
    assert (task.status, task.reason) == (status, "insufficient_credits")
    assert other.journal == {}
    check_books(task)


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


def test_the_client_streams_what_the_other_server_says(other: World) -> None:
    client = rivya_client()
    body = client.chat.build_body("other-chat", "Hello there")
    assert client.chat.submit(body, idempotency_key="a").message.content.endswith("Hello there")
    with client.chat.stream(body, idempotency_key="b") as stream:
        texts = [event.text for event in stream if isinstance(event, TextDelta)]
    assert "".join(texts) == stream.text == "Grüße — you said: Hello there"
    assert isinstance(stream.end, TurnCompleted)
    assert Wallet.objects.get().current_credits == 100
