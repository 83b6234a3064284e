"""Places at Rivya: never more than the limit, and handed round fairly."""

from typing import Any

import pytest
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.tasks import background
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import places
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.sweep import ring_due
from tests.tasks.making import Clock, carry, check_books, fresh, make_task, step
from tests.tasks.races import at_once
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def three(settings: Any, vendor: Vendor) -> str:
    """The account, with three places."""
    settings.RIVYA_IN_FLIGHT = 3
    vendor.says = {"status": "processing"}
    return current_connection().account


def batch(size: int) -> list[Task]:
    return [
        make_task(origin=Task.Origin.JOB, group_label="Banners", group_url="/banners/")
        for _ in range(size)
    ]


def test_no_more_than_the_limit_are_sent(vendor: Vendor, clock: Clock, three: str) -> None:
    tasks = batch(7)
    for task in tasks:
        advance(task.pk)
    assert len(vendor.sent) == 3
    rows = [fresh(task) for task in tasks]
    assert [row.status for row in rows] == ["running"] * 3 + ["queued"] * 4
    assert {row.fence for row in rows[3:]} == {0}
    vendor.says = {"status": "succeeded"}
    assert [carry(task, clock).status for task in tasks] == ["succeeded"] * 7
    check_books(tasks[0])


def test_eight_workers_at_once_keep_to_the_limit(vendor: Vendor, three: str) -> None:
    tasks = batch(8)
    at_once(*[lambda task=task: advance(task.pk) for task in tasks])  # type: ignore[misc]
    assert len(vendor.sent) <= 3
    assert places.in_flight(three).count() == len(vendor.sent)


def test_the_place_itself_is_counted_again_before_sending(
    vendor: Vendor, clock: Clock, three: str, monkeypatch: Any
) -> None:
    """A worker that looked before the last place was taken."""
    tasks = batch(4)
    with monkeypatch.context() as patch:
        patch.setattr(places, "must_wait", lambda task_id: False)
        for task in tasks:
            advance(task.pk)
    assert len(vendor.sent) == 3
    assert fresh(tasks[3]).status == "queued"
    check_books(tasks[3])


def test_a_long_batch_does_not_starve_a_single_run(
    vendor: Vendor, clock: Clock, three: str
) -> None:
    rows = batch(30)
    for task in rows[:3]:
        advance(task.pk)
    run = make_task(group_label="Sketch", group_url="/sketch/")
    assert places.must_wait(run.pk)
    assert places.next_in_line(three, 1) == [run.pk]
    vendor.says = {"status": "succeeded"}
    carry(rows[0], clock)
    for task in rows[3:]:
        advance(task.pk)
    assert len(vendor.sent) == 3
    advance(run.pk)
    assert fresh(run).status == "running"


def test_places_go_round_by_group(vendor: Vendor, three: str) -> None:
    banners = batch(5)
    posters = [
        make_task(origin=Task.Origin.JOB, group_label="Posters", group_url="/posters/")
        for _ in range(2)
    ]
    sweep = [make_task() for _ in range(2)]
    expected = [sweep[0], banners[0], posters[0], sweep[1], banners[1], posters[1], banners[2]]
    assert places.next_in_line(three, 7) == [task.pk for task in expected]


def test_a_place_that_gets_free_is_rung_for_at_once(
    vendor: Vendor, clock: Clock, three: str, monkeypatch: Any
) -> None:
    tasks = batch(4)
    for task in tasks:
        advance(task.pk)
    heard: list[str] = []
    monkeypatch.setattr(background.advance_task, "delay", heard.append)
    vendor.says = {"status": "succeeded"}
    step(tasks[0], clock)
    assert str(tasks[3].pk) in heard


def test_the_sweep_rings_for_as_many_as_there_are_places(
    vendor: Vendor, clock: Clock, three: str
) -> None:
    batch(9)
    assert [ring_due(), ring_due()] == [3, 0]


def test_an_unknown_outcome_keeps_its_place(vendor: Vendor, clock: Clock, three: str) -> None:
    from tests.tasks import vendor as play

    vendor.posts.append(play.accept_then(play.reset))
    tasks = batch(4)
    for task in tasks:
        advance(task.pk)
    assert fresh(tasks[0]).status == "unconfirmed"
    assert len(vendor.sent) == 3
    assert step(tasks[0], clock).status == "running"
    assert vendor.generations == 3


def test_who_rings_already_is_not_rung_again(
    clock: Clock, three: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = batch(5)
    heard: list[str] = []
    monkeypatch.setattr(background.advance_task, "delay", heard.append)
    assert [places.ring_next(three), places.ring_next(three)] == [3, 0]
    assert heard == [str(task.pk) for task in tasks[:3]]


def test_a_bell_that_found_no_place_is_over(
    vendor: Vendor, clock: Clock, three: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(background.advance_task, "delay", heard.append)
    tasks = batch(4)
    Task.objects.filter(pk=tasks[3].pk).update(rung_at=timezone.now())
    for task in tasks:
        advance(task.pk)
    assert fresh(tasks[3]).rung_at is None
    vendor.says = {"status": "succeeded"}
    step(tasks[0], clock)
    assert str(tasks[3].pk) in heard


def test_a_place_that_gets_free_while_a_bell_is_put_away_is_taken(
    vendor: Vendor, clock: Clock, three: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = batch(4)
    for task in tasks[:3]:
        advance(task.pk)
    Task.objects.filter(pk=tasks[3].pk).update(rung_at=timezone.now())
    looks = iter([True, False])
    monkeypatch.setattr(places, "_is_without_place", lambda task_id: next(looks))
    assert not places.must_wait(tasks[3].pk)
