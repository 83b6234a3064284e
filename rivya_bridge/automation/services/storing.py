"""Writing down a job with the task that carries it out."""

from typing import Any, Protocol

from django.db import transaction

from rivya_bridge.automation.models import Job, JobTemplate, TemplateVersion
from rivya_bridge.files.models import StoredFile
from rivya_bridge.identifiers import new_id
from rivya_bridge.rivya import Model
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import create_task


class Request(Protocol):
    """What a job sends; a plan and a checked job both have it."""

    @property
    def inputs(self) -> dict[str, Any]: ...
    @property
    def prompt(self) -> str: ...
    @property
    def params(self) -> dict[str, Any]: ...
    @property
    def references(self) -> list[StoredFile]: ...


@transaction.atomic
def store_job(
    model: Model,
    request: Request,
    *,
    version: TemplateVersion,
    template: JobTemplate,
    source: str,
    intent_key: str | None,
    group: tuple[str, str],
    label: str = "",
    retry_of: Task | None = None,
) -> Job:
    """A job with its queued task. `group` is the label and address that task history leads to.

    Raises IntegrityError when `intent_key` has its job already.
    """
    job_id = new_id()
    task = create_task(
        origin=Task.Origin.JOB,
        origin_id=job_id,
        model=model,
        prompt=request.prompt,
        params=request.params,
        references=request.references,
        group_label=group[0],
        group_url=group[1],
        intent_key=intent_key,
        is_told=template.delivery == JobTemplate.Delivery.WEBHOOK,
        hears_events=template.delivery != JobTemplate.Delivery.POLL,
        retry_of=retry_of,
    )
    return Job.objects.create(
        id=job_id,
        template=template,
        version=version,
        task=task,
        inputs=request.inputs,
        source=source,
        label=label,
    )
