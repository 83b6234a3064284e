"""Several at once on one row: one winner, one request, one booking."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.credits.services import reserve_credits
from rivya_bridge.refusals import Conflict
from rivya_bridge.tasks.services import cancel_task, submit
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.transitions import LostClaim, claim
from tests.tasks.making import Clock, carry, check_books, fresh, kinds, make_task, step
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Runs each in a thread with a database connection of its own; returns what they gave back."""
    barrier = threading.Barrier(len(works))
    given: list[Any] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            given[number] = work()
        except Exception as error:
            given[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return given


def test_it_works() -> None:
    assert at_once(lambda: 1, lambda: 2) == [1, 2]


def test_many_doorbells_send_one_request(vendor: Vendor) -> None:
    task = make_task()
    given = at_once(*[lambda: advance(task.pk)] * 8)
    assert given == [None] * 8
    assert len(vendor.sent) == 1
    assert fresh(task).status == "running"
    assert fresh(task).fence == 1


def test_one_of_sixteen_claims_wins(vendor: Vendor) -> None:
    for _ in range(20):
        task = make_task()
        given = at_once(*[lambda task=task: claim(task.pk, timezone.now())] * 16)  # type: ignore[misc]
        assert sum(one is not None for one in given) == 1


def test_fifty_reservations_for_ten_credits_are_exactly_ten(vendor: Vendor) -> None:
    account = current_connection().account
    Wallet.objects.create(account=account, current_credits=10)
    given = at_once(*[lambda: reserve_credits(account, 1)] * 50)
    assert sum(given) == 10
    assert Wallet.objects.get().reserved_credits == 10


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
