"""Reads of templates and jobs."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.refusals import Missing, Problem, Refusal
from rivya_bridge.tasks.models import Status, TaskOutput
from rivya_bridge.tasks.selectors import STATUS_GROUPS


def get_template(slug: str) -> JobTemplate:
    """One template with its current version (one query). Raises Missing."""
    rows = JobTemplate.objects.select_related("current_version")
    template = None if "\0" in slug else rows.filter(slug=slug).first()
    if template is None:
        text = f"There is no template {slug[:80]!r}: the Templates page lists all of them."
        raise Missing(text, (Problem("template", text),))
    return template


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


def earlier_try(job: Job) -> Job | None:
    """The job that failed and that this one tries again."""
    return Job.objects.filter(task=job.task.retry_of_id).first() if job.task.retry_of_id else None


def later_try(job: Job) -> Job | None:
    """The job that tries this one again."""
    return Job.objects.filter(task__retry_of=job.task_id).order_by("id").first()


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


# --- The list over all templates ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JobFilter:
    """What the list of all jobs is narrowed to; empty means everything.

    `status` is a task's status or one of open, attention, ended; `template` is a slug.
    """

    status: str = ""
    source: str = ""
    template: str = ""

    def __bool__(self) -> bool:
        return any((self.status, self.source, self.template))


def check_job_filter(wanted: JobFilter) -> list[Problem]:
    """What in a filter cannot be read."""
    problems = []
    known = [*STATUS_GROUPS, *Status.values]
    if wanted.status and wanted.status not in known:
        text = f"{wanted.status[:40]!r} is no status: use one of {', '.join(known)}."
        problems.append(Problem("status", text))
    if wanted.source and wanted.source not in Job.Source.values:
        text = f"{wanted.source[:40]!r} is no source: use one of {', '.join(Job.Source.values)}."
        problems.append(Problem("source", text))
    if "\0" in wanted.template or len(wanted.template) > 80:
        problems.append(Problem("template", "template must be a template's slug."))
    return problems


def filtered_jobs(wanted: JobFilter) -> QuerySet[Job]:
    """`job_rows` narrowed by a filter. Raises Refusal for nonsense."""
    problems = check_job_filter(wanted)
    if problems:
        raise Refusal.of(problems)
    rows = job_rows()
    if wanted.status:
        rows = rows.filter(task__status__in=STATUS_GROUPS.get(wanted.status, {wanted.status}))
    if wanted.source:
        rows = rows.filter(source=wanted.source)
    if wanted.template:
        rows = rows.filter(template__slug=wanted.template)
    return rows
