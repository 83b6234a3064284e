"""What needs a person: every failure that nobody has dealt with, with what happened, what it cost, and next."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.explanation import in_short
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.selectors import ORIGINS, inbox_rows
from rivya_bridge.tasks.services import mark_handled
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page

SHOWN = tuple(one for one in ORIGINS if one != Task.Origin.PROBE)


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The list, of one origin or all; an unknown origin shows all."""
    origin = request.GET.get("origin", "")
    origin = origin if origin in SHOWN else ""
    page = keyset_page(inbox_rows(origin), request.GET.get("after"))
    query = {"origin": origin} if origin else {}
    context = {
        "page": page,
        "lines": [(task, in_short(task)) for task in page.items],
        "origin": origin,
        "origins": SHOWN,
        "next_query": urlencode({**query, "after": page.next_cursor or ""}),
        "first_query": urlencode(query),
    }
    return render_page(request, "tasks/inbox.html", "tasks/_inbox.html", context)


@require_POST
def handled(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """Takes one failure off the list; back to the list, or to the task where it was pressed."""
    try:
        mark_handled(task_id)
        messages.success(request, "Marked as done. The task itself stays in the history.")
    except Refusal as refusal:
        add_refusal(request, refusal)
    if request.POST.get("from") == "inbox":
        return redirect("tasks:inbox")
    return redirect("tasks:detail", task_id)
