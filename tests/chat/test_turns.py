"""A chat turn as a task: answered, charged and written down once, and honest when it is cut."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from rivya_bridge.connection import rivya_client
from rivya_bridge.credits.models import LedgerEntry, Wallet
from rivya_bridge.tasks.explanation import explain
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import cancel_task, continue_task
from tests.tasks.making import Clock, carry, check_books, fresh, kinds, step

pytestmark = pytest.mark.django_db(transaction=True)
MakeTurn = Callable[..., Task]
Play = Callable[..., None]


def balance(chat: Any) -> int:
    return int(httpx.get(f"{chat.base_url}/_sandbox/journal").json()["balance"])


def test_it_works(make_turn: MakeTurn, clock: Clock, chat: Any) -> None:
    task = carry(make_turn(), clock)
    assert task.status == "succeeded"
    assert task.answer_text
    assert not task.is_cut
    assert task.session_id == task.remote_payload["session_id"]
    assert task.remote_payload["message"]["content"] == task.answer_text
    assert task.output_tokens == task.remote_payload["usage"]["output_tokens"]
    assert task.final_credits == LedgerEntry.objects.get(task=task, kind="settle").amount
    assert Wallet.objects.get().current_credits == balance(chat)
    assert kinds(task) == ["created", "sending", "succeeded"]
    check_books(task)


def test_a_turn_continues_its_session(make_turn: MakeTurn, clock: Clock) -> None:
    first = carry(make_turn(), clock)
    second = carry(make_turn("And two more.", session_id=first.session_id), clock)
    assert json.loads(bytes(second.request_body))["session_id"] == first.session_id
    assert (second.status, second.session_id) == ("succeeded", first.session_id)


def test_a_session_that_is_not_there_fails_and_costs_nothing(
    make_turn: MakeTurn, clock: Clock
) -> None:
    task = carry(make_turn(session_id="s_nowhere"), clock)
    assert (task.status, task.reason) == ("failed", "chat_session_conflict")
    assert task.exposure == "none"
    check_books(task)


def test_a_cut_answer_is_kept_and_continues_under_its_key(
    make_turn: MakeTurn, clock: Clock, play: Play, chat: Any
) -> None:
    before = balance(chat)
    play("stream_cut_after_data", times=1)
    task = step(make_turn(), clock)
    assert (task.status, task.reason) == ("held", "answer_cut")
    arrived = task.answer_text
    assert arrived
    explanation = explain(task)
    assert explanation is not None
    assert "may have been spent" in explanation.spent
    continue_task(task.pk)
    task = carry(task, clock)
    assert (task.status, task.is_cut) == ("succeeded", False)
    assert task.answer_text == arrived
    assert before - balance(chat) == task.final_credits
    check_books(task)


def test_what_arrived_is_kept_when_a_person_gives_the_rest_up(
    make_turn: MakeTurn, clock: Clock, play: Play
) -> None:
    play("stream_cut_after_data", times=1)
    task = step(make_turn(), clock)
    cancel_task(task.pk)
    ended = fresh(task)
    assert (ended.status, ended.answer_text) == ("canceled", task.answer_text)
    check_books(ended)


def test_a_cut_answer_is_read_whole_from_its_session(
    make_turn: MakeTurn, clock: Clock, play: Play
) -> None:
    play("stream_cut_after_data", times=1)
    task = step(make_turn(), clock)
    assert (task.status, task.reason, task.is_cut) == ("held", "answer_cut", False)
    assert "holds the whole answer" in task.reason_text
    explanation = explain(task)
    assert explanation is not None
    assert "whole answer stands on the task" in explanation.next
    session = rivya_client().chat.sessions.retrieve(task.session_id)
    assert task.answer_text == session.messages[-1].content


@pytest.mark.parametrize("scenario", ["server_error", "cut_before_work"])
def test_what_arrived_stands_where_the_session_cannot_be_read(
    make_turn: MakeTurn, clock: Clock, play: Play, scenario: str
) -> None:
    play("stream_cut_after_data", times=1)
    play(scenario, routes="sessions")
    task = step(make_turn(), clock)
    assert (task.status, task.reason, task.is_cut) == ("held", "answer_cut", True)
    assert task.answer_text
    assert "could not be read" in task.reason_text


def test_another_answer_of_the_session_is_not_taken_for_the_cut_one(
    make_turn: MakeTurn, clock: Clock, play: Play
) -> None:
    first = carry(make_turn(), clock)
    play("stream_cut_after_data", times=1)
    # It arrives as if nothing of the turn had been kept.
    play("session_behind", times=1)
    task = step(make_turn("And two more.", session_id=first.session_id), clock)
    assert (task.status, task.is_cut) == ("held", True)
    assert task.answer_text != first.answer_text
    assert "does not hold" in task.reason_text


def test_a_stream_cut_before_a_word_is_repeated_under_its_key(
    make_turn: MakeTurn, clock: Clock, play: Play, chat: Any
) -> None:
    before = balance(chat)
    play("stream_cut_before_data", times=1)
    task = step(make_turn(), clock)
    assert task.status == "unconfirmed"
    task = carry(task, clock)
    assert (task.status, task.attempts) == ("succeeded", 2)
    assert before - balance(chat) == task.final_credits
    check_books(task)


def test_an_error_in_the_stream_is_held_with_its_words(
    make_turn: MakeTurn, clock: Clock, play: Play
) -> None:
    play("stream_error", times=1)
    task = step(make_turn(), clock)
    assert (task.status, task.reason, task.is_cut) == ("held", "turn_failed", True)
    assert "internal_error" in task.reason_text
    assert task.attempt_rows.get().outcome == "unknown"
    check_books_reserved(task)


def check_books_reserved(task: Task) -> None:
    """A turn whose outcome nobody knows keeps its reservation and has no entry yet."""
    assert Wallet.objects.get().reserved_credits == task.estimated_credits
    assert not LedgerEntry.objects.filter(task=task).exists()


@pytest.mark.parametrize("name", ["stream_malformed_event", "stream_done_mark", "stream_dialect"])
def test_odd_streams_are_read_all_the_same(
    name: str, make_turn: MakeTurn, clock: Clock, play: Play
) -> None:
    play(name, times=1)
    task = carry(make_turn(), clock)
    assert task.status == "succeeded"
    assert task.answer_text == task.remote_payload["message"]["content"]
    check_books(task)


def test_a_stream_without_its_end_is_cut(make_turn: MakeTurn, clock: Clock, play: Play) -> None:
    play("stream_no_end", times=1)
    task = step(make_turn(), clock)
    assert (task.status, task.reason) == ("held", "answer_cut")


def test_a_person_stops_an_answer_that_stalls(
    make_turn: MakeTurn, clock: Clock, play: Play
) -> None:
    play("stream_stall", times=1, seconds=30)
    task = make_turn()
    Task.objects.filter(pk=task.pk).update(cancel_requested_at=task.created_at)
    task = step(task, clock)
    assert (task.status, task.reason, task.is_cut) == ("canceled", "turn_stopped", True)
    assert "may have been spent" in task.spent_text
    assert Wallet.objects.get().tried_at is None
    check_books(task)


def test_a_stream_that_begins_with_too_few_credits_waits_like_any_refusal_for_them(
    make_turn: MakeTurn, clock: Clock, play: Play
) -> None:
    play("stream_error", times=1, code="insufficient_credits", events=0)
    task = step(make_turn(), clock)
    assert (task.status, task.reason, task.is_cut) == ("held", "insufficient_credits", False)
    assert (task.exposure, task.holds_reservation) == ("none", False)
    assert task.attempt_rows.get().outcome == "refused"
