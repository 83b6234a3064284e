"""Runs with the facts of their tasks.

Tasks come back as history: ended, under an account that is none, with a key that is never sent. The
guards of the database keep them so.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from rivya_bridge.experiments.models import Run, RunReference, RunResult
from rivya_bridge.identifiers import new_id
from rivya_bridge.sharing.portable.documents import (
    ATTEMPT_FIELDS,
    EVENT_FIELDS,
    IMPORTED,
    RUN_FIELDS,
    TASK_FIELDS,
    imported_key,
)
from rivya_bridge.sharing.portable.restoring.rows import Target, read_fields, redate
from rivya_bridge.tasks.models import (
    OPEN,
    Status,
    Task,
    TaskAttempt,
    TaskEvent,
    TaskOutput,
    TaskReference,
)

OPEN_REASON = "imported_open"

Facts = dict[str, Any]


def add_runs(rows: Sequence[Facts], target: Target) -> None:
    """A group of runs in their order; their ids are in `target.runs` afterwards."""
    ids = {row["number"]: new_id() for row in rows}
    target.runs |= ids
    tasks = _add_tasks([row for row in rows if row["task"]], target)
    runs = [
        Run(
            id=ids[row["number"]],
            experiment=target.experiment,
            task=tasks.get(row["number"]),
            continues_from_id=target.runs.get(row["continues_from"]),
            **read_fields(row, RUN_FIELDS),
        )
        for row in rows
    ]
    Run.objects.bulk_create(runs)
    redate(runs, rows, "created_at", "updated_at")
    for name, model in (("references", RunReference), ("results", RunResult)):
        _add_files(model, rows, name, target)


def _add_files(model: Any, rows: Sequence[Facts], name: str, target: Target) -> None:
    model.objects.bulk_create(
        model(run_id=target.runs[row["number"]], file_id=target.files[sha256], position=position)
        for row in rows
        for position, sha256 in enumerate(row[name])
    )


def _add_tasks(rows: Sequence[Facts], target: Target) -> dict[int, Task]:
    """The tasks of these runs, by the runs' numbers."""
    tasks = [_task(row["task"], target.runs[row["number"]], target) for row in rows]
    Task.objects.bulk_create(tasks)
    facts = [row["task"] for row in rows]
    redate(tasks, facts, "created_at", "updated_at")
    _add_history(list(zip(tasks, facts, strict=True)), target)
    return {row["number"]: task for row, task in zip(rows, tasks, strict=True)}


def _task(facts: Facts, run_id: UUID, target: Target) -> Task:
    """The row that keeps the facts; what was still open ended with the export."""
    fields = read_fields(facts, TASK_FIELDS)
    if fields["status"] in OPEN:
        fields |= {
            "status": Status.CANCELED,
            "reason": OPEN_REASON,
            "reason_text": f"It was {fields['status']} when it was exported; it goes on where it "
            "was started, and never from here.",
            "finished_at": fields["updated_at"],
        }
    body = facts["request_body"]
    import_id = target.experiment.pk.hex[-9:]
    return Task(
        id=new_id(fields["created_at"]),
        origin=Task.Origin.RUN,
        origin_id=run_id,
        group_url=f"/experiments/{target.experiment.pk}/",
        account=f"import-{import_id}",
        idempotency_key=imported_key(facts["idempotency_key"], import_id),
        request_body=None if body is None else body.encode(),
        due_at=fields["finished_at"] or fields["created_at"],
        # History needs nobody any more.
        handled_at=fields["finished_at"] or fields["created_at"],
        **fields,
    )


def _add_history(pairs: Sequence[tuple[Task, Facts]], target: Target) -> None:
    TaskReference.objects.bulk_create(
        TaskReference(task=task, file_id=target.files[sha256], position=position)
        for task, facts in pairs
        for position, sha256 in enumerate(facts["references"])
    )
    TaskOutput.objects.bulk_create(
        TaskOutput(
            task=task,
            position=one["position"],
            url=one["url"],
            file_id=target.files[one["file"]] if one["file"] else None,
        )
        for task, facts in pairs
        for one in facts["outputs"]
    )
    TaskAttempt.objects.bulk_create(
        TaskAttempt(task=task, **read_fields({"earlier_body": ""} | one, ATTEMPT_FIELDS))
        for task, facts in pairs
        for one in facts["sendings"]
    )
    TaskEvent.objects.bulk_create(one for pair in pairs for one in _events(*pair))


def _events(task: Task, facts: Facts) -> Iterator[TaskEvent]:
    for one in facts["events"]:
        yield TaskEvent(task=task, **read_fields(one, EVENT_FIELDS))
    last = max((one["seq"] for one in facts["events"]), default=0)
    text = "Imported from a file: it was sent by another installation and is history here."
    yield TaskEvent(task=task, seq=last + 1, at=timezone.now(), kind=IMPORTED, text=text)
