"""Reads of the comparison app."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from rivya_bridge.comparison.models import Comparison, ComparisonItem
from rivya_bridge.experiments.models import Experiment, Run, RunReference, RunResult
from rivya_bridge.experiments.selectors import runs_by_ids
from rivya_bridge.refusals import Missing, Problem, Refusal

FEWEST, MOST = 2, 6


def comparison_rows(experiment: Experiment | None = None) -> QuerySet[Comparison]:
    """Comparisons, of one experiment or all, with their complete runs (four queries in all)."""
    items = ComparisonItem.objects.select_related("run__task", "run__experiment").prefetch_related(
        Prefetch("run__results", RunResult.objects.select_related("file")),
        Prefetch("run__references", RunReference.objects.select_related("file")),
    )
    rows = Comparison.objects.select_related("experiment", "winner")
    rows = rows.prefetch_related(Prefetch("items", items))
    return rows.filter(experiment=experiment) if experiment else rows


def get_comparison(comparison_id: str | UUID) -> Comparison:
    """One comparison as `comparison_rows` gives it. Raises Missing."""
    try:
        key = comparison_id if isinstance(comparison_id, UUID) else UUID(comparison_id)
    except (ValueError, AttributeError, TypeError):
        key = None
    row = comparison_rows().filter(pk=key).first() if key else None
    if row is None:
        text = f"There is no comparison {str(comparison_id)[:60]!r}."
        raise Missing(text, (Problem("comparison", text),))
    return row


def compared_runs(comparison: Comparison) -> list[Run]:
    """The runs of a comparison in their order."""
    return [item.run for item in comparison.items.all()]


def chosen_runs(ids: Sequence[str]) -> list[Run]:
    """The runs of an address, in its order. Refusal naming the limit and what is unknown."""
    wanted = list(dict.fromkeys(ids))
    if not FEWEST <= len(wanted) <= MOST:
        raise Refusal.field(
            "run",
            f"{len(wanted)} run(s) are chosen: choose {FEWEST} to {MOST} runs of one experiment to "
            "compare.",
            MOST,
        )
    found = {str(run.pk): run for run in runs_by_ids(wanted)}
    missing = [one for one in wanted if one not in found]
    if missing:
        raise Refusal.field("run", f"There is no run {missing[0][:60]!r}: choose again.")
    runs = [found[one] for one in wanted]
    if len({run.experiment_id for run in runs}) > 1:
        raise Refusal.field("run", "The runs are of different experiments: choose runs of one.")
    return runs
