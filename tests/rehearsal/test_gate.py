"""A label that waits for a rehearsal: which is missing, where to start it, and when it moves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.services import add_version, move_label, roll_back_label
from rivya_bridge.experiments.models import Run
from rivya_bridge.refusals import Refusal
from rivya_bridge.rehearsal.models import Rehearsal
from rivya_bridge.rehearsal.services import (
    accept_result,
    golden_from_run,
    overrule,
    release_label,
    require_rehearsal,
)
from tests.rehearsal.making import accepted, begin, make_golden, picture, to_the_end

pytestmark = pytest.mark.django_db
VARIABLES = [{"name": "thing", "default": "bottle"}]


@pytest.fixture
def template():
    template = make_golden("bottle", "jug")
    require_rehearsal(template, "staging", 7)
    return template


def move(template, number=1, seen=None, name="staging"):
    return move_label(template, name, number, seen=seen, reason="Go")


def next_version(template):
    draft = Draft("z-image", 9, prompt="A {{ thing }} on slate", variables=VARIABLES, reason="x")
    made = add_version(template, draft)
    template.refresh_from_db()
    return made


def test_it_works(template):
    with pytest.raises(Refusal, match=r"passed in the last 7 days\. It was never rehearsed") as no:
        move(template)
    [problem] = no.value.problems
    assert (problem.field, problem.limit) == ("version", 7)
    assert problem.see == ("Rehearse it", "/templates/slate/rehearsals/?version=1")
    move(template, name="draft")
    to_the_end(begin(template), picture())
    assert move(template).version.number == 1


def test_a_rehearsal_of_another_version_does_not_count(template):
    to_the_end(begin(template), picture())
    next_version(template)
    with pytest.raises(Refusal, match=r"may not move to version 2 of slate.*never rehearsed"):
        move(template, 2)
    to_the_end(begin(template), picture())
    assert move(template, 2).version.number == 2


def test_one_that_runs_failed_or_is_too_old_does_not_count(template):
    rehearsal = begin(template)
    with pytest.raises(Refusal, match="One is running now"):
        move(template)
    to_the_end(rehearsal, status="failed")
    with pytest.raises(Refusal, match="came to: failed"):
        move(template)
    passed = to_the_end(begin(template), picture())
    old = timezone.now() - timedelta(days=8)
    Rehearsal.objects.filter(pk=passed.pk).update(finished_at=old)
    with pytest.raises(Refusal, match=f"It passed last on {old:%Y-%m-%d}"):
        move(template)
    Rehearsal.objects.filter(pk=passed.pk).update(finished_at=old + timedelta(days=2))
    move(template)


def test_a_drift_check_that_passed_counts_too(template):
    to_the_end(begin(template, kind="drift"), picture())
    move(template)


def test_a_golden_case_that_was_added_since_has_to_be_rehearsed(template):
    to_the_end(begin(template), picture())
    run = accepted(Run.objects.first().experiment, "vase", picture("red"))
    golden_from_run(template, Run.objects.get(pk=run.pk), name="The vase")
    with pytest.raises(Refusal, match=r"golden cases were added .*\(The vase\)"):
        move(template)


def test_what_a_person_accepted_or_overruled_counts_as_passed(template):
    rehearsal = to_the_end(begin(template), picture("red", size=(20, 60)))
    first, second = rehearsal.cases.select_related("golden__template", "job__task")
    accept_result(first)
    with pytest.raises(Refusal, match="came to: differs"):
        move(template)
    overrule(second, "It is as good")
    move(template)


def test_the_last_move_can_be_undone_however_old_its_rehearsal_is(template):
    for _ in range(2):
        to_the_end(begin(template), picture())
        number = template.current_version.number
        move(template, number, seen=number - 1 or None)
        next_version(template)
    Rehearsal.objects.update(finished_at=timezone.now() - timedelta(days=99))
    assert roll_back_label(template, "staging", seen=2).version.number == 1
    with pytest.raises(Refusal, match="never rehearsed"):
        move(template, 3, seen=1)


def test_released_it_moves_again(template):
    release_label(template, "staging")
    release_label(template, "staging")
    move(template)


@pytest.mark.parametrize(
    ("label", "days", "field"),
    [("Production!", 7, "label"), ("", 7, "label"), ("a", 0, "max_age_days"),
     ("a", 366, "max_age_days"), ("a", "x", "max_age_days")],
)  # fmt: skip
def test_a_rule_that_does_not_fit_is_refused_by_field(template, label, days, field):
    with pytest.raises(Refusal) as refused:
        require_rehearsal(template, label, days)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_the_page_says_which_is_missing_with_a_link(template, signed_in_client):
    form = {"form": "new", "new-name": "staging", "new-version": "1", "new-reason": "Go"}
    page = signed_in_client.post("/templates/slate/labels/", form, follow=True)
    text = page.content.decode()
    assert "staging may not move to version 1 of slate" in text
    assert '<a href="/templates/slate/rehearsals/?version=1">Rehearse it</a>' in text
    assert not template.labels.exists()


def test_the_api_says_it_with_the_address(template, api_client):
    answer = api_client.put(
        "/api/v1/templates/slate/labels/staging",
        {"version": 1, "seen": None, "reason": "Go"},
        content_type="application/json",
    )
    assert answer.status_code == 422
    [field] = answer.json()["error"]["fields"]
    assert (field["field"], field["limit"]) == ("version", 7)
    assert field["see"] == "/templates/slate/rehearsals/?version=1"
    assert "never rehearsed" in field["message"]
