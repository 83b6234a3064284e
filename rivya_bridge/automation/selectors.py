"""Reads of the automation app."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rivya_bridge.automation.models import Job, JobTemplate, TemplateVersion
from rivya_bridge.refusals import Missing, Problem
from rivya_bridge.tasks.models import TaskOutput


def get_template(slug: str) -> JobTemplate:
    """One template with its current version (one query). Raises Missing."""
    rows = JobTemplate.objects.select_related("current_version")
    template = None if "\0" in slug else rows.filter(slug=slug).first()
    if template is None:
        text = f"There is no template {slug[:80]!r}: the Templates page lists all of them."
        raise Missing(text, (Problem("template", text),))
    return template


def get_version(template: JobTemplate, number: int) -> TemplateVersion:
    """One version by its number. Raises Missing."""
    version = template.versions.filter(number=number).first()
    if version is None:
        text = f"{template.slug} has no version {number}."
        raise Missing(text, (Problem("version", text),))
    return version


def template_rows(query: str = "") -> QuerySet[JobTemplate]:
    """Templates with their current version (one query in all).

    Each row has `job_count`, and of its last job `last_job_id`, `last_job_status`, `last_job_at`.
    """
    jobs = Job.objects.filter(template=OuterRef("pk")).order_by("-id")
    count = jobs.order_by().values("template").annotate(count=Count("pk")).values("count")
    rows = JobTemplate.objects.select_related("current_version").annotate(
        job_count=Coalesce(Subquery(count), 0),
        last_job_id=Subquery(jobs.values("id")[:1]),
        last_job_status=Subquery(jobs.values("task__status")[:1]),
        last_job_at=Subquery(jobs.values("created_at")[:1]),
    )
    words = query.replace("\0", "").strip()[:200]
    return rows.filter(name__icontains=words) if words else rows


def job_rows(template: JobTemplate | None = None) -> QuerySet[Job]:
    """Jobs, of one template or all, with task, version and output files (two queries in all)."""
    rows = Job.objects.select_related("task", "version", "template").prefetch_related(
        Prefetch("task__outputs", TaskOutput.objects.select_related("file"))
    )
    return rows.filter(template=template) if template else rows


def get_job(job_id: str | UUID) -> Job:
    """One job as `job_rows` gives it. Raises Missing."""
    try:
        key = job_id if isinstance(job_id, UUID) else UUID(job_id)
    except (ValueError, AttributeError, TypeError):
        key = None
    job = job_rows().filter(pk=key).first() if key else None
    if job is None:
        text = f"There is no job {str(job_id)[:60]!r}."
        raise Missing(text, (Problem("job", text),))
    return job


def with_shown_inputs(jobs: list[Job]) -> list[Job]:
    """The same jobs, each with `shown_inputs`, (name, value, whether it is a stored file), and
    `inputs_text`, one line of the inputs that are no files."""
    for job in jobs:
        slots = {slot["name"] for slot in job.version.file_slots}
        shown = [(name, value, name in slots) for name, value in job.inputs.items()]
        words = [f"{name}: {str(value)[:60]}" for name, value, is_file in shown if not is_file]
        job.shown_inputs = shown  # type: ignore[attr-defined]
        job.inputs_text = " · ".join(words)  # type: ignore[attr-defined]
    return jobs


def jobs_by_ids(ids: Iterable[str]) -> list[Job]:
    """The jobs that live updates ask for, at most 100; what is no id is passed over."""
    wanted = []
    for raw in list(ids)[:100]:
        try:
            wanted.append(UUID(raw))
        except ValueError:
            continue
    return list(job_rows().filter(pk__in=wanted))
