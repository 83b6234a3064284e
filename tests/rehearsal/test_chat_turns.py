"""Chat turns are rehearsed like generations: the answer's words beside the accepted ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.models import TemplateVersion
from rivya_bridge.automation.services import add_version
from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.services import judge_run
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.rehearsal.models import GoldenCase, Rehearsal
from rivya_bridge.rehearsal.services import golden_from_run, judge_waiting, start_rehearsal
from rivya_bridge.tasks.models import Task
from tests.experiments.factories import make_experiment, start
from tests.rehearsal.making import feed_all
from tests.tasks.making import Clock, carry, moving_clock

pytestmark = pytest.mark.django_db(transaction=True)
BRIEF = "You name colours for a paint shop.\n\nSurface: {}"


@pytest.fixture
def clock(sandbox: Any, transactional_db: None) -> Iterator[Clock]:
    with moving_clock() as moving:
        refresh_catalog()
        refresh_wallet()
        yield moving


def carry_all(clock: Clock) -> None:
    for task in Task.objects.filter(finished_at=None):
        carry(task, clock)


@pytest.fixture
def version(clock: Clock) -> TemplateVersion:
    start(make_experiment(category="chat"), model_id="gpt-5-2-chat", prompt=BRIEF.format("slate"))
    carry_all(clock)
    run = Run.objects.get()
    judge_run(run, "accepted")
    made = promote_run(
        run, name="Paint", slug="paint", prompt=BRIEF.format("{{ surface }}"), variables=["surface"]
    )
    golden_from_run(made.template, Run.objects.get())
    return made


def rehearse(version: TemplateVersion, clock: Clock) -> Rehearsal:
    rehearsal, _ = start_rehearsal(version.template, version)
    feed_all()
    carry_all(clock)
    feed_all()
    judge_waiting()
    feed_all()
    rehearsal.refresh_from_db()
    return rehearsal


def test_it_works(version: TemplateVersion, clock: Clock, signed_in_client: Client) -> None:
    golden = GoldenCase.objects.get()
    assert (golden.category, golden.inputs) == ("chat", {"surface": "slate"})
    assert golden.text == Run.objects.get().result_text != ""
    rehearsal = rehearse(version, clock)
    case = rehearsal.cases.get()
    assert (rehearsal.verdict, case.distance, case.tolerance) == ("passed", 0, 0.4)
    board = signed_in_client.get(f"/rehearsals/{rehearsal.pk}/cases/1/?rows=all").content.decode()
    assert board.count(golden.text[:20]) >= 2
    assert 'data-stage="text"' in board and "the same as the baseline" in board


def test_another_brief_answers_otherwise(version: TemplateVersion, clock: Clock) -> None:
    draft = Draft(
        "gpt-5-2-chat", 100, prompt="List the planets from {{ surface }} to the sun in one table.",
        variables=version.variables, reason="other",
    )  # fmt: skip
    rehearsal = rehearse(add_version(version.template, draft), clock)
    case = rehearsal.cases.get()
    assert rehearsal.verdict == "differs", (case.reason, case.distance)
    assert case.distance > 0.4
    assert "words" in case.detail
