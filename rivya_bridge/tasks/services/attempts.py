"""The evidence of each sending: what came back, and how the sendings so far have failed."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from rivya_bridge.rivya import ChatCompletion, Generation, IdempotencyConflict, RivyaError
from rivya_bridge.tasks.models import Task, TaskAttempt
from rivya_bridge.tasks.services.transitions import change

RESPONSE_KEPT = 20_000


def open_attempt(task: Task, now: datetime) -> TaskAttempt:
    """Written before the request goes out; `task.attempts` is its number."""
    return TaskAttempt.objects.create(task=task, number=task.attempts, started_at=now)


def thaw(task: Task, **fields: Any) -> None:
    """Changes `fields` of a task that will go out with other bytes; its sendings so far keep theirs."""
    with transaction.atomic():
        if task.request_body is not None:
            sent = bytes(task.request_body).decode()
            task.attempt_rows.filter(earlier_body="").update(earlier_body=sent)
        change(task, request_body=None, request_sha256="", **fields)


def close_accepted(attempt: TaskAttempt, answer: Generation | ChatCompletion) -> None:
    """Kept even if the task's own change is refused afterwards: it is evidence of a charge."""
    text = json.dumps(answer.raw, indent=2, ensure_ascii=False)
    TaskAttempt.objects.filter(pk=attempt.pk).update(
        outcome="accepted",
        ended_at=timezone.now(),
        response=text[:RESPONSE_KEPT],
        http_status=answer.meta.http_status,
        request_id=answer.meta.request_id or "",
    )


def close_failed(attempt: TaskAttempt, error: RivyaError) -> None:
    TaskAttempt.objects.filter(pk=attempt.pk).update(
        outcome=_outcome_word(error),
        ended_at=timezone.now(),
        error=str(error)[:2000],
        response=error.body[:RESPONSE_KEPT],
        http_status=error.http_status,
        request_id=error.request_id or "",
    )


def _outcome_word(error: RivyaError) -> str:
    if isinstance(error, IdempotencyConflict):
        return "idempotency_conflict"
    return "refused" if error.spent == "no" else "unknown"


@dataclass(frozen=True, slots=True)
class Failures:
    """How the attempts so far failed, the latest included; `same` counts equal ones in a row."""

    unknown: int
    same: int
    conflicts: int


def count_failures(task: Task) -> Failures:
    """From the rows of the task's attempts, of which the latest is closed."""
    rows = list(
        task.attempt_rows.order_by("-number").values_list("outcome", "http_status", "error")
    )
    same = 0
    for row in rows:
        if row != rows[0]:
            break
        same += 1
    outcomes = [outcome for outcome, *_ in rows]
    return Failures(
        unknown=outcomes.count("unknown"),
        same=same,
        conflicts=max(1, outcomes.count("idempotency_conflict")),
    )
