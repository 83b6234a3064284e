"""Every reason why a task stands still has its four answers."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from rivya_bridge.automation.checking import TEMPLATE_DAY_CAP
from rivya_bridge.connection import current_connection
from rivya_bridge.rivya import errors
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.advice import (
    CANCELED_UNSURE,
    ENDED,
    FAILED_THERE,
    HELD,
    KEY_IS_OLD,
    ONLY_MARKED,
    REFUSED,
    WAITING,
)
from rivya_bridge.tasks.explanation import explain, why_queued
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import cancel_task
from rivya_bridge.tasks.views.lines import task_lines
from tests.tasks import vendor as play
from tests.tasks.making import Clock, carry, fresh, make_task, step
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
SERVICES = Path(policy.__file__).parent / "services"


def reasons_in_code() -> set[str]:
    """What the services write as a literal reason, and what the policy calls for."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in SERVICES.glob("*.py"))
    found = set(re.findall(r'\b_?hold\(\s*\w+,\s*"(\w+)"', code))
    turn = (SERVICES / "turn.py").read_text(encoding="utf-8")
    found |= set(re.findall(r'(?:_hold\(task,|"canceled",)\s*"(\w+)"', turn))
    found |= set(re.findall(r'_come_back_or_hold\(task, "(\w+)"', code))
    found |= set(re.findall(r'finish\(task, "(?:canceled|failed)", "(\w+)"', code))
    found |= set(re.findall(r'Next\("held", "(\w+)"', Path(policy.__file__).read_text()))
    found |= set(re.findall(r'return "(\w+)"', (SERVICES / "poll.py").read_text()))
    found |= set(re.findall(r'return "(\w+)", ', (SERVICES / "submit.py").read_text()))
    found |= {policy.gate_reason(kind("x")) for kind in _gate_kinds()}
    return found | {"upload_failed", "generation_failed", TEMPLATE_DAY_CAP}


def _gate_kinds() -> list[type[errors.RivyaError]]:
    return [
        errors.RateLimited,
        errors.ApiDisabled,
        errors.ConnectionFailed,
        errors.AuthenticationFailed,
    ]


def ends_in_code() -> set[str]:
    return {"canceled_by_person", "turn_stopped", "generation_failed"}


def test_every_reason_in_the_code_has_its_words() -> None:
    found = reasons_in_code()
    assert len(found) >= 20
    # A gate of the account makes a task wait, and only one that never opens holds it.
    assert found - set(HELD) == ends_in_code() | {"rate_limited", "api_disabled"}
    assert set(HELD) - found == set()
    assert ends_in_code() <= set(ENDED)
    assert {policy.gate_reason(kind("x")) for kind in _gate_kinds()} <= {*WAITING, "key_refused"}


def _stopped(status: str, reason: str, **fields: Any) -> Task:
    task = make_task()
    Task.objects.filter(pk=task.pk).update(
        status=status, reason=reason, reason_text="It stands still.", **fields
    )
    return fresh(task)


SENT: dict[str, Any] = {
    "request_body": b"{}", "exposure": "possible", "held_from": "unconfirmed", "attempts": 1,
}  # fmt: skip
RUNS: dict[str, Any] = {
    "request_body": b"{}", "exposure": "accepted", "held_from": "running", "remote_id": "task_1",
}  # fmt: skip
CONTROLS = {
    "continue": "/continue/", "cancel": "/cancel/", "again": "/again/", "done": "/handled/",
    "connection": 'href="/connection/"', "credits": 'href="/credits/"', "files": 'href="/files/"',
    "template": "Template page</a>",
}  # fmt: skip
WORDS = {
    "continue": r"[Cc]ontinue\b", "cancel": r"\b[Cc]ancel\b", "again": r"[Rr]un it again",
    "connection": "Connection page", "credits": "Credits page", "files": "Files page",
    "template": "Template page",
}  # fmt: skip


def _offered(client: Client, task: Task) -> set[str]:
    page = client.get(f"/tasks/{task.pk}/").content.decode()
    panel = page[page.index('class="callout"') : page.index("<h2>Timeline")]
    return {name for name, mark in CONTROLS.items() if mark in panel}


def _named(text: str) -> set[str]:
    """The controls that a next step tells a person to press; running again comes after cancelling."""
    return {name for name, words in WORDS.items() if re.search(words, text)}


@pytest.mark.parametrize("reason", HELD)
def test_what_a_held_task_is_told_to_do_can_be_pressed_on_its_page(
    vendor: Vendor, signed_in_client: Client, reason: str
) -> None:
    task = _stopped("held", reason, held_from="queued")
    told = explain(task)
    assert told is not None
    offered = _offered(signed_in_client, task)
    assert _named(told.next) - {"again"} <= offered == set(told.actions)
    assert {"continue", "cancel"} <= offered
    if "again" in _named(told.next):  # by then it is canceled, and that page offers it
        cancel_task(task.pk)
        assert "again" in _offered(signed_in_client, fresh(task))


@pytest.mark.parametrize(("status", "reason"), [
    *[("failed", reason) for reason in ENDED], ("failed", "odd_code"), ("failed", "validation_failed"),
    ("canceled", "canceled_by_person"), ("canceled", "turn_stopped"),
])  # fmt: skip
def test_what_ended_badly_can_be_run_again_from_its_page(
    vendor: Vendor, signed_in_client: Client, status: str, reason: str
) -> None:
    task = _stopped(status, reason)
    told = explain(task)
    assert told is not None
    offered = _offered(signed_in_client, task)
    assert "again" in _named(told.next) <= offered == set(told.actions)
    assert ("done" in offered) == (status == "failed")


def test_a_key_that_is_too_old_to_be_sent_again_is_not_offered(
    vendor: Vendor, clock: Clock, signed_in_client: Client
) -> None:
    task = _stopped("held", "server_failure", first_sent_at=timezone.now(), **SENT)
    assert "continue" in _offered(signed_in_client, task)
    clock.move(policy.KEY_WINDOW.total_seconds() + 1)
    assert _offered(signed_in_client, task) == {"cancel", "credits"}
    told = explain(task)
    assert told is not None
    assert told.next == KEY_IS_OLD


def test_an_address_that_leads_elsewhere_is_put_right_before_it_is_run_again(
    vendor: Vendor, clock: Clock, signed_in_client: Client
) -> None:
    task = _stopped("held", "redirect_refused", first_sent_at=timezone.now(), **SENT)
    clock.move(policy.KEY_WINDOW.total_seconds() + 1)
    told = explain(task)
    assert told is not None
    assert told.next.startswith("First compare the address on the Connection page")
    assert told.next.endswith(KEY_IS_OLD)
    assert told.actions == ("connection", "credits", "cancel")
    assert _offered(signed_in_client, task) == set(told.actions)


def test_a_turn_that_broke_off_for_lack_of_credits_asks_for_a_top_up(
    vendor: Vendor, signed_in_client: Client
) -> None:
    task = _stopped("held", "turn_failed", error_code="insufficient_credits", **SENT)
    told = explain(task)
    assert told is not None
    assert told.next.startswith("Top up the wallet at Rivya.")
    assert _offered(signed_in_client, task) == _named(told.next) - {"again"}


def test_what_was_canceled_with_an_unknown_outcome_leads_to_the_balance(
    vendor: Vendor, signed_in_client: Client
) -> None:
    task = _stopped("held", "outcome_unknown", **SENT)
    row = cancel_task(task.pk)
    told = explain(row)
    assert told is not None
    assert told.next == CANCELED_UNSURE
    assert "may have been spent" in told.spent
    assert _offered(signed_in_client, row) == {"again", "credits"}


def test_cancelling_what_rivya_has_says_that_it_only_marks_and_leaves_continue(
    vendor: Vendor, signed_in_client: Client
) -> None:
    task = _stopped("held", "key_refused", **RUNS)
    told = explain(task)
    assert told is not None
    assert told.next.endswith(ONLY_MARKED)
    assert cancel_task(task.pk).status == "held"
    assert _offered(signed_in_client, task) == {"continue", "connection"}


@pytest.mark.parametrize(
    "reason", ["poison", "wrong_answer", "not_found", "poll_budget_over", "other_account"]
)
def test_what_is_told_to_be_given_up_ends_when_it_is_canceled(vendor: Vendor, reason: str) -> None:
    task = _stopped("held", reason, **RUNS)
    told = explain(task)
    assert told is not None
    assert ONLY_MARKED not in told.next
    assert cancel_task(task.pk).status == "canceled"


@pytest.mark.parametrize(("is_accepted", "title"), [
    (True, FAILED_THERE.title), (False, REFUSED.title),
])  # fmt: skip
def test_a_code_that_only_rivya_knows_is_told_by_how_far_the_task_came(
    vendor: Vendor, is_accepted: bool, title: str
) -> None:
    told = explain(_stopped("failed", "odd_code", **(RUNS if is_accepted else {})))
    assert told is not None
    assert told.title == title


@pytest.mark.parametrize(("status", "offered"), [
    ("held", {"continue", "cancel"}), ("canceled", {"again"}),
])  # fmt: skip
def test_a_reason_that_was_written_elsewhere_has_a_next_step_too(
    vendor: Vendor, signed_in_client: Client, status: str, offered: set[str]
) -> None:
    task = _stopped(status, "of_another_installation", held_from="queued")
    assert _offered(signed_in_client, task) == offered
    assert signed_in_client.get("/tasks/").status_code == 200


def test_a_result_that_is_named_and_not_saved_is_not_counted_as_one(
    vendor: Vendor, signed_in_client: Client
) -> None:
    task = _stopped("held", "results_unavailable", **RUNS)
    task.outputs.create(position=0, url="https://files.example/1.png")
    page = signed_in_client.get(f"/tasks/{task.pk}/").content.decode()
    assert "1 named, not saved yet" in page


def test_what_rivya_did_not_take_costs_nothing_in_the_history(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.refused(400, "odd_code"))
    refused = carry(make_task(), clock)
    vendor.posts.extend([play.body(500, b"")] * 3)
    unknown = carry(make_task(), clock)
    lines = task_lines([refused, unknown])
    assert [line["final_credits"] for line in lines] == ["0", ""]
    assert [line["reason"] for line in lines] == [REFUSED.title, HELD["server_failure"].title]


def test_what_happened_repeats_neither_the_spending_nor_the_next_step(
    vendor: Vendor, clock: Clock
) -> None:
    vendor.posts.append(play.refused(400, "odd_code"))
    told = explain(carry(make_task(), clock))
    assert told is not None
    assert told.happened == "Rivya answered 400 odd_code: Scripted."
    assert told.spent == "Rivya did not take the request, so nothing was spent."
    assert told.next == REFUSED.next
    assert told.evidence[0] == "Sending 1: refused, HTTP 400, request id req_1."


STOPS: dict[str, Any] = {
    "held": [play.body(500, b"")] * 3,
    "failed": [play.refused(400, "validation_failed")],
    "canceled": [],
}


@pytest.mark.parametrize("status", STOPS)
def test_what_stands_still_has_all_four_answers_on_page_and_api(
    vendor: Vendor, clock: Clock, api_client: Client, signed_in_client: Client, status: str
) -> None:
    vendor.posts.extend(STOPS[status])
    task = make_task()
    row = cancel_task(task.pk) if status == "canceled" else carry(task, clock)
    assert row.status == status
    told = api_client.get(f"/api/v1/tasks/{task.pk}").json()["explanation"]
    assert set(told) == {"title", "happened", "spent", "evidence", "next", "actions"}
    assert all(told.values())
    page = signed_in_client.get(f"/tasks/{task.pk}/").content.decode()
    assert "What to do" in page
    assert "What was spent" in page


def test_what_goes_on_needs_no_explanation(vendor: Vendor, clock: Clock) -> None:
    assert explain(step(make_task(), clock)) is None


def test_a_queued_task_says_what_it_waits_for(
    vendor: Vendor, clock: Clock, settings: Any, api_client: Client
) -> None:
    settings.RIVYA_IN_FLIGHT = 1
    vendor.says = {"status": "processing"}
    first = make_task()
    assert why_queued(first) is None
    step(first, clock)
    waiting = make_task()
    told = api_client.get(f"/api/v1/tasks/{waiting.pk}").json()
    assert (told["status"], told["explanation"]) == ("queued", None)
    assert told["waiting"]["reason"] == "waiting_for_place"
    assert "1 task of this account is at Rivya" in told["waiting"]["text"]
    limit = errors.RateLimited("Slow down.", http_status=429, retry_after=60)
    gates.heed(current_connection().account, limit)
    told = api_client.get(f"/api/v1/tasks/{waiting.pk}").json()
    assert told["waiting"]["reason"] == "rate_limited"
    assert fresh(waiting).fence == 0
