"""The HTTP API's routes for tasks."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from rivya_bridge.files.api import content_url
from rivya_bridge.tasks.explanation import explain, in_short, why_queued
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.selectors import TaskFilter, get_task, inbox_rows, task_rows
from rivya_bridge.tasks.services import cancel_task, continue_task, mark_handled
from rivya_bridge.tasks.views.task import indented
from rivya_bridge.web.pagination import keyset_page

router = Router(tags=["tasks"])


class OriginOut(Schema):
    """Who asked: `type` is run, job or probe, `id` is its id."""

    type: str
    id: UUID


class ErrorOut(Schema):
    code: str
    message: str
    request_id: str


class TaskOut(Schema):
    """One call to Rivya. Credits are whole; null while unknown. `reason` says why it stands so."""

    id: UUID
    status: str
    model: str
    category: str
    origin: OriginOut
    remote_id: str | None
    remote_status: str
    estimated_credits: int
    reserved_credits: int | None
    final_credits: int | None
    attempts: int
    polls: int
    reason: str | None
    reason_text: str | None
    error: ErrorOut | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class EventOut(Schema):
    seq: int
    at: datetime
    kind: str
    text: str
    data: dict[str, Any]


class OutputOut(Schema):
    position: int
    file_id: UUID | None
    url: str | None = Field(
        description="Where this product serves the file; null until it is saved."
    )


class ExplanationOut(Schema):
    """The reason in words, what happened, what was or may have been spent, the evidence, what to do.

    `actions` are what the task's page offers: continue, cancel, again, done, connection, credits, files.
    """

    title: str
    happened: str
    spent: str
    evidence: list[str]
    next: str
    actions: list[str]


class WaitingOut(Schema):
    reason: str
    text: str


class TaskDetailOut(TaskOut):
    """The same with its timeline, the frozen request, Rivya's last answer and the results.

    `explanation` is there for what is held, failed or canceled; `waiting` for what is queued and
    cannot be sent yet.
    """

    explanation: ExplanationOut | None
    waiting: WaitingOut | None
    idempotency_key: str
    request: Any
    response: Any
    events: list[EventOut]
    results: list[OutputOut]


class NeedOut(TaskOut):
    """A task that needs a person: its reason in words, what was or may have been spent, and what to do."""

    title: str
    spent: str
    next: str


class NeedPageOut(Schema):
    items: list[NeedOut]
    next: str | None


class TaskPageOut(Schema):
    items: list[TaskOut]
    next: str | None


def task_out(task: Task) -> dict[str, Any]:
    """A task in the API's words."""
    error = None
    if task.error_code:
        error = {
            "code": task.error_code,
            "message": task.error_message,
            "request_id": task.request_id,
        }
    return {
        "id": task.pk,
        "status": task.status,
        "model": task.model_id,
        "category": task.category,
        "origin": {"type": task.origin, "id": task.origin_id},
        "remote_id": task.remote_id,
        "remote_status": task.remote_status,
        "estimated_credits": task.estimated_credits,
        "reserved_credits": task.reserved_credits,
        "final_credits": task.final_credits,
        "attempts": task.attempts,
        "polls": task.polls,
        "reason": task.reason or None,
        "reason_text": task.reason_text or None,
        "error": error,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "finished_at": task.finished_at,
    }


def _detail_out(task: Task) -> dict[str, Any]:
    request_text = indented(task.request_body)
    results = [
        {
            "position": output.position,
            "file_id": output.file_id,
            "url": content_url(output.file_id) if output.file_id else None,
        }
        for output in task.outputs.all()
    ]
    explanation, waiting = explain(task), why_queued(task)
    return task_out(task) | {
        "explanation": asdict(explanation) if explanation else None,
        "waiting": {"reason": waiting.reason, "text": waiting.text} if waiting else None,
        "idempotency_key": task.idempotency_key,
        "request": json.loads(request_text) if request_text else None,
        "response": task.remote_payload,
        "events": list(task.events.all()),
        "results": results,
    }


@router.get("/tasks", response=TaskPageOut, summary="Task history, newest first, 50 a page")
def list_tasks(
    request: HttpRequest,
    status: str = "",
    model: str = "",
    origin: str = "",
    since: str = "",
    q: str = "",
    cursor: str = "",
) -> dict[str, Any]:
    """`status` is a status or open, attention, ended; `since` is like 24h, 7d, 2w; `q` searches."""
    rows = task_rows(TaskFilter(status=status, model=model, origin=origin, since=since, q=q))
    page = keyset_page(rows, cursor)
    return {"items": [task_out(task) for task in page.items], "next": page.next_cursor}


@router.get("/tasks/{uuid:task_id}", response=TaskDetailOut, summary="One task, explained")
def read_task(request: HttpRequest, task_id: UUID) -> dict[str, Any]:
    return _detail_out(get_task(task_id))


def _need_out(task: Task) -> dict[str, Any]:
    told = in_short(task)
    assert told is not None  # only what is held or has failed is in the list
    return task_out(task) | {"title": told.title, "spent": told.spent, "next": told.next}


@router.get("/inbox", response=NeedPageOut, summary="What needs a person, newest first")
def list_needs(request: HttpRequest, origin: str = "", cursor: str = "") -> dict[str, Any]:
    """Held and failed tasks that nobody has dealt with; `origin` is run, job or chat."""
    page = keyset_page(inbox_rows(origin), cursor)
    items = [_need_out(task) for task in page.items]
    return {"items": items, "next": page.next_cursor}


@router.post("/tasks/{uuid:task_id}/handled", response=TaskOut, summary="Mark a failure as done")
def handled(request: HttpRequest, task_id: UUID) -> dict[str, Any]:
    """It leaves the inbox and stays in the history. Again is harmless; what is held is refused."""
    return task_out(mark_handled(task_id))


@router.post("/tasks/{uuid:task_id}/cancel", response=TaskOut, summary="Cancel a task")
def cancel(request: HttpRequest, task_id: UUID) -> dict[str, Any]:
    """What was not sent is canceled; what Rivya has is only marked, and will be charged."""
    return task_out(cancel_task(task_id))


@router.post("/tasks/{uuid:task_id}/continue", response=TaskOut, summary="Let a held task go on")
def go_on(request: HttpRequest, task_id: UUID) -> dict[str, Any]:
    return task_out(continue_task(task_id))
