"""One task: what was asked, sent, answered, charged and saved, and what a person may do."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.credits.models import LedgerEntry
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.code import call_of, snippets
from rivya_bridge.tasks.explanation import explain, why_queued
from rivya_bridge.tasks.models import Exposure, Task
from rivya_bridge.tasks.selectors import get_sending, get_task
from rivya_bridge.tasks.sending_code import sending_snippets
from rivya_bridge.tasks.services import cancel_task, continue_task
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.htmx import STOP_POLLING, render_page


def indented(body: bytes | memoryview | None) -> str:
    """The exact body as indented JSON; empty while nothing is frozen."""
    return json.dumps(json.loads(bytes(body)), indent=2, ensure_ascii=False) if body else ""


@require_safe
def detail(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """The task's page; its live part alone when htmx asks, until the task has ended."""
    task = get_task(task_id)
    outputs = list(task.outputs.select_related("file"))
    context = {
        "task": task,
        "explanation": explain(task),
        "waiting": why_queued(task),
        "request_text": indented(task.request_body),
        "response_text": json.dumps(task.remote_payload, indent=2, ensure_ascii=False)
        if task.remote_payload
        else "",
        "events": list(task.events.all()),
        "attempts": list(task.attempt_rows.all()),
        "references": list(task.references.select_related("file")),
        "outputs": outputs,
        "saved_count": sum(row.file_id is not None for row in outputs),
        "snippets": snippets(call_of(task), is_chat=task.kind == Task.Kind.CHAT),
        "ledger": list(LedgerEntry.objects.filter(task=task).order_by("id")),
        # What is held has its own controls, beside the step that they are for.
        "can_cancel": not task.is_terminal
        and task.status != "held"
        and task.cancel_requested_at is None,
        "cancel_stops": task.exposure == Exposure.NONE,
    }
    wants_part = bool(request.headers.get("HX-Request"))
    status = STOP_POLLING if wants_part and task.is_terminal else 200
    return render_page(request, "tasks/detail.html", "tasks/_detail.html", context, status=status)


@require_safe
def sending(request: HttpRequest, task_id: UUID, number: int) -> HttpResponse:
    """One sending of a task: its exact bytes, also as code, and the answer as it came."""
    sending = get_sending(task_id, number)
    context = {
        "task": sending.task,
        "sending": sending,
        "request_text": indented(sending.body),
        "snippets": sending_snippets(sending) if sending.body else [],
    }
    return render(request, "tasks/sending.html", context)


@require_POST
def cancel(request: HttpRequest, task_id: UUID) -> HttpResponse:
    try:
        task = cancel_task(task_id)
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        text = (
            f"{task.reason_text} {task.spent_text}"
            if task.status == "canceled"
            else ("Marked. Rivya cannot stop a task it has: it will finish and be charged.")
        )
        messages.success(request, text)
    return redirect("tasks:detail", task_id)


@require_POST
def go_on(request: HttpRequest, task_id: UUID) -> HttpResponse:
    try:
        continue_task(task_id)
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        messages.success(request, "The task goes on.")
    return redirect("tasks:detail", task_id)
