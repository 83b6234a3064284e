"""Reads of golden cases: those that are rehearsed, what could become one, and what holds for them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.automation.selectors import job_rows
from rivya_bridge.experiments.models import Run, RunReference, RunResult
from rivya_bridge.files.selectors import known_files
from rivya_bridge.promotion.models import Promotion
from rivya_bridge.refusals import Missing, Problem
from rivya_bridge.rehearsal.expectations import COUNTS, TOLERANCES
from rivya_bridge.rehearsal.models import GoldenCase, GoldenFile, LabelRule, TemplateMeasure

CANDIDATES = 24


@dataclass(frozen=True, slots=True)
class Measure:
    """What holds for a template: the tolerance by kind of result, and what counts."""

    tolerances: Mapping[str, float]
    counts: Sequence[str]

    def tolerance_of(self, case: GoldenCase) -> float:
        """The case's own, or that of its kind."""
        if case.tolerance is not None:
            return case.tolerance
        return self.tolerances[str(case.expected["category"])]


def measure_of(template: JobTemplate) -> Measure:
    """One query."""
    row = TemplateMeasure.objects.filter(template=template).first()
    if row is None:
        return Measure(TOLERANCES, COUNTS)
    return Measure(
        {**TOLERANCES, **row.tolerances}, COUNTS if row.counts is None else tuple(row.counts)
    )


def label_rules(template: JobTemplate) -> QuerySet[LabelRule]:
    """The labels that wait for a rehearsal, by name (one query)."""
    return LabelRule.objects.filter(template=template).order_by("label")


def golden_cases(template: JobTemplate, *, with_ended: bool = False) -> QuerySet[GoldenCase]:
    """Cases in the order in which they were made, with their files (two queries)."""
    files = Prefetch("files", GoldenFile.objects.select_related("file"))
    rows = GoldenCase.objects.filter(template=template).select_related("run", "job")
    rows = rows.prefetch_related(files).order_by("id")
    return rows if with_ended else rows.filter(ended_at=None)


def get_golden_case(template: JobTemplate, case_id: str | UUID) -> GoldenCase:
    """One case of the template, ended or not. Raises Missing."""
    try:
        key = case_id if isinstance(case_id, UUID) else UUID(case_id)
    except (ValueError, AttributeError, TypeError):
        key = None
    case = golden_cases(template, with_ended=True).filter(pk=key).first() if key else None
    if case is None:
        text = f"{template.slug} has no golden case {str(case_id)[:60]!r}."
        raise Missing(text, (Problem("golden_case", text),))
    return case


def inputs_in_words(template: JobTemplate, cases: Iterable[GoldenCase]) -> dict[UUID, str]:
    """One line of each case's inputs by its id, files by their names (two queries at most)."""
    slots: set[str] = set()
    for declared in template.versions.values_list("file_slots", flat=True):
        slots |= {slot["name"] for slot in declared}
    cases = list(cases)
    names = known_files(one.inputs.get(name) for one in cases for name in slots)
    return {
        case.pk: " · ".join(
            f"{name}: {names[value].name if name in slots and value in names else value}"
            for name, value in case.inputs.items()
            if value is not None
        )
        for case in cases
    }


def candidate_runs(template: JobTemplate) -> list[Run]:
    """The newest accepted runs of the experiments that it was promoted from, without those that are
    golden already (four queries)."""
    promotions = Promotion.objects.filter(version__template=template)
    experiments = set(promotions.values_list("run__experiment_id", flat=True))
    golden = GoldenCase.objects.filter(template=template, ended_at=None, run__isnull=False)
    rows = Run.objects.filter(experiment__in=experiments, verdict=Run.Verdict.ACCEPTED)
    rows = rows.exclude(pk__in=golden.values("run_id")).select_related("task", "experiment")
    rows = rows.prefetch_related(
        Prefetch("results", RunResult.objects.select_related("file")),
        Prefetch("references", RunReference.objects.select_related("file")),
    )
    return list(rows.order_by("-id")[:CANDIDATES])


def candidate_jobs(template: JobTemplate) -> list[Job]:
    """The newest jobs that succeeded, without rehearsals and without those that are golden already
    (two queries)."""
    golden = GoldenCase.objects.filter(template=template, ended_at=None, job__isnull=False)
    rows = job_rows(template).filter(task__status="succeeded")
    rows = rows.exclude(source=Job.Source.REHEARSAL).exclude(pk__in=golden.values("job_id"))
    return list(rows.order_by("-id")[:CANDIDATES])
