"""Several at once on one row: one winner, one request, one booking."""

from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from rivya_bridge.credits.models import Wallet
from rivya_bridge.refusals import Conflict
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import cancel_task, submit
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.transitions import LostClaim, claim
from tests.experiments.factories import add_models
from tests.tasks.making import Clock, carry, check_books, fresh, kinds, make_task, step
from tests.tasks.races import RACES, ROUNDS, at_once
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
USUAL_ROUNDS = dict.fromkeys(RACES, 10) | {name: 3 for name in RACES if name[0] in "56"}


def test_it_works() -> None:
    assert at_once(lambda: 1, lambda: 2) == [1, 2]


def test_many_doorbells_send_one_request(vendor: Vendor) -> None:
    task = make_task()
    given = at_once(*[lambda: advance(task.pk)] * 8)
    assert given == [None] * 8
    assert len(vendor.sent) == 1
    assert fresh(task).status == "running"
    assert fresh(task).fence == 1


@pytest.mark.parametrize("name", RACES)
def test_each_round_of_a_race_has_one_winner(vendor: Vendor, name: str) -> None:
    """`RACE_ROUNDS=1000` runs as many as the fault matrix asks for."""
    vendor.balance = 1_000_000
    add_models("z-image")
    assert list(RACES[name](vendor, ROUNDS or USUAL_ROUNDS[name])) == []


def taken_by_anyone(task_id: Any, now: Any) -> Task:
    """A claim that does not ask whether another has the task."""
    Task.objects.filter(pk=task_id).update(fence=F("fence") + 1)
    return Task.objects.get(pk=task_id)


def carried_by_no_balance(account: str, amount: int) -> bool:
    """A reservation that does not ask whether the balance carries it."""
    Wallet.objects.update(reserved_credits=F("reserved_credits") + amount)
    return True


@pytest.mark.parametrize(
    ("name", "guard", "without"),
    [
        ("16 claimers of one task", "tests.tasks.races.claim", taken_by_anyone),
        (
            "50 reservations for 10 credits",
            "tests.tasks.races.reserve_credits",
            carried_by_no_balance,
        ),
        (
            "6 jobs for a template's day of 2",
            "rivya_bridge.automation.receivers.over_day_cap",
            lambda task: None,
        ),
    ],
)
def test_a_race_without_its_guard_is_found_out(
    vendor: Vendor, monkeypatch: Any, name: str, guard: str, without: Any
) -> None:
    add_models("z-image")
    monkeypatch.setattr(guard, without)
    assert len(list(RACES[name](vendor, 2))) == 2


def test_cancel_against_send_is_either_unsent_or_marked(vendor: Vendor, clock: Clock) -> None:
    for _ in range(10):
        task = make_task()
        before = len(vendor.sent)
        at_once(lambda: advance(task.pk), lambda: cancel_task(task.pk))  # noqa: B023
        row = fresh(task)
        if row.status == "canceled":
            assert len(vendor.sent) == before
            assert row.exposure == "none"
        else:
            assert row.cancel_requested_at is not None
            assert carry(task, clock).status == "succeeded"
        check_books(task)


def test_a_task_canceled_while_it_is_claimed_is_never_sent(vendor: Vendor, clock: Clock) -> None:
    task = make_task()
    claimed = claim(task.pk, timezone.now())
    assert claimed is not None
    assert cancel_task(task.pk).status == "canceled"
    with pytest.raises(LostClaim):
        submit.submit(claimed)
    assert vendor.sent == []
    check_books(task)


def test_cancel_against_finish_is_one_end(vendor: Vendor, clock: Clock) -> None:
    """A task that is at Rivya cannot be stopped: it ends once, is charged once, and says what was asked."""
    for _ in range(10):
        task = make_task()
        step(task, clock)
        clock.reach(fresh(task))
        given = at_once(lambda: advance(task.pk), lambda: cancel_task(task.pk))  # noqa: B023
        assert carry(task, clock).status == "succeeded"
        ends = [kind for kind in kinds(task) if kind in ("succeeded", "failed", "canceled")]
        assert ends == ["succeeded"]
        assert given[0] is None
        check_books(task)


def test_two_cancels_are_one(vendor: Vendor) -> None:
    task = make_task()
    given = at_once(*[lambda: cancel_task(task.pk).status] * 4)
    assert sum(one == "canceled" for one in given) == 1
    assert sum(isinstance(one, Conflict) for one in given) == 3
    assert kinds(task) == ["created", "canceled"]
