import uuid

import pytest

from rivya_bridge.experiments.selectors import (
    accepted_runs,
    experiment_facts,
    experiment_rows,
    get_experiment,
    get_run,
    get_runs,
    run_rows,
)
from rivya_bridge.experiments.services import update_experiment
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.web.pagination import keyset_page
from tests.experiments.factories import (
    add_models,
    finish,
    make_experiment,
    make_file,
    record,
    start,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _models(db):
    add_models("z-image", "flux-2-pro")


def test_it_works():
    experiment = make_experiment()
    old, new = make_file("old.png"), make_file("new.png")
    record(experiment, results=[old])
    record(experiment, results=[new, old])
    record(experiment)
    [row] = experiment_rows()
    assert row.preview == new
    assert [run.number for run in run_rows(experiment).order_by("-id")] == [3, 2, 1]


@pytest.mark.parametrize("count", [1, 6])
def test_a_list_takes_the_same_queries_for_many_rows(count, django_assert_num_queries):
    for number in range(count):
        experiment = make_experiment(title=f"Number {number}")
        for _ in range(2):
            record(experiment, results=[make_file(), make_file()], references=[make_file()])
    with django_assert_num_queries(1):
        page = keyset_page(experiment_rows("exploring"), None)
        assert all(row.preview for row in page.items)
    start(experiment, references=[])
    with django_assert_num_queries(3):
        for run in run_rows(experiment):
            assert [
                one.file.name for one in (*run.results.all(), *run.references.all())
            ] or run.task
            assert run.status
            assert run.experiment.title


def test_an_experiment_without_files_has_no_preview():
    record(make_experiment())
    [row] = experiment_rows()
    assert row.preview is None


def test_experiments_are_found_by_title_question_and_tags():
    wanted = make_experiment(title="Wet slate", question="Which light?", tags=["Küche", "50%"])
    make_experiment(title="Other")
    for words in ("wet", "LIGHT", "Küche", "50%"):
        assert list(experiment_rows(query=words)) == [wanted]
    assert not experiment_rows(query="nothing\0")


def test_experiments_are_filtered_by_status_and_category():
    video = make_experiment(category="video")
    archived = update_experiment(make_experiment(), status="archived")
    assert list(experiment_rows(category="video")) == [video]
    assert list(experiment_rows("archived")) == [archived]


@pytest.mark.parametrize("arguments", [{"status": "lost"}, {"category": "picture"}])
def test_a_filter_that_does_not_exist_is_refused(arguments):
    with pytest.raises(Refusal, match="use one of"):
        experiment_rows(**arguments)


def test_runs_are_filtered():
    experiment = make_experiment()
    hand = record(experiment, verdict="accepted")
    other = record(experiment, model_id="flux-2-pro")
    sent = start(experiment)
    assert list(run_rows(experiment, source="api")) == [sent]
    assert list(run_rows(experiment, model="flux-2-pro")) == [other]
    assert list(run_rows(experiment, verdict="accepted")) == [hand]
    assert set(run_rows(experiment, verdict="undecided")) == {other, sent}
    assert list(run_rows(experiment, status="queued")) == [sent]
    assert set(run_rows(experiment, status="recorded")) == {hand, other}
    assert list(accepted_runs(experiment)) == [hand]
    for wrong in ({"source": "x"}, {"verdict": "x"}, {"status": "x"}):
        with pytest.raises(Refusal):
            run_rows(experiment, **wrong)


@pytest.mark.parametrize("raw", ["", "nonsense", str(uuid.UUID(int=1)), uuid.UUID(int=1), None])
def test_what_does_not_exist_is_missing(raw):
    with pytest.raises(Missing):
        get_experiment(raw)
    with pytest.raises(Missing):
        get_run(raw)
    with pytest.raises(Refusal, match="no run"):
        get_runs([raw])


def test_runs_come_in_the_order_asked_for():
    experiment = make_experiment()
    first, second = record(experiment), record(experiment)
    assert get_runs([str(second.pk), first.pk]) == [second, first]
    assert get_run(str(first.pk)) == first
    assert get_experiment(experiment.pk) == experiment


def test_the_facts_count_runs_and_credits():
    experiment = make_experiment()
    record(experiment, verdict="accepted", credits=3, rating=4)
    record(experiment, verdict="rejected", model_id="flux-2-pro")
    finish(start(experiment).task, credits=5)
    finish(start(experiment).task, status="failed", credits=0)
    start(experiment)
    facts = experiment_facts(experiment)
    assert (facts.runs, facts.studio_runs, facts.api_runs) == (5, 2, 3)
    assert (facts.open_runs, facts.failed_runs) == (1, 1)
    assert (facts.accepted, facts.rejected, facts.undecided, facts.rated) == (1, 1, 3, 1)
    assert (facts.spent_credits, facts.studio_credits) == (5, 3)
    assert facts.models == (("z-image", 4), ("flux-2-pro", 1))


def test_the_facts_of_an_empty_experiment_are_zero():
    facts = experiment_facts(make_experiment())
    assert (facts.runs, facts.spent_credits, facts.models) == (0, 0, ())
