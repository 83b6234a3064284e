"""Writes of the comparison app."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from rivya_bridge.comparison.models import Comparison, ComparisonItem
from rivya_bridge.comparison.view_state import kept_state
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.texts import read_text

TITLE_LENGTH = 200
CONCLUSION_LENGTH = 5_000
LEAST_RUNS, MOST_RUNS = 2, 6
UNCHANGED: Any = object()


def save_comparison(
    experiment: Experiment,
    title: str,
    runs: Sequence[Run],
    winner: Run | None = None,
    conclusion: str = "",
    view_state: str = "",
) -> Comparison:
    """Keeps 2 to 6 different runs of one experiment side by side, in the given order.

    `view_state`: how the board looks, as a query; what is no board's state is left out.

    Raises Refusal naming every field that breaks its limit.
    """
    problems: list[Problem] = []
    fields = {
        "title": read_text(problems, "title", title, least=1, most=TITLE_LENGTH).strip(),
        "conclusion": read_text(problems, "conclusion", conclusion, most=CONCLUSION_LENGTH),
    }
    check_runs(problems, runs, experiment)
    _check_winner(problems, winner, [run.pk for run in runs])
    if problems:
        raise Refusal.of(problems)
    with transaction.atomic():
        comparison = Comparison.objects.create(
            experiment=experiment, winner=winner, view_state=kept_state(view_state), **fields
        )
        ComparisonItem.objects.bulk_create(
            ComparisonItem(comparison=comparison, run=run, position=position)
            for position, run in enumerate(runs)
        )
    return comparison


def check_runs(problems: list[Problem], runs: Sequence[Run], experiment: Experiment) -> None:
    """What keeps these runs from standing side by side."""
    if not LEAST_RUNS <= len(runs) <= MOST_RUNS:
        text = f"{len(runs)} runs were chosen: a comparison takes {LEAST_RUNS} to {MOST_RUNS}."
        problems.append(Problem("runs", text, MOST_RUNS))
    if len({run.pk for run in runs}) < len(runs):
        problems.append(Problem("runs", "A run was chosen twice: choose different runs."))
    strangers = [f"run {run.number}" for run in runs if run.experiment_id != experiment.pk]
    if strangers:
        text = f"Of another experiment: {', '.join(strangers)}. Compare runs of one experiment."
        problems.append(Problem("runs", text))


def _check_winner(problems: list[Problem], winner: Run | None, run_ids: Sequence[object]) -> None:
    if winner is not None and winner.pk not in run_ids:
        text = f"The winner, run {winner.number}, must be one of the compared runs."
        problems.append(Problem("winner", text))


def update_comparison(
    comparison: Comparison,
    *,
    title: str = UNCHANGED,
    winner: Run | None = UNCHANGED,
    conclusion: str = UNCHANGED,
    view_state: str = UNCHANGED,
) -> Comparison:
    """Changes what is given; `winner=None` takes the winner away. The runs stay.

    Raises Refusal naming every field that breaks its limit.
    """
    problems: list[Problem] = []
    changes: dict[str, Any] = {}
    if title is not UNCHANGED:
        changes["title"] = read_text(problems, "title", title, least=1, most=TITLE_LENGTH).strip()
    if conclusion is not UNCHANGED:
        changes["conclusion"] = read_text(
            problems, "conclusion", conclusion, most=CONCLUSION_LENGTH
        )
    if winner is not UNCHANGED:
        run_ids = list(comparison.items.values_list("run_id", flat=True))
        _check_winner(problems, winner, run_ids)
        changes["winner"] = winner
    if view_state is not UNCHANGED:
        changes["view_state"] = kept_state(view_state)
    if problems:
        raise Refusal.of(problems)
    for name, value in changes.items():
        setattr(comparison, name, value)
    comparison.save(update_fields=[*changes, "updated_at"])
    return comparison
