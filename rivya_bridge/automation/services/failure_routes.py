"""Where a failed job goes: to another try under a key of its own, or to a person."""

from django.db import transaction
from django.utils import timezone

from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.automation.services.jobs import preflight_job
from rivya_bridge.automation.services.storing import store_job
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import note_retry

MOST_RETRIES = 3
# The same again would fail the same way.
_NEVER = frozenset({"insufficient_credits", "validation_failed"})

_RETRIED_ELSEWHERE = frozenset({Job.Source.BATCH, Job.Source.REHEARSAL})


def set_failure_route(template: JobTemplate, route: str, retries: int) -> None:
    """Where jobs that fail from now on go. Raises Refusal, and then nothing was changed."""
    if route not in JobTemplate.FailureRoute.values:
        known = ", ".join(JobTemplate.FailureRoute.values)
        raise Refusal.field("failure_route", f"failure_route must be one of {known}.")
    if not 1 <= retries <= MOST_RETRIES:
        text = f"retries must be from 1 to {MOST_RETRIES}; {retries} is not."
        raise Refusal.field("retries", text, MOST_RETRIES)
    JobTemplate.objects.filter(pk=template.pk).update(failure_route=route, retries=retries)
    template.refresh_from_db()


def route_failure(task: Task) -> Job | None:
    """Starts another try of the job that has failed, where its template wants one and nothing was charged.

    Called inside the transaction that finishes the task, so that there is one retry or none; the job that
    it makes, or None when a person has to look. Batches and rehearsals have their own ways.
    """
    if not _may_be_retried(task):
        return None
    job = Job.objects.select_related("template", "version").filter(task=task).first()
    if job is None or job.source in _RETRIED_ELSEWHERE:
        return None
    template = job.template
    if template.failure_route != JobTemplate.FailureRoute.RETRY:
        return None
    number = _tries_before(task) + 1
    if number > template.retries:
        return None
    try:
        with transaction.atomic():
            made = _again(job)
    except Refusal:  # its model, files, caps or balance do not allow it now: a person decides
        return None
    note_retry(task, made.task, f"Retry {number} of {template.retries}", timezone.now())
    return made


def _may_be_retried(task: Task) -> bool:
    """Only what Rivya itself has called failed, and has not charged, and nobody wanted to stop."""
    return (
        task.status == "failed"
        and task.remote_id is not None
        and task.final_credits == 0
        and task.cancel_requested_at is None
        and task.reason not in _NEVER
    )


def _tries_before(task: Task) -> int:
    count, earlier = 0, task.retry_of
    while earlier is not None:
        count, earlier = count + 1, earlier.retry_of
    return count


def _again(job: Job) -> Job:
    plan = preflight_job(job.version, job.inputs)
    if plan.problems:
        raise Refusal.of(plan.problems)
    return store_job(
        get_model(job.version.model_id),
        plan,
        version=job.version,
        template=job.template,
        source=Job.Source.RETRY,
        intent_key=f"retry:{job.pk}",
        group=(job.template.name, f"/templates/{job.template.slug}/"),
        label=job.label,
        retry_of=job.task,
    )
