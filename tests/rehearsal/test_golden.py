"""Golden cases: made from what was accepted, with the inputs that repeat it and what it is held to."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.services import add_version, create_template, start_job
from rivya_bridge.experiments.models import Run
from rivya_bridge.refusals import Conflict, Refusal
from rivya_bridge.rehearsal.models import GoldenCase
from rivya_bridge.rehearsal.selectors.golden import (
    candidate_jobs,
    candidate_runs,
    golden_cases,
    inputs_in_words,
    measure_of,
)
from rivya_bridge.rehearsal.services import (
    change_tolerance,
    golden_from_job,
    golden_from_run,
    plan_rehearsal,
    remove_golden_case,
    set_measure,
)
from tests.experiments.factories import finish
from tests.rehearsal.making import accepted, make_golden, only_case, picture

pytestmark = pytest.mark.django_db


def test_it_works():
    template = make_golden("bottle")
    case = only_case(template)
    assert case.inputs == {"thing": "bottle"}
    assert [row.file for row in case.files.all()] == [picture()]
    assert case.expected == {
        "category": "image",
        "count": 1,
        "mime_types": ["image/png"],
        "width": [63, 65],
        "height": [47, 49],
        "size_bytes": [picture().size_bytes // 8, picture().size_bytes * 8],
    }
    assert measure_of(template).tolerance_of(case) == 0.3


def test_a_job_that_succeeded_becomes_golden_with_its_own_inputs():
    template = make_golden()
    job, _ = start_job(template, {"thing": "jug"}, source="form")
    finish(job.task, picture("red"))
    assert [one.pk for one in candidate_jobs(template)] == [job.pk]
    case = golden_from_job(template, job, name="The jug", tolerance=0.05)
    assert (case.inputs, case.name, case.tolerance) == ({"thing": "jug"}, "The jug", 0.05)
    assert candidate_jobs(template) == []


def test_accepted_runs_of_the_experiment_are_offered_until_they_are_golden():
    template = make_golden("bottle")
    experiment = Run.objects.get().experiment
    other = accepted(experiment, "jug", picture("red"))
    accepted(experiment, "vase", picture("red"), verdict="rejected")
    assert [run.pk for run in candidate_runs(template)] == [other.pk]
    golden_from_run(template, Run.objects.get(pk=other.pk))
    assert candidate_runs(template) == []


def test_what_was_not_accepted_has_no_result_or_another_request_is_refused():
    template = make_golden("bottle")
    experiment = Run.objects.get().experiment
    undecided = accepted(experiment, "jug", picture(), verdict="")
    with pytest.raises(Refusal, match="not accepted"):
        golden_from_run(template, undecided)
    other = accepted(experiment, "jug", picture(), prompt="Something else entirely")
    with pytest.raises(Refusal, match="cannot be repeated by version 1") as refused:
        golden_from_run(template, other)
    assert refused.value.problems[0].field == "run"
    job, _ = start_job(template, {"thing": "jug"}, source="form")
    with pytest.raises(Refusal, match="only a job that succeeded"):
        golden_from_job(template, job)
    finish(job.task)
    with pytest.raises(Refusal, match="no result"):
        golden_from_job(template, job)
    assert GoldenCase.objects.count() == 1


def test_a_job_of_another_template_is_refused():
    template = make_golden()
    other = create_template(name="B", slug="b", draft=Draft("z-image", 9, prompt="A vase"))
    job, _ = start_job(other.template, {}, source="form")
    finish(job.task, picture())
    with pytest.raises(Refusal, match="is a job of b"):
        golden_from_job(template, job)


def test_it_is_golden_once_and_again_after_it_was_removed():
    template = make_golden()
    run = Run.objects.get()
    with pytest.raises(Conflict, match="golden case of slate already"):
        golden_from_run(template, run)
    remove_golden_case(only_case(template))
    assert list(golden_cases(template)) == []
    golden_from_run(template, run)
    assert GoldenCase.objects.count() == 2


@pytest.mark.parametrize("wrong", [-0.1, 1.1, "much", True])
def test_a_tolerance_is_a_distance(wrong):
    template = make_golden()
    with pytest.raises(Refusal) as refused:
        change_tolerance(only_case(template), wrong)
    assert [problem.field for problem in refused.value.problems] == ["tolerance"]


def test_the_case_wins_over_the_template_and_that_over_the_usual():
    template = make_golden()
    case = only_case(template)
    set_measure(template, {"image": 0.1}, ["count", "distance"])
    measure = measure_of(template)
    assert (measure.tolerance_of(case), measure.counts) == (0.1, ("count", "distance"))
    assert measure.tolerances["video"] == 0.3
    change_tolerance(case, 0.02)
    assert measure.tolerance_of(case) == 0.02
    set_measure(template, {}, None)
    assert len(measure_of(template).counts) == 4


def test_what_is_held_to_is_refused_by_field():
    template = make_golden()
    with pytest.raises(Refusal) as refused:
        set_measure(template, {"smell": 1, "image": 2}, [])
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["tolerances", "tolerances.image", "counts"]


def test_a_run_that_left_a_param_to_its_model_may_be_repeated_with_one():
    template = make_golden()
    draft = Draft(
        "z-image", 9, prompt="A {{ thing }} on slate", variables=[{"name": "thing"}],
        exposed_params=[], reason="again",
    )  # fmt: skip
    add_version(template, draft)
    template.refresh_from_db()
    run = accepted(Run.objects.get().experiment, "jug", picture())
    assert golden_from_run(template, run).inputs == {"thing": "jug"}


def test_files_of_slots_are_named_and_what_only_has_a_slots_name_is_a_text():
    template = make_golden()
    file = picture("red")
    slot = {"name": "photo", "kind": "image", "required": False}
    add_version(template, Draft("flux-2-pro", 100, prompt="A vase", file_slots=[slot], reason="x"))
    GoldenCase.objects.update(inputs={"photo": str(file.pk)})
    words = inputs_in_words(template, golden_cases(template))
    assert list(words.values()) == [f"photo: {file.name}"]
    for strange in ("bottle", 5):
        GoldenCase.objects.update(inputs={"photo": strange})
        words = inputs_in_words(template, golden_cases(template))
        assert list(words.values()) == [f"photo: {strange}"]


def test_a_plan_looks_for_all_files_at_once():
    template = make_golden(*"abc")
    slot = {"name": "photo", "kind": "image"}
    made = add_version(
        template, Draft("flux-2-pro", 100, prompt="A vase", file_slots=[slot], reason="x")
    )
    for number, case in enumerate(GoldenCase.objects.order_by("id")):
        file = picture("red", mark=number)
        GoldenCase.objects.filter(pk=case.pk).update(inputs={"photo": str(file.pk)})
    with CaptureQueriesContext(connection) as captured:
        plan = plan_rehearsal(template, made)
    assert (plan.runnable, plan.problems) == (3, [])
    assert sum("files_storedfile" in query["sql"] for query in captured) == 2
