"""Reads of rehearsals and their cases."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Case, Count, F, IntegerField, Prefetch, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.refusals import Missing, Problem
from rivya_bridge.rehearsal.models import GoldenFile, Rehearsal, RehearsalCase, Verdict
from rivya_bridge.tasks.models import TaskOutput

# What a case has cost or is expected to: Rivya's figure once there is one, nothing for a job that
# ended without, and the estimate until then.
COMMITTED = Case(
    When(cases__job__task__final_credits__isnull=False, then=F("cases__job__task__final_credits")),
    When(cases__job__task__status__in=["failed", "canceled"], then=0),
    When(cases__status="judged", cases__job__isnull=True, then=0),
    default=F("cases__estimated_credits"),
    output_field=IntegerField(),
)


def rehearsal_rows(template: JobTemplate) -> QuerySet[Rehearsal]:
    """Rehearsals with version, and counts of their cases (one query).

    Each has `case_count`, `judged_count`, `passed_count`, and `spent_credits`, which counts what Rivya
    has charged.
    """
    stands = Q(cases__verdict=Verdict.PASSED) | Q(cases__overruled_at__isnull=False)
    stands |= Q(cases__accepted__isnull=False)
    rows = Rehearsal.objects.filter(template=template).select_related("version", "template")
    return rows.annotate(
        case_count=Count("cases"),
        judged_count=Count("cases", filter=Q(cases__status="judged")),
        passed_count=Count("cases", filter=stands),
        spent_credits=Coalesce(Sum("cases__job__task__final_credits"), 0),
    )


def get_rehearsal(rehearsal_id: str | UUID) -> Rehearsal:
    """One rehearsal with template and version (one query). Raises Missing."""
    try:
        key = rehearsal_id if isinstance(rehearsal_id, UUID) else UUID(rehearsal_id)
    except (ValueError, AttributeError, TypeError):
        key = None
    rows = Rehearsal.objects.select_related("template__current_version", "version")
    found = rows.filter(pk=key).first() if key else None
    if found is None:
        text = f"There is no rehearsal {str(rehearsal_id)[:60]!r}."
        raise Missing(text, (Problem("rehearsal", text),))
    return found


def case_rows(rehearsal: Rehearsal) -> QuerySet[RehearsalCase]:
    """Its cases in order, each with both results (three queries)."""
    rows = rehearsal.cases.select_related("golden__run", "golden__job", "job__task", "job__version")
    return rows.prefetch_related(
        Prefetch("golden__files", GoldenFile.objects.select_related("file")),
        Prefetch("job__task__outputs", TaskOutput.objects.select_related("file")),
    ).order_by("ordinal")


def get_case(rehearsal: Rehearsal, ordinal: int) -> RehearsalCase:
    """One case, as `case_rows` gives it. Raises Missing."""
    row = case_rows(rehearsal).filter(ordinal=ordinal).first() if ordinal < 2**31 else None
    if row is None:
        text = f"The rehearsal has no case {ordinal}: its cases count from 1."
        raise Missing(text, (Problem("case", text),))
    return row


def known_charges(golden_ids: Iterable[UUID], version: TemplateVersion) -> dict[UUID, int]:
    """What each golden case cost the last time that a version of the same model ran it (one query)."""
    rows = RehearsalCase.objects.filter(
        golden__in=list(golden_ids),
        job__task__status="succeeded",
        job__task__final_credits__isnull=False,
        job__version__model_id=version.model_id,
    )
    found = rows.order_by("id").values_list("golden_id", "job__task__final_credits")
    return {golden_id: credits for golden_id, credits in found if credits is not None}


def passed_rehearsal(version: TemplateVersion, since: datetime) -> Rehearsal | None:
    """The newest rehearsal that this very version has passed since then (one query)."""
    rows = Rehearsal.objects.filter(version=version, verdict=Verdict.PASSED)
    return rows.filter(finished_at__gte=since).order_by("-finished_at", "-id").first()


def uncovered_cases(rehearsal: Rehearsal) -> list[str]:
    """Golden cases that were added since, by name; a result accepted from it is covered (two queries)."""
    known: set[UUID | None] = set()
    for golden_id, accepted_id in rehearsal.cases.values_list("golden_id", "accepted_id"):
        known |= {golden_id, accepted_id}
    now = rehearsal.template.golden_cases.filter(ended_at=None).order_by("id")
    return [name for pk, name in now.values_list("pk", "name") if pk not in known]


def committed_credits(rows: QuerySet[Rehearsal]) -> int:
    """What these rehearsals have cost, with what their open cases are expected to (one query)."""
    return int(rows.aggregate(sum=Coalesce(Sum(COMMITTED), 0))["sum"])


def since_days(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)
