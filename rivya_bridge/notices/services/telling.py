"""Writing messages: one for each thing that happened, and a delivery for each endpoint that wants it."""

import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rivya_bridge.automation.api.jobs import job_out
from rivya_bridge.automation.models import Batch, Job, JobTemplate
from rivya_bridge.identifiers import new_id
from rivya_bridge.notices.models import TEST, Delivery, Endpoint, EventType, Message
from rivya_bridge.notices.services.ringing import ring_on_commit
from rivya_bridge.refusals import Refusal
from rivya_bridge.rehearsal.models import Rehearsal, Verdict
from rivya_bridge.tasks.explanation import explain
from rivya_bridge.tasks.models import Task

_WORDS = {
    EventType.JOB_SUCCEEDED: "A job of {} succeeded",
    EventType.JOB_FAILED: "A job of {} failed",
    EventType.JOB_CANCELED: "A job of {} was canceled",
    EventType.JOB_HELD: "A job of {} is held",
}


def tell_of_job(task: Task, event_type: str) -> None:
    """A message about the job that the task carries out, if it has one and anybody wants to hear it."""
    if not Endpoint.objects.exists():
        return
    jobs = Job.objects.select_related("template", "version", "task")
    job = jobs.prefetch_related("task__outputs__file").filter(task=task).first()
    # Whoever uses results must not take those of a rehearsal for them: its own end is told.
    if job is None or job.source == Job.Source.REHEARSAL:
        return
    told = explain(job.task)
    data: dict[str, Any] = {"job": job_out(job)}
    if told is not None:
        data["explanation"] = {"happened": told.happened, "spent": told.spent, "next": told.next}
    # A task may be held more than once; each hold has its own fence.
    again = f":{task.fence}" if event_type == EventType.JOB_HELD else ""
    _tell(
        f"{event_type}:{job.pk}{again}",
        Message(
            type=event_type,
            title=_WORDS[EventType(event_type)].format(job.template.name),
            path=f"/jobs/{job.pk}/",
            job=job,
        ),
        data,
        job.template,
    )


def tell_of_batch(batch: Batch) -> None:
    """A message about a batch that has finished. A retry that finishes it again is told again."""
    data = {
        "batch": {
            "id": batch.pk,
            "template": batch.template.slug,
            "name": batch.name,
            "status": batch.status,
            "rows": batch.row_count,
            "spent_credits": batch.spent_credits,
            "finished_at": batch.finished_at,
        }
    }
    _tell(
        f"{EventType.BATCH_FINISHED}:{batch.pk}:{batch.row_count}",
        Message(
            type=EventType.BATCH_FINISHED,
            title=f"The batch {batch.name} of {batch.template.name} finished"[:300],
            path=f"/batches/{batch.pk}/",
            batch=batch,
        ),
        data,
        batch.template,
    )


def tell_of_rehearsal(rehearsal: Rehearsal) -> None:
    """A message that a rehearsal finished, or that a drift check did not pass. A check that passed is
    no news."""
    if rehearsal.is_drift and rehearsal.verdict == Verdict.PASSED:
        return
    number, name = rehearsal.version.number, rehearsal.template.name
    event_type, title = EventType.REHEARSAL_FINISHED, f"A rehearsal of {name} finished"
    if rehearsal.is_drift:
        event_type, title = EventType.TEMPLATE_DRIFTED, f"A drift check of {name} did not pass"
    cases = rehearsal.cases.select_related("golden")
    data = {
        "rehearsal": {
            "id": rehearsal.pk,
            "template": rehearsal.template.slug,
            "version": number,
            "kind": rehearsal.kind,
            "verdict": rehearsal.verdict,
            "cases": [
                {
                    "name": case.golden.name,
                    "verdict": case.verdict,
                    "distance": case.distance,
                    "reason": case.reason,
                }
                for case in cases
            ],
            "finished_at": rehearsal.finished_at,
        }
    }
    path = f"/rehearsals/{rehearsal.pk}/"
    message = Message(
        type=event_type, title=f"{title}: {rehearsal.get_verdict_display()}", path=path
    )
    _tell(f"{event_type}:{rehearsal.pk}", message, data, rehearsal.template)


def send_test(endpoint: Endpoint) -> Delivery:
    """A message that says that it is a test, to this endpoint alone. Raises Refusal while it is off."""
    if not endpoint.is_enabled:
        raise Refusal("Nothing was sent: the endpoint is off. Switch it on first.")
    message = Message(type=TEST, title="A test of Rivya Bridge", path=f"/notices/{endpoint.pk}/")
    with transaction.atomic():
        _tell(f"{TEST}:{new_id()}", message, {"endpoint": {"id": endpoint.pk}}, None, [endpoint])
        return Delivery.objects.get(message=message)


def _tell(
    key: str,
    message: Message,
    data: dict[str, Any],
    template: JobTemplate | None,
    endpoints: Iterable[Endpoint] | None = None,
) -> None:
    """Writes the message and its deliveries, once for a key. The caller's transaction holds them."""
    wanting = list(_wanting(message, template) if endpoints is None else endpoints)
    if not wanting or Message.objects.filter(key=key).exists():
        return
    now = timezone.now()
    message.key, message.title = key, message.title[:300]
    url = settings.BRIDGE_URL + message.path
    content = {"type": message.type, "timestamp": now, "data": {**data, "url": url}}
    message.body = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False)
    message.save(force_insert=True)
    for endpoint in wanting:
        status = Delivery.Status.PENDING if endpoint.is_enabled else Delivery.Status.SKIPPED
        due_at = now if endpoint.is_enabled else None
        delivery = Delivery.objects.create(
            message=message, endpoint=endpoint, status=status, due_at=due_at, rung_at=due_at
        )
        if endpoint.is_enabled:
            ring_on_commit(delivery.pk)


def _wanting(message: Message, template: JobTemplate | None) -> list[Endpoint]:
    """The endpoints of this template and of all. Those that are off get a skipped delivery.

    Nobody wants ten thousand e-mails: of a batch's jobs only webhooks are told, e-mail of its end.
    """
    rows = Endpoint.objects.filter(Q(template=template) | Q(template=None))
    if message.job is not None and message.job.source == Job.Source.BATCH:
        rows = rows.exclude(kind=Endpoint.Kind.EMAIL)
    return [endpoint for endpoint in rows if message.type in endpoint.events]
