"""`production` under a hundred movers at once: readers find it exactly once, and one of two wins."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import connection, connections

from rivya_bridge.automation.models import JobTemplate, LabelMove, TemplateLabel
from rivya_bridge.automation.selectors import chosen_version
from rivya_bridge.automation.services import move_label, start_job
from rivya_bridge.promotion.services import add_version_from_run, promote_run
from rivya_bridge.refusals import Conflict
from tests.experiments.factories import add_models, finish, make_experiment, record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_bell")]


@pytest.fixture
def template(transactional_db: None) -> JobTemplate:
    """Two versions that have both climbed the ladder; production stands at the first."""
    add_models("z-image")
    run = record(make_experiment(), verdict="accepted", prompt="A bottle on slate")
    promote_run(run, name="Slate", slug="slate")
    add_version_from_run(run, template_slug="slate", credit_cap=9)
    row = JobTemplate.objects.get()
    move_label(row, "first", 1, seen=None, reason="to start its job")
    for label in ("first", ""):
        finish(start_job(row, {}, source="form", label=label)[0].task)
    move_label(row, "production", 1, seen=None, reason="It works.")
    return row


def read(template: JobTemplate) -> list[int]:
    rows = TemplateLabel.objects.filter(template=template, name="production")
    return list(rows.values_list("version__number", flat=True))


def test_every_reader_always_sees_exactly_one_production(template: JobTemplate) -> None:
    is_over = Event()

    def watch() -> set[tuple[int, ...]]:
        seen = set()
        try:
            while not is_over.is_set():
                seen |= {tuple(read(template)), (chosen_version(template, "production").number,)}
        finally:
            connection.close()
        return seen

    def move(number: int) -> bool:
        try:
            seen = chosen_version(template, "production").number
            move_label(template, "production", 3 - seen, seen=seen, reason=f"Move {number}")
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as readers, ThreadPoolExecutor(16) as movers:
        watching = [readers.submit(watch) for _ in range(4)]
        wins = sum(movers.map(move, range(100)))
        is_over.set()
        seen = set().union(*(one.result() for one in watching))
    connections.close_all()
    assert seen <= {(1,), (2,)}
    assert wins >= 1
    moves = LabelMove.objects.filter(label__name="production").order_by("id")
    assert moves.count() == wins + 1
    steps = list(moves.values_list("from_version__number", "to_version__number"))
    assert [one[0] for one in steps[1:]] == [one[1] for one in steps[:-1]]
    assert read(template) == [steps[-1][1]]


def test_of_two_at_once_one_wins_and_the_other_is_told(template: JobTemplate) -> None:
    barrier = Barrier(2)

    def move(author: str) -> str:
        barrier.wait()
        try:
            move_label(template, "production", 2, seen=1, reason="Better", author=author)
        except Conflict as conflict:
            return conflict.message
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(move, ("Ada", "Bo")))
    connections.close_all()
    assert told[0] == ""
    assert "was moved to version 2 by " in told[1] and "decide again" in told[1]
    assert read(template) == [2]
