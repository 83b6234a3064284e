import uuid

import pytest

from rivya_bridge.comparison.matrix import diff_matrix
from rivya_bridge.comparison.models import Comparison
from rivya_bridge.comparison.selectors import compared_runs, comparison_rows, get_comparison
from rivya_bridge.comparison.services import save_comparison, update_comparison
from rivya_bridge.refusals import Missing, Refusal
from tests.experiments.factories import add_models, make_experiment, make_file, record, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(db):
    add_models("z-image")
    return make_experiment()


def test_it_works(experiment):
    runs = [record(experiment), record(experiment), record(experiment)]
    saved = save_comparison(experiment, " Which? ", runs[::-1], runs[0], "The first")
    found = get_comparison(str(saved.pk))
    assert (found.title, found.winner, found.conclusion) == ("Which?", runs[0], "The first")
    assert compared_runs(found) == runs[::-1]


@pytest.mark.parametrize("count", [0, 1, 7])
def test_too_few_and_too_many_runs_are_refused(experiment, count):
    runs = [record(experiment) for _ in range(count)]
    with pytest.raises(Refusal, match="2 to 6") as refused:
        save_comparison(experiment, "Which?", runs)
    assert refused.value.problems[0].field == "runs"
    assert not Comparison.objects.exists()


def test_a_run_chosen_twice_is_refused(experiment):
    run = record(experiment)
    with pytest.raises(Refusal, match="twice"):
        save_comparison(experiment, "Which?", [run, run])


def test_a_run_of_another_experiment_is_refused(experiment):
    with pytest.raises(Refusal, match="another experiment: run 1"):
        save_comparison(experiment, "Which?", [record(experiment), record(make_experiment())])


def test_a_winner_that_was_not_compared_is_refused(experiment):
    runs = [record(experiment), record(experiment)]
    with pytest.raises(Refusal) as refused:
        save_comparison(experiment, "Which?", runs, winner=record(experiment))
    assert refused.value.problems[0].field == "winner"


@pytest.mark.parametrize(
    ("field", "value"), [("title", ""), ("title", "a" * 201), ("conclusion", "a" * 5_001)]
)
def test_texts_beyond_their_limit_are_refused(experiment, field, value):
    runs = [record(experiment), record(experiment)]
    with pytest.raises(Refusal) as refused:
        save_comparison(experiment, **{"title": "Which?", "runs": runs, field: value})
    assert [problem.field for problem in refused.value.problems] == [field]
    saved = save_comparison(experiment, "Which?", runs)
    with pytest.raises(Refusal):
        update_comparison(saved, **{field: value})


def test_an_update_changes_only_what_is_given(experiment):
    runs = [record(experiment), record(experiment)]
    saved = save_comparison(experiment, "Which?", runs, runs[0], "First")
    update_comparison(saved, winner=runs[1])
    saved = get_comparison(saved.pk)
    assert (saved.winner, saved.conclusion) == (runs[1], "First")
    update_comparison(saved, winner=None, title="New")
    assert get_comparison(saved.pk).winner is None
    with pytest.raises(Refusal, match="winner"):
        update_comparison(saved, winner=record(experiment))


@pytest.mark.parametrize("raw", ["nonsense", uuid.uuid4()])
def test_a_comparison_that_does_not_exist_is_missing(db, raw):
    with pytest.raises(Missing):
        get_comparison(raw)


@pytest.mark.parametrize("count", [1, 4])
def test_a_list_and_its_matrices_take_the_same_queries_for_many_rows(
    experiment, count, django_assert_num_queries
):
    for _ in range(count):
        runs = [record(experiment, references=[make_file()]), start(experiment)]
        save_comparison(experiment, "Which?", runs)
    with django_assert_num_queries(4):
        for comparison in comparison_rows(experiment).order_by("-id"):
            matrix = diff_matrix(compared_runs(comparison))
            assert "references" in [row.label for row in matrix.different_rows]
