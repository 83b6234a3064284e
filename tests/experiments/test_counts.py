"""What an experiment's row says of its runs is what counting them would say."""

import pytest

from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.selectors import experiment_facts, experiment_summary, get_experiment
from rivya_bridge.experiments.services import judge_run
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.signals import task_finished
from tests.experiments.factories import (
    add_models,
    finish,
    make_experiment,
    make_file,
    record,
    start,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(db):
    add_models("z-image", "flux-2-pro")
    return make_experiment()


def _assert_counted(experiment):
    summary, facts = experiment_summary(get_experiment(experiment.pk)), experiment_facts(experiment)
    assert (summary.accepted, summary.rejected) == (facts.accepted, facts.rejected)
    assert summary.spent_credits == facts.spent_credits
    assert set(summary.models) == {name for name, _ in facts.models}
    return summary


def test_it_works(experiment):
    record(experiment, verdict="accepted")
    record(experiment, verdict="rejected", model_id="flux-2-pro")
    finish(start(experiment).task, make_file(), credits=5)
    finish(start(experiment).task, status="failed", credits=2)
    summary = _assert_counted(experiment)
    assert (summary.accepted, summary.rejected, summary.spent_credits) == (1, 1, 7)
    assert summary.models == ("flux-2-pro", "z-image")


def test_an_empty_experiment_has_tried_no_model(experiment):
    assert _assert_counted(experiment).models == ()


def test_models_of_other_experiments_do_not_count(experiment):
    record(make_experiment(), model_id="flux-2-pro")
    record(experiment)
    assert _assert_counted(experiment).models == ("z-image",)


@pytest.mark.parametrize(
    "verdicts",
    [["accepted", "accepted"], ["accepted", "rejected"], ["rejected", ""], ["", "accepted", ""]],
)
def test_a_changed_mind_counts_once(experiment, verdicts):
    run = record(experiment)
    for verdict in verdicts:
        judge_run(run, verdict)
        _assert_counted(experiment)


def test_a_stale_run_is_counted_from_what_is_stored(experiment):
    run = record(experiment)
    judge_run(Run.objects.get(pk=run.pk), "accepted")
    judge_run(run, "accepted")
    assert _assert_counted(experiment).accepted == 1


def test_a_refused_verdict_counts_nothing(experiment):
    run = record(experiment)
    with pytest.raises(Refusal):
        judge_run(run, "splendid")
    assert _assert_counted(experiment).accepted == 0


def test_a_repeated_end_is_charged_once(experiment):
    task = finish(start(experiment).task, credits=5)
    task_finished.send(sender=Task, task=task)
    assert _assert_counted(experiment).spent_credits == 5


def test_the_preview_is_of_the_newest_results(experiment):
    old, new = make_file("old.png"), make_file("new.png")
    record(experiment, results=[old])
    finish(start(experiment).task, new)
    record(experiment)
    assert get_experiment(experiment.pk).preview == new
