"""Task history: every call to Rivya, newest first, with filter, search and live status."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rivya_bridge.tasks.models import TERMINAL, Status, Task
from rivya_bridge.tasks.selectors import (
    SHOWN_ORIGINS,
    STATUS_GROUPS,
    TaskFilter,
    check_filter,
    model_choices,
    task_rows,
    tasks_by_ids,
)
from rivya_bridge.tasks.views.lines import LINE_FIELDS, task_lines
from rivya_bridge.web.htmx import STOP_POLLING, render_page
from rivya_bridge.web.pagination import Page, keyset_page


def _read_filter(request: HttpRequest) -> TaskFilter:
    names = ("status", "model", "origin", "since", "q")
    return TaskFilter(**{name: request.GET.get(name, "").strip() for name in names})


def _query(wanted: TaskFilter, **more: str | None) -> str:
    """The filter as a query string, with what `more` adds; empty values are left out."""
    pairs = {name: getattr(wanted, name) for name in TaskFilter.__slots__} | more
    return urlencode({name: value for name, value in pairs.items() if value})


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """The list; only its table when htmx asks. Nonsense in the filter is named under the box."""
    wanted = _read_filter(request)
    problems = check_filter(wanted)
    page: Page[Task] = (
        Page([], None, True)
        if problems
        else keyset_page(task_rows(wanted).only(*LINE_FIELDS), request.GET.get("after"))
    )
    context = {
        "page": page,
        "tasks": task_lines(page.items),
        "wanted": wanted,
        "problems": problems,
        "live_ids": [task.pk for task in page.items if task.status not in TERMINAL],
        "next_query": _query(wanted, after=page.next_cursor),
        "first_query": _query(wanted),
        "statuses": [*STATUS_GROUPS, *Status.values],
        "origins": SHOWN_ORIGINS,
        "models": model_choices(),
        "spans": ("1h", "24h", "7d", "30d"),
    }
    status = 422 if problems else 200
    return render_page(request, "tasks/history.html", "tasks/_history.html", context, status=status)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The rows that are still open, as out-of-band swaps; 286 once none is open any more."""
    tasks = tasks_by_ids(request.GET.getlist("id"))
    live_ids = [task.pk for task in tasks if task.status not in TERMINAL]
    context = {"tasks": task_lines(tasks), "live_ids": live_ids}
    status = 200 if live_ids else STOP_POLLING
    return render(request, "tasks/_live.html", context, status=status)
