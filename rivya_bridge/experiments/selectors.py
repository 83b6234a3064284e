"""Reads of the experiments app."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from rivya_bridge.experiments.models import Experiment, Run, RunReference, RunResult
from rivya_bridge.refusals import Missing, Problem, Refusal
from rivya_bridge.tasks.models import OPEN, Status
from rivya_bridge.web.distinct import distinct_values

# What a card of a run shows; a task has long fields besides.
CARD_FIELDS = (
    "experiment_id", "number", "source", "model_id", "prompt", "result_text", "studio_credits",
    "rating", "verdict", "task__status", "task__final_credits", "task__error_message",
)  # fmt: skip
FILE_FIELDS = (
    "id", "kind", "name", "width", "height", "preview_width", "preview_height", "duration_seconds",
)  # fmt: skip
UNDECIDED = "undecided"
RECORDED = "recorded"

Row = TypeVar("Row")


def experiment_rows(status: str = "", category: str = "", query: str = "") -> QuerySet[Experiment]:
    """Experiments with their preview for a list, '' meaning all; one query.

    `query` looks in title, question and tags. Refusal for a status or category that does not exist.
    """
    rows = Experiment.objects.select_related("preview")
    if status:
        rows = rows.filter(status=_known("status", status, Experiment.Status.values))
    if category:
        rows = rows.filter(category=_known("category", category, Experiment.Category.values))
    words = query.replace("\0", "").strip()[:200]
    if words:
        rows = rows.filter(_contains(words))
    return rows


def _contains(words: str) -> Q:
    """Tags are JSON text, in which some databases keep other letters as escapes."""
    escaped = json.dumps(words)[1:-1]
    return (
        Q(title__icontains=words)
        | Q(question__icontains=words)
        | Q(tags__icontains=words)
        | Q(tags__icontains=escaped)
    )


def _known(field: str, value: str, known: Iterable[str]) -> str:
    words = [word for word in known if word]
    if value not in words:
        message = f"{field} is {value[:40]!r}: use one of {', '.join(words)}, or leave it out."
        raise Refusal.field(field, message)
    return value


def _results() -> "Prefetch[str, QuerySet[RunResult], str]":
    return Prefetch("results", RunResult.objects.select_related("file"))


def _complete_runs() -> QuerySet[Run]:
    """Runs with task, experiment, results and references (three queries)."""
    references = Prefetch("references", RunReference.objects.select_related("file"))
    rows = Run.objects.select_related("task", "experiment", "continues_from")
    return rows.prefetch_related(_results(), references)


def run_rows(
    experiment: Experiment,
    *,
    source: str = "",
    model: str = "",
    verdict: str = "",
    status: str = "",
) -> QuerySet[Run]:
    """Runs of an experiment with task and files; '' means all; three queries however many rows.

    `verdict` may be "undecided", `status` a task's status or "recorded" for Studio runs. Refusal for
    words that do not exist.
    """
    return _narrowed(_complete_runs(), experiment, source, model, verdict, status)


def slim_run_rows(
    experiment: Experiment,
    *,
    source: str = "",
    model: str = "",
    verdict: str = "",
    status: str = "",
) -> QuerySet[Run]:
    """The same runs as `run_rows` with what a card shows of run and task (one query); `first_files`
    reads their results."""
    rows = Run.objects.select_related("task").only(*CARD_FIELDS)
    return _narrowed(rows, experiment, source, model, verdict, status)


def _narrowed(
    rows: QuerySet[Run], experiment: Experiment, source: str, model: str, verdict: str, status: str
) -> QuerySet[Run]:
    rows = rows.filter(experiment=experiment)
    if source:
        rows = rows.filter(source=_known("source", source, Run.Source.values))
    if model:
        rows = rows.filter(model_id=model.replace("\0", ""))
    if verdict:
        known = _known("verdict", verdict, [*Run.Verdict.values, UNDECIDED])
        rows = rows.filter(verdict="" if known == UNDECIDED else known)
    if status:
        known = _known("status", status, [*Status.values, RECORDED])
        is_recorded = known == RECORDED
        rows = rows.filter(task=None) if is_recorded else rows.filter(task__status=known)
    return rows


def first_files(runs: Iterable[Run]) -> dict[UUID, dict[str, Any]]:
    """The columns FILE_FIELDS of the first result file of each run that has one (one query)."""
    results = RunResult.objects.filter(run__in=[run.pk for run in runs]).order_by("-position")
    columns = [f"file__{name}" for name in FILE_FIELDS]
    return {
        run_id: dict(zip(FILE_FIELDS, values, strict=True))
        for run_id, *values in results.values_list("run_id", *columns)
    }


def accepted_runs(experiment: Experiment) -> QuerySet[Run]:
    """Accepted runs, newest first, complete as `run_rows` gives them."""
    return run_rows(experiment, verdict=Run.Verdict.ACCEPTED.value).order_by("-id")


def get_experiment(experiment_id: str | UUID) -> Experiment:
    """One experiment. Raises Missing."""
    key = _as_uuid(experiment_id)
    row = Experiment.objects.filter(pk=key).first() if key else None
    return _found("experiment", experiment_id, row)


def get_run(run_id: str | UUID) -> Run:
    """One run with task, experiment and files. Raises Missing."""
    key = _as_uuid(run_id)
    return _found("run", run_id, _complete_runs().filter(pk=key).first() if key else None)


def get_runs(ids: Iterable[str | UUID], *, field: str = "runs") -> list[Run]:
    """Runs in the given order, complete (three queries). Refusal naming every unknown id."""
    wanted = [(raw, _as_uuid(raw)) for raw in ids]
    known = _complete_runs().in_bulk([key for _, key in wanted if key])
    unknown = [raw for raw, key in wanted if key not in known]
    if unknown:
        raise Refusal.of([Problem(field, f"There is no run {str(raw)[:60]!r}.") for raw in unknown])
    return [known[key] for _, key in wanted if key]


def _as_uuid(raw: str | UUID) -> UUID | None:
    if isinstance(raw, UUID):
        return raw
    try:
        return UUID(raw)
    except (ValueError, AttributeError, TypeError):
        return None


def _found(noun: str, raw: object, row: Row | None) -> Row:
    if row is None:
        text = f"There is no {noun} {str(raw)[:60]!r}."
        raise Missing(text, (Problem(noun, text),))
    return row


@dataclass(frozen=True, slots=True)
class ExperimentFacts:
    """Counts of an experiment's runs. `spent_credits`: what Rivya reported for API runs;
    `studio_credits`: what people typed for Studio runs. `models` by number of runs, most first."""

    runs: int
    studio_runs: int
    api_runs: int
    open_runs: int
    failed_runs: int
    accepted: int
    rejected: int
    undecided: int
    rated: int
    spent_credits: int
    studio_credits: int
    models: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ExperimentSummary:
    """What heads an experiment's page; `models` are the ids of the models tried, by name."""

    accepted: int
    rejected: int
    spent_credits: int
    models: tuple[str, ...]


def experiment_summary(experiment: Experiment) -> ExperimentSummary:
    """The kept counts, and the models from an index (one query, quick however many runs)."""
    models = distinct_values(Run.objects.filter(experiment=experiment), "model_id")
    return ExperimentSummary(
        experiment.accepted_count,
        experiment.rejected_count,
        experiment.spent_credits,
        tuple(models),
    )


def experiment_facts(experiment: Experiment) -> ExperimentFacts:
    """Sums over all runs of an experiment: exact, and slow with very many (two queries)."""
    runs = Run.objects.filter(experiment=experiment)
    sums = runs.aggregate(
        runs=Count("pk"),
        studio_runs=Count("pk", filter=Q(source="studio")),
        api_runs=Count("pk", filter=Q(source="api")),
        open_runs=Count("pk", filter=Q(task__status__in=OPEN)),
        failed_runs=Count("pk", filter=Q(task__status="failed")),
        accepted=Count("pk", filter=Q(verdict="accepted")),
        rejected=Count("pk", filter=Q(verdict="rejected")),
        undecided=Count("pk", filter=Q(verdict="")),
        rated=Count("pk", filter=Q(rating__isnull=False)),
        spent_credits=Sum("task__final_credits", default=0),
        studio_credits=Sum("studio_credits", default=0),
    )
    by_model = runs.values_list("model_id").annotate(count=Count("pk"))
    models = tuple((name, count) for name, count in by_model.order_by("-count", "model_id"))
    return ExperimentFacts(models=models, **sums)


def runs_by_ids(ids: Iterable[str]) -> list[Run]:
    """Complete runs that live updates ask for, at most 100; what is no id is passed over."""
    wanted = [key for key in map(_as_uuid, list(ids)[:100]) if key]
    return list(_complete_runs().filter(pk__in=wanted))
