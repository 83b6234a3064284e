import threading

import pytest
from django.db import connection, connections

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.experiments.models import Experiment, Run, RunResult
from rivya_bridge.experiments.services import (
    annotate_run,
    create_experiment,
    judge_run,
    rate_run,
    update_experiment,
)
from rivya_bridge.refusals import Conflict, Refusal
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


@pytest.fixture(autouse=True)
def _models(db):
    add_models("z-image", "nano-banana-2", "flux-2-pro")


def fields_of(refused) -> list[str]:
    return [problem.field for problem in refused.value.problems]


def test_it_works():
    experiment = create_experiment(
        title=" Bottle ",
        question="Which?",
        brief="a\r\nb",
        category="video",
        tags=["a", "a", " b "],
    )
    experiment.refresh_from_db()
    assert (experiment.title, experiment.brief, experiment.tags) == ("Bottle", "a\nb", ["a", "b"])
    file = make_file()
    run = record(experiment, results=[file], credits=3, duration_seconds=2, rating=4, note="good")
    assert (run.number, run.source, run.credits, run.duration_seconds) == (1, "studio", 3, 2.0)
    assert [result.file for result in run.results.all()] == [file]
    assert start(experiment).number == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "  "),
        ("title", "a" * 201),
        ("title", "a\0"),
        ("title", "a\ud800"),
        ("question", "a" * 501),
        ("brief", "a" * 10_001),
        ("category", "picture"),
        ("tags", ["t"] * 0 + [str(n) for n in range(21)]),
        ("tags", ["t" * 41]),
        ("tags", ["\0"]),
        ("tags", "text"),
    ],
)
def test_an_experiment_with_a_broken_limit_is_refused_by_field(field, value):
    with pytest.raises(Refusal) as refused:
        create_experiment(**{"title": "Bottle", field: value})
    assert fields_of(refused) == [field]
    assert not Experiment.objects.exists()


def test_values_at_their_limits_are_kept():
    create_experiment(
        title="a" * 200,
        question="a" * 500,
        brief="a" * 10_000,
        tags=["t" * 39 + str(n) for n in range(10)],
    )


def test_an_update_changes_what_is_named_and_refuses_the_rest():
    experiment = make_experiment()
    update_experiment(experiment, status="settled", title="New")
    experiment.refresh_from_db()
    assert (experiment.status, experiment.title) == ("settled", "New")
    with pytest.raises(Refusal) as refused:
        update_experiment(experiment, run_count=9, status="lost")
    assert fields_of(refused) == ["run_count", "status"]


# --- Studio runs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model_id": "nothing"}, "model"),
        ({"result_text": " "}, "results"),
        ({"prompt": "a" * 20_001}, "prompt"),
        ({"note": "a" * 5_001}, "note"),
        ({"credits": -1}, "credits"),
        ({"credits": 1.5}, "credits"),
        ({"credits": True}, "credits"),
        ({"duration_seconds": -1}, "duration_seconds"),
        ({"duration_seconds": float("nan")}, "duration_seconds"),
        ({"rating": 6}, "rating"),
        ({"rating": 0}, "rating"),
        ({"verdict": "fine"}, "verdict"),
        ({"params": {"nonsense": "1"}}, "params.nonsense"),
        ({"params": {"aspect_ratio": "\0"}}, "params"),
        ({"params": ["a"]}, "params"),
    ],
)
def test_a_studio_run_that_breaks_a_rule_is_refused_by_field(changes, field):
    experiment = make_experiment()
    with pytest.raises(Refusal) as refused:
        record(experiment, **changes)
    assert fields_of(refused) == [field]
    assert not Run.objects.exists()
    experiment.refresh_from_db()
    assert experiment.run_count == 0


def test_a_studio_run_may_use_a_model_that_the_api_does_not_offer():
    add_models("flux-2-pro", api_status="studio_only")
    run = record(make_experiment(), model_id="flux-2-pro", params={"resolution": "2K"})
    assert run.params == {"resolution": "2K"}


def test_a_studio_run_sent_twice_with_one_key_is_one_run():
    experiment = make_experiment()
    first = record(experiment, intent_key="form-1")
    assert record(experiment, intent_key="form-1") == first
    assert Run.objects.count() == 1
    with pytest.raises(Conflict, match="prompt"):
        record(experiment, intent_key="form-1", prompt="Another")


def test_a_run_of_another_experiment_cannot_be_continued():
    other = record(make_experiment())
    with pytest.raises(Refusal) as refused:
        record(make_experiment(), continues_from=other)
    assert fields_of(refused) == ["continues_from"]


# --- API runs -------------------------------------------------------------------------------------


def test_an_api_run_and_its_task_are_written_together():
    experiment = make_experiment()
    file = make_file()
    run = start(
        experiment,
        model_id="nano-banana-2",
        params={"resolution": "2K"},
        references=[file],
        intent_key="form-1",
        note="try",
    )
    task = run.task
    assert (task.status, task.origin, task.origin_id) == ("queued", "run", run.pk)
    assert task.draft["params"] == {"resolution": "2K"}
    assert [reference.file for reference in task.references.all()] == [file]
    assert [reference.file for reference in run.references.all()] == [file]
    assert (run.status, run.source, run.note) == ("queued", "api", "try")


def test_an_api_run_with_blockers_stores_nothing():
    with pytest.raises(Refusal) as refused:
        start(make_experiment(), prompt="", params={"nonsense": 1})
    assert fields_of(refused) == ["prompt", "params.nonsense"]
    assert not Run.objects.exists()
    assert not Task.objects.exists()


def test_an_api_run_above_the_balance_stores_nothing():
    Wallet.objects.create(account=current_connection().account, current_credits=0)
    with pytest.raises(Refusal) as refused:
        start(make_experiment())
    assert fields_of(refused) == ["credits"]
    assert not Task.objects.exists()


def test_an_api_run_sent_twice_with_one_key_is_one_run():
    experiment = make_experiment()
    first = start(experiment, intent_key="form-1")
    Wallet.objects.create(account=current_connection().account, current_credits=0)
    assert start(experiment, intent_key="form-1") == first
    assert Task.objects.count() == 1
    for changes in ({"prompt": "Another"}, {"params": {"aspect_ratio": "1:1"}}):
        with pytest.raises(Conflict):
            start(experiment, intent_key="form-1", **changes)
    with pytest.raises(Conflict, match="experiment"):
        start(make_experiment(), intent_key="form-1")


def test_a_finished_task_gives_its_files_to_the_run_once():
    run = start(make_experiment())
    files = [make_file("a.png"), make_file("b.png")]
    task = finish(run.task, *files, credits=4)
    task_finished.send(sender=Task, task=task)
    run.refresh_from_db()
    assert [result.file for result in run.results.all()] == files
    assert (run.status, run.credits) == ("succeeded", 4)


def test_a_task_of_no_run_gives_nothing():
    run = start(make_experiment())
    Task.objects.filter(pk=run.task.pk).update(origin="job")
    run.task.refresh_from_db()
    finish(run.task, make_file())
    assert not RunResult.objects.exists()


# --- Judging --------------------------------------------------------------------------------------


def test_a_run_is_rated_judged_and_annotated():
    run = record(make_experiment())
    rate_run(run, 5)
    judge_run(run, "accepted")
    annotate_run(run, "fine")
    run = Run.objects.get(pk=run.pk)
    assert (run.rating, run.verdict, run.note) == (5, "accepted", "fine")
    assert rate_run(run, None).rating is None
    assert judge_run(run, "").verdict == ""


@pytest.mark.parametrize(
    ("service", "value", "field"),
    [
        (rate_run, 6, "rating"),
        (rate_run, "5", "rating"),
        (judge_run, "maybe", "verdict"),
        (annotate_run, "a" * 5_001, "note"),
        (annotate_run, "a\0", "note"),
    ],
)
def test_a_judgement_that_does_not_exist_is_refused(service, value, field):
    run = record(make_experiment())
    with pytest.raises(Refusal) as refused:
        service(run, value)
    assert fields_of(refused) == [field]


# --- Two writers ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_give_every_run_its_own_number():
    add_models("z-image")
    experiment = make_experiment()
    failures = []

    def work() -> None:
        try:
            for _ in range(5):
                record(Experiment.objects.get(pk=experiment.pk))
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("an in-memory database has one connection only")
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(Run.objects.values_list("number", flat=True)) == list(range(1, 21))


def test_two_stale_copies_of_an_experiment_still_count_on():
    first = make_experiment()
    second = Experiment.objects.get(pk=first.pk)
    assert [record(first).number, record(second).number, start(first).number] == [1, 2, 3]
