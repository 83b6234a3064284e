"""What a person may decide, and what is refused with a sentence."""

import uuid

import pytest

from rivya_bridge.credits.models import Wallet
from rivya_bridge.refusals import Conflict, Missing
from rivya_bridge.tasks.services import cancel_task, continue_task
from tests.tasks import vendor as play
from tests.tasks.making import Clock, back_in_time, carry, check_books, fresh, make_task, step
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_works(vendor: Vendor, clock: Clock) -> None:
    task = cancel_task(make_task().pk)
    assert (task.status, task.reason) == ("canceled", "canceled_by_person")
    assert "nothing was spent" in task.spent_text
    assert carry(task, clock).status == "canceled"
    assert vendor.requests == []
    check_books(task)


def test_what_was_sent_is_only_marked(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.accept_then(play.reset))
    task = make_task()
    step(task, clock)
    assert cancel_task(task.pk).status == "unconfirmed"
    assert carry(task, clock).status == "succeeded"


def test_a_held_unsent_task_can_be_canceled(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.refused(402, "insufficient_credits"))
    task = carry(make_task(), clock)
    assert cancel_task(task.pk).status == "canceled"
    check_books(task)


def test_an_unknown_outcome_can_be_given_up_and_frees_its_reservation(
    vendor: Vendor, clock: Clock
) -> None:
    vendor.posts.extend([play.body(500, b"")] * 3)
    task = carry(make_task(price=7), clock)
    assert Wallet.objects.get().reserved_credits == 7
    row = cancel_task(task.pk)
    assert "up to 7 credits may have been spent" in row.spent_text
    check_books(row)


def test_a_charged_result_that_cannot_be_saved_can_be_given_up(
    vendor: Vendor, clock: Clock
) -> None:
    vendor.results = {"a.png": b"not media"}
    task = carry(make_task(), clock)
    row = cancel_task(task.pk)
    assert row.status == "canceled"
    assert "1 credit was charged" in row.spent_text


def test_a_held_task_at_rivya_is_only_marked(vendor: Vendor, clock: Clock) -> None:
    vendor.gets.append(play.refused(401, "api_key_invalid"))
    task = carry(make_task(), clock)
    assert cancel_task(task.pk).status == "held"


def test_a_held_task_goes_on_where_it_was_held(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.extend([play.accept_then(play.body(500, b""))] * 3)
    task = carry(make_task(), clock)
    row = continue_task(task.pk)
    assert (row.status, row.reason, row.held_from) == ("unconfirmed", "", "")
    assert carry(task, clock).status == "succeeded"
    assert (len(vendor.sent), vendor.generations) == (4, 1)
    check_books(task)


def test_out_of_its_key_window_it_is_not_continued(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.extend([play.body(500, b"")] * 3)
    task = carry(make_task(), clock)
    back_in_time(task, "first_sent_at", minutes=11)
    with pytest.raises(Conflict, match="might make and charge a second task"):
        continue_task(task.pk)
    assert fresh(task).status == "held"


@pytest.mark.parametrize("decide", [cancel_task, continue_task])
def test_a_task_that_does_not_exist_is_missing(vendor: Vendor, decide: object) -> None:
    with pytest.raises(Missing):
        decide(uuid.uuid4())  # type: ignore[operator]


def test_only_a_held_task_is_continued(vendor: Vendor, clock: Clock) -> None:
    task = make_task()
    with pytest.raises(Conflict, match="it is queued"):
        continue_task(task.pk)
