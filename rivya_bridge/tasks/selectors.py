"""Reads of task history."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from rivya_bridge.refusals import Missing, Problem, Refusal
from rivya_bridge.tasks.models import ADVANCING, TERMINAL, Status, Task, TaskAttempt
from rivya_bridge.web.distinct import distinct_values

STATUS_GROUPS: dict[str, frozenset[str]] = {
    "open": frozenset(ADVANCING),
    "attention": frozenset({Status.HELD, Status.FAILED}),
    "ended": frozenset(TERMINAL),
}
ORIGINS = tuple(Task.Origin.values)
# Conversations have no page of their own yet: their turns are runs.
SHOWN_ORIGINS = tuple(one for one in ORIGINS if one != Task.Origin.CHAT)
_SINCE = re.compile(r"(\d{1,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What history is narrowed to; empty means everything.

    `status` is a status or one of open, attention, ended. `since` is like 24h, 7d or 2w. `q` is
    found in prompt, model, experiment or template name, remote id, or is a task's own id.
    """

    status: str = ""
    model: str = ""
    origin: str = ""
    since: str = ""
    q: str = ""

    def __bool__(self) -> bool:
        return any((self.status, self.model, self.origin, self.since, self.q))


def check_filter(wanted: TaskFilter) -> list[Problem]:
    """What in a filter cannot be read."""
    problems = []
    known = [*STATUS_GROUPS, *Status.values]
    if wanted.status and wanted.status not in known:
        text = f"{wanted.status[:40]!r} is no status: use one of {', '.join(known)}."
        problems.append(Problem("status", text))
    if wanted.origin and wanted.origin not in ORIGINS:
        text = f"{wanted.origin[:40]!r} is no origin: use run, job, chat or probe."
        problems.append(Problem("origin", text))
    if wanted.since and not _SINCE.fullmatch(wanted.since):
        text = f"{wanted.since[:40]!r} is no time span: write 24h, 7d or 2w."
        problems.append(Problem("since", text))
    for name in ("q", "model"):
        value = getattr(wanted, name)
        if len(value) > 200 or "\x00" in value:
            text = f"{name} must have at most 200 printable characters."
            problems.append(Problem(name, text, 200))
    return problems


def task_rows(wanted: TaskFilter) -> QuerySet[Task]:
    """History narrowed by a filter, unordered (pages order by id). Raises Refusal for nonsense.

    Bodies and payloads are left out: a list shows neither.
    """
    problems = check_filter(wanted)
    if problems:
        raise Refusal.of(problems)
    rows = Task.objects.defer("draft", "remote_payload", "request_body", "search_text")
    if wanted.status:
        rows = rows.filter(status__in=STATUS_GROUPS.get(wanted.status, {wanted.status}))
    if wanted.model:
        rows = rows.filter(model_id=wanted.model)
    if wanted.origin:
        rows = rows.filter(origin=wanted.origin)
    if match := _SINCE.fullmatch(wanted.since):
        rows = rows.filter(created_at__gte=timezone.now() - _span(match))
    if wanted.q:
        rows = rows.filter(_found(wanted.q))
    return rows


def _span(match: re.Match[str]) -> timedelta:
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _found(text: str) -> Q:
    words = Q()
    for word in text.split():
        words &= Q(search_text__icontains=word)
    found = words | Q(remote_id=text.strip())
    try:
        return found | Q(id=uuid.UUID(text.strip()))
    except ValueError:
        return found


def inbox_rows(origin: str = "") -> QuerySet[Task]:
    """What needs a person: held or failed, and nobody has dealt with it yet. Raises Refusal."""
    wanted = TaskFilter(status="attention", origin=origin)
    return task_rows(wanted).filter(handled_at=None).exclude(origin=Task.Origin.PROBE)


def get_task(task_id: uuid.UUID | str) -> Task:
    """One task with all its fields; raises Missing."""
    task = Task.objects.filter(pk=task_id).first()
    if task is None:
        raise Missing("There is no such task.")
    return task


def get_sending(task_id: uuid.UUID, number: int) -> TaskAttempt:
    """One sending with its task; raises Missing."""
    rows = TaskAttempt.objects.filter(task=task_id, number=number).select_related("task")
    sending = rows.first()
    if sending is None:
        raise Missing(f"This task has no sending {number}: its page lists those that there were.")
    return sending


def tasks_by_ids(ids: Iterable[str]) -> list[Task]:
    """The tasks that live updates ask for; what is no id is passed over. At most 100."""
    wanted = []
    for raw in list(ids)[:100]:
        try:
            wanted.append(uuid.UUID(raw))
        except ValueError:
            continue
    rows = Task.objects.defer("draft", "remote_payload", "request_body", "search_text")
    return list(rows.filter(pk__in=wanted))


def model_choices() -> list[str]:
    """The models that appear in history, for the filter (one query, from an index)."""
    return distinct_values(Task.objects.all(), "model_id")
