"""A POST that goes wrong in every way: what is repeated, what waits, what stops, and what it cost."""

from typing import Any

import pytest
from django.utils import timezone

from rivya_bridge.connection import clients, current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.credits.services import refresh_wallet, reserve_credits
from rivya_bridge.rivya import Rivya, Timeouts, errors
from rivya_bridge.tasks import gates
from rivya_bridge.tasks.explanation import explain
from rivya_bridge.tasks.models import Gate, Task
from rivya_bridge.tasks.services import continue_task, submit
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.balance import renew_balance
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.tasks import vendor as play
from tests.tasks.making import (
    Clock,
    back_in_time,
    carry,
    check_books,
    fresh,
    kinds,
    make_task,
    step,
)
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def impatient(vendor: Vendor) -> None:
    """A client that waits a fifth of a second for an answer."""
    account = current_connection().account
    client = Rivya(base_url=vendor.url, api_key="rvya_sk_scripted", timeout=Timeouts(read=0.2))
    clients._clients[account] = client


UNKNOWN = {
    "reset before acceptance": play.reset,
    "reset after acceptance": play.accept_then(play.reset),
    "a bare 500": play.body(500, b"no"),
    "500 after acceptance": play.accept_then(play.refused(500, "internal_error")),
    "a web page": play.accept_then(play.body(200, b"<html>hello</html>", "html")),
    "half an answer": play.accept_then(play.truncated),
    "an empty answer": play.accept_then(play.body(202, b"")),
    "an answer without an id": play.accept_then(play.body(202, b'{"status": "queued"}')),
}


@pytest.mark.parametrize("fault", UNKNOWN)
def test_an_unknown_outcome_repeats_the_same_key_and_bytes(
    vendor: Vendor, clock: Clock, fault: str
) -> None:
    vendor.posts.append(UNKNOWN[fault])
    task = make_task()
    row = step(task, clock)
    assert (row.status, row.exposure) == ("unconfirmed", "possible")
    assert carry(task, clock).status == "succeeded"
    first, second = vendor.sent
    assert (first.key, first.body) == (second.key, second.body)
    assert vendor.generations == 1
    check_books(task)


@pytest.mark.parametrize("fault", [play.silent, play.accept_then(play.silent)])
def test_a_timeout_repeats_the_same_key_and_bytes(
    vendor: Vendor, clock: Clock, impatient: None, fault: Any
) -> None:
    vendor.posts.append(fault)
    task = make_task()
    assert step(task, clock).status == "unconfirmed"
    assert carry(task, clock).status == "succeeded"
    assert len({(one.key, one.body) for one in vendor.sent}) == 1
    assert (len(vendor.sent), vendor.generations) == (2, 1)
    check_books(task)


def test_the_evidence_of_a_bad_answer_is_kept(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.body(200, b"<html>captive portal</html>", "html"))
    task = make_task()
    step(task, clock)
    attempt = task.attempt_rows.get()
    assert (attempt.outcome, attempt.http_status) == ("unknown", 200)
    assert "captive portal" in attempt.response
    assert attempt.ended_at is not None


def test_the_same_5xx_three_times_is_held(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.extend([play.refused(500, "internal_error")] * 9)
    row = carry(make_task(), clock)
    assert (row.status, row.reason, row.held_from) == ("held", "server_failure", "unconfirmed")
    assert len(vendor.sent) == 3


def test_eight_unknown_outcomes_are_held(vendor: Vendor, clock: Clock) -> None:
    """Different each time, so that it is the budget that stops them."""
    vendor.posts.extend(
        play.refused(500, "internal_error") if n % 2 else play.reset for n in range(20)
    )
    task = make_task()
    for _ in range(20):
        if fresh(task).status == "held":
            break
        step(task, clock)
        Task.objects.filter(pk=task.pk).update(first_sent_at=timezone.now())
    assert fresh(task).reason == "outcome_unknown"
    assert len(vendor.sent) == 8
    assert len({one.key for one in vendor.sent}) == 1


def test_a_refused_connection_stays_queued_and_unexposed(vendor: Vendor, clock: Clock) -> None:
    vendor.stop()
    task = make_task()
    row = step(task, clock)
    assert (row.status, row.exposure, row.first_sent_at) == ("queued", "none", None)
    check_books(task)


def test_an_unreachable_vendor_gets_a_trickle_and_not_a_flood(vendor: Vendor, clock: Clock) -> None:
    tasks = [make_task() for _ in range(25)]
    vendor.stop()
    for _ in range(20):
        for task in tasks:
            advance(task.pk)
        clock.move(1)
    tries = sum(task.attempt_rows.count() for task in tasks)
    assert 1 < tries <= 15
    assert {fresh(task).status for task in tasks} == {"queued"}
    check_books(tasks[0])


def test_unreachable_for_a_day_is_held(vendor: Vendor, clock: Clock) -> None:
    vendor.stop()
    task = make_task()
    back_in_time(task, "created_at", hours=25)
    row = step(task, clock)
    assert (row.status, row.reason, row.held_from) == ("held", "unreachable", "queued")
    continue_task(task.pk)
    clock.move(60)
    assert step(task, clock).status == "queued"


def test_any_answer_opens_the_vendors_gate(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.extend([play.refused(503, "public_api_disabled"), play.refused(400, "odd")])
    first, second = make_task(), make_task()
    assert step(first, clock).status == "queued"
    advance(second.pk)
    assert len(vendor.sent) == 1
    clock.move(61)
    assert step(second, clock).status == "failed"
    assert not Gate.objects.exists()


@pytest.mark.parametrize("is_date", [False, True])
def test_no_request_goes_out_before_retry_after(
    vendor: Vendor, clock: Clock, is_date: bool
) -> None:
    seconds = 120
    moment = timezone.now() + timezone.timedelta(seconds=seconds)
    wish = moment.strftime("%a, %d %b %Y %H:%M:%S GMT") if is_date else str(seconds)
    vendor.posts.append(play.refused(429, "rate_limited", {"Retry-After": wish}))
    tasks = [make_task() for _ in range(3)]
    advance(tasks[0].pk)
    for _ in range(3):
        clock.move(36)
        sweep_rows()
        renew_balance()
        for task in tasks:
            advance(task.pk)
    assert len(vendor.requests) == 1
    clock.move(13)
    assert [carry(task, clock).status for task in tasks] == ["succeeded"] * 3
    assert len(vendor.sent) == 4
    check_books(tasks[0])


def test_a_shorter_wish_does_not_shorten_a_longer_one(vendor: Vendor, clock: Clock) -> None:
    from rivya_bridge.rivya import RateLimited
    from rivya_bridge.tasks import gates

    account = current_connection().account
    for seconds in (300.0, 5.0):
        gates.heed(account, RateLimited("Slow down.", http_status=429, retry_after=seconds))
    until = gates.pass_gates(account, timezone.now()).wait_until
    assert until is not None
    assert (until - timezone.now()).total_seconds() > 290


def test_a_polls_429_holds_back_the_sendings_too(vendor: Vendor, clock: Clock) -> None:
    vendor.gets.append(play.refused(429, "rate_limited", {"Retry-After": "200"}))
    running = make_task()
    step(running, clock)
    step(running, clock)
    waiting = make_task()
    before = len(vendor.requests)
    advance(waiting.pk)
    clock.move(190)
    advance(waiting.pk)
    advance(running.pk)
    assert len(vendor.requests) == before


def test_402_is_held_and_goes_on_by_itself_once_the_balance_suffices(
    vendor: Vendor, clock: Clock
) -> None:
    vendor.posts.append(play.refused(402, "insufficient_credits"))
    vendor.balance = 0
    task = make_task()
    row = carry(task, clock)
    assert (row.status, row.reason, row.exposure) == ("held", "insufficient_credits", "none")
    for _ in range(5):
        clock.move(61)
        renew_balance()
    assert fresh(task).status == "held"
    assert len(vendor.sent) == 1
    check_books(task)
    vendor.balance = 50
    clock.move(61)
    renew_balance()
    assert carry(task, clock).status == "succeeded"
    check_books(task)


def test_what_lacks_credits_goes_on_with_a_new_key_of_its_account(
    vendor: Vendor, clock: Clock, settings: Any
) -> None:
    vendor.posts.append(play.refused(402, "insufficient_credits"))
    vendor.balance = 0
    task = carry(make_task(), clock)
    assert (task.status, task.reason) == ("held", "insufficient_credits")
    settings.RIVYA_API_KEY = "rvya_sk_rotated"
    vendor.balance = 5
    clock.move(700)
    renew_balance()
    assert carry(task, clock).status == "succeeded"
    check_books(task)


def test_a_price_above_the_estimate_does_not_ask_every_minute(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.extend([play.refused(402, "insufficient_credits")] * 99)
    vendor.balance = 5
    refresh_wallet()
    task = make_task()
    for _ in range(25):
        advance(task.pk)
        clock.move(60)
        renew_balance()
    assert 1 < len(vendor.sent) <= 4


def test_a_balance_known_to_be_too_small_sends_nothing(vendor: Vendor, clock: Clock) -> None:
    vendor.balance, vendor.price = 3, 2
    refresh_wallet()
    tasks = [make_task(price=2) for _ in range(3)]
    rows = [carry(task, clock) for task in tasks]
    assert [row.reason for row in rows][1:] == ["insufficient_credits"] * 2
    assert len(vendor.sent) == 1
    check_books(rows[1])


def test_a_failed_task_for_lack_of_credits_costs_nothing(vendor: Vendor, clock: Clock) -> None:
    error = {"code": "insufficient_credits", "message": "Too poor."}
    vendor.posts.append(play.generation(status="failed", error=error, reserved_credits=0))
    row = carry(make_task(), clock)
    assert (row.status, row.reason, row.final_credits) == ("failed", "insufficient_credits", 0)
    told = explain(row)
    assert told is not None
    assert "top up the wallet" in told.next
    check_books(row)


@pytest.mark.parametrize(
    ("status", "code"), [(401, "api_key_revoked"), (403, "api_scope_denied"), (401, "odd")]
)
def test_a_refused_key_holds_all_tasks_after_one_request(
    vendor: Vendor, clock: Clock, settings: Any, status: int, code: str
) -> None:
    vendor.posts.append(play.refused(status, code))
    tasks = [make_task() for _ in range(4)]
    rows = [carry(task, clock) for task in tasks]
    assert {(row.status, row.reason, row.exposure) for row in rows} == {
        ("held", "key_refused", "none")
    }
    assert len(vendor.sent) == 1
    sweep_rows()
    assert {fresh(task).status for task in tasks} == {"held"}
    check_books(tasks[0])
    settings.RIVYA_API_KEY = "rvya_sk_rotated"
    sweep_rows()
    assert [carry(task, clock).status for task in tasks] == ["succeeded"] * 4
    assert vendor.generations == 4


def test_continuing_one_refused_task_tries_the_key_again(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.refused(401, "api_key_invalid"))
    tasks = [make_task() for _ in range(3)]
    for task in tasks:
        carry(task, clock)
    continue_task(tasks[2].pk)
    sweep_rows()
    assert [carry(task, clock).status for task in tasks] == ["succeeded"] * 3


def test_a_conflict_waits_1_4_and_15_seconds_and_is_then_held(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.extend([play.refused(409, "idempotency_conflict")] * 9)
    task = make_task()
    waits = []
    for _ in range(4):
        row = step(task, clock)
        waits.append(round((row.due_at - timezone.now()).total_seconds()))
    assert waits[:3] == [1, 4, 15]
    assert (row.status, row.reason) == ("held", "idempotency_conflict")
    assert len({one.key for one in vendor.sent}) == 1
    assert len(vendor.sent) == 4


def test_a_400_fails_with_nothing_spent(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.refused(400, "validation_failed"))
    row = carry(make_task(), clock)
    assert (row.status, row.reason, row.exposure) == ("failed", "validation_failed", "none")
    assert "nothing was spent" in row.spent_text
    assert len(vendor.sent) == 1
    check_books(row)


def test_a_400_after_an_unknown_outcome_is_no_proof_that_nothing_was_spent(
    vendor: Vendor, clock: Clock
) -> None:
    vendor.posts.extend([play.accept_then(play.reset), play.refused(400, "validation_failed")])
    row = carry(make_task(), clock)
    assert (row.status, row.reason, row.exposure) == ("held", "repeat_refused", "possible")
    assert "may have been spent" in row.spent_text


def test_a_429_after_an_unknown_outcome_stays_unconfirmed(vendor: Vendor, clock: Clock) -> None:
    late = play.refused(429, "rate_limited", {"Retry-After": "3"})
    vendor.posts.extend([play.accept_then(play.reset), late])
    task = make_task()
    step(task, clock)
    row = step(task, clock)
    assert (row.status, row.exposure) == ("unconfirmed", "possible")
    assert carry(task, clock).status == "succeeded"
    assert vendor.generations == 1
    check_books(task)


def test_a_switched_off_api_keeps_tasks_queued(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.refused(503, "public_api_disabled"))
    task = make_task()
    row = step(task, clock)
    assert (row.status, row.exposure) == ("queued", "none")
    assert (row.due_at - timezone.now()).total_seconds() == pytest.approx(60, abs=2)
    assert carry(task, clock).status == "succeeded"


def test_a_key_older_than_its_window_is_held(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.accept_then(play.reset))
    task = make_task()
    step(task, clock)
    clock.move(601)
    row = step(task, clock)
    assert (row.status, row.reason) == ("held", "outcome_unknown")
    assert len(vendor.sent) == 1
    assert Wallet.objects.get().reserved_credits == 1


def test_a_first_sending_in_the_future_proves_nothing_about_the_window(
    vendor: Vendor, clock: Clock
) -> None:
    vendor.posts.append(play.reset)
    task = make_task()
    step(task, clock)
    back_in_time(task, "first_sent_at", hours=-1)
    assert step(task, clock).reason == "outcome_unknown"
    assert len(vendor.sent) == 1


def test_waiting_out_a_rate_limit_uses_up_no_key_window(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.refused(429, "rate_limited", {"Retry-After": "900"}))
    vendor.posts.append(play.reset)
    task = make_task()
    step(task, clock)
    step(task, clock)
    assert fresh(task).status == "unconfirmed"
    assert carry(task, clock).status == "succeeded"


def test_a_redirect_is_held(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.body(307, b""))
    row = carry(make_task(), clock)
    assert (row.status, row.reason) == ("held", "redirect_refused")


def test_uploads_are_repeated_within_a_budget_and_spend_nothing(
    vendor: Vendor, clock: Clock
) -> None:
    import io

    from rivya_bridge.files.services import store_result

    file = store_result(io.BytesIO(play.png(32, (9, 9, 9))), "r.png")
    vendor.uploads.extend([play.refused(500, "internal_error")] * 99)
    row = carry(make_task(references=[file]), clock)
    assert (row.status, row.reason, row.exposure) == ("held", "upload_failed", "none")
    assert kinds(row).count("upload_failed") == 7
    assert len(vendor.sent) == 0
    vendor.uploads.clear()
    continue_task(row.pk)
    assert carry(row, clock).status == "succeeded"


def test_a_rate_limit_that_comes_while_a_task_is_prepared_is_kept_too(
    vendor: Vendor, clock: Clock, monkeypatch: Any
) -> None:
    task = make_task()

    def meanwhile(account: str, credits: int) -> bool:
        limit = errors.RateLimited("Slow down.", http_status=429, retry_after=30)
        gates.heed(account, limit)
        return reserve_credits(account, credits)

    with monkeypatch.context() as patch:
        patch.setattr(submit, "reserve_credits", meanwhile)
        row = step(task, clock)
    assert (row.status, vendor.sent) == ("queued", [])
    assert Wallet.objects.get().reserved_credits == 0
    clock.move(31)
    assert carry(task, clock).status == "succeeded"
    check_books(task)
