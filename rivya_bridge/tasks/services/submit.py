"""Sending a task: references uploaded, body frozen, credits reserved, one POST under one key."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from rivya_bridge.connection import Connection, current_connection, rivya_client
from rivya_bridge.credits.services import release_credits, reserve_credits
from rivya_bridge.files.services import upload_reference
from rivya_bridge.refusals import Refusal
from rivya_bridge.rivya import Generation, RivyaError, StatusError
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.bodies import reference_item, request_body
from rivya_bridge.tasks.models import Exposure, Task, TaskAttempt
from rivya_bridge.tasks.services.remote_state import accept
from rivya_bridge.tasks.services.transitions import (
    add_event,
    change,
    hold,
    let_go,
    renew,
    soon,
)

RESPONSE_KEPT = 20_000


def submit(task: Task) -> None:
    """One claimed step of a queued or unconfirmed task: prepare, send, and write what came of it."""
    if not _belongs_here(task):
        return
    wait_until = gates.pass_gates(task.account, timezone.now())
    if wait_until:
        let_go(task, wait_until)
        return
    if task.request_body is None and not _prepare(task):
        return
    attempt = _begin(task)
    if attempt is None:
        return
    started_unconfirmed = attempt.number > 1 and task.held_from == "unconfirmed"
    _send(task, attempt, started_unconfirmed)


def _belongs_here(task: Task) -> bool:
    """Adopts an unsent task after a key change at the same address; holds what belongs elsewhere."""
    connection = current_connection()
    if task.account == connection.account:
        return True
    if task.base_url == connection.base_url and task.exposure == Exposure.NONE:
        change(task, account=connection.account, request_body=None, request_sha256="")
        return True
    hold(task, "other_account", _other_account_text(task, connection))
    return False


def _other_account_text(task: Task, connection: Connection) -> str:
    return (
        f"This task belongs to another account ({task.base_url}); the account in use is at "
        f"{connection.host}. {task.spent_text} Start with the former address and key to finish it."
    )


def _prepare(task: Task) -> bool:
    """Uploads what must be uploaded and freezes the exact bytes; False when that failed for now."""
    items = []
    for reference in task.references.select_related("file"):
        try:
            remote = upload_reference(reference.file, model_id=task.model_id)
        except RivyaError as error:
            _upload_failed(task, error, reference.file.name)
            return False
        except Refusal as refusal:
            hold(task, "reference_lost", refusal.message)
            return False
        items.append(reference_item(reference.file, remote))
        renew(task, timezone.now())
    body = request_body(task.draft, items, trace_id=str(task.pk))
    change(task, request_body=body, request_sha256=hashlib.sha256(body).hexdigest())
    return True


def _upload_failed(task: Task, error: RivyaError, name: str) -> None:
    """An upload spends nothing and may be repeated, so only a final refusal ends the task."""
    following = policy.after_failed_sending(
        error,
        unknown_tries=task.attempts,
        same_failures=0,
        conflicts=1,
        gate_failures=gates.failures_behind(gates.vendor_gate(task.account)),
    )
    text = f"The reference {name} could not be uploaded: {error} {error.action}"
    _close_gate(task, following, text)
    if following.status in ("queued", "unconfirmed"):
        with transaction.atomic():
            let_go(task, soon(max(1.0, following.delay_seconds)))
            add_event(task, "upload_failed", text, code=error.code)
    elif following.status == "held":
        hold(task, following.reason, text, **_error_fields(error))
    else:
        _fail(task, following.reason, text, error)


def _begin(task: Task) -> TaskAttempt | None:
    """queued|unconfirmed -> submitting, with credits reserved, before a byte is sent."""
    now = timezone.now()
    if task.status == "unconfirmed" and now - (task.first_sent_at or now) > policy.KEY_WINDOW:
        _hold_unknown(task)
        return None
    with transaction.atomic():
        if not task.holds_reservation and not reserve_credits(task.account, task.estimated_credits):
            hold(task, "insufficient_credits", _too_poor_text(task))
            return None
        came_from = task.status
        change(
            task,
            status="submitting",
            held_from=came_from,
            holds_reservation=True,
            exposure=Exposure.POSSIBLE,
            attempts=task.attempts + 1,
            first_sent_at=task.first_sent_at or now,
        )
        attempt = TaskAttempt.objects.create(task=task, number=task.attempts, started_at=now)
        add_event(
            task,
            "sending",
            f"Sending, attempt {attempt.number}, with the same key and bytes each time.",
            attempt=attempt.number,
        )
    return attempt


def _too_poor_text(task: Task) -> str:
    return (
        f"About {task.estimated_credits} credits are needed and the wallet does not have them free. "
        "Nothing was sent. The task goes on by itself once the balance suffices."
    )


def _hold_unknown(task: Task) -> None:
    minutes = int(policy.KEY_WINDOW.total_seconds() // 60)
    hold(
        task,
        "outcome_unknown",
        f"The request was sent and no usable answer came within {minutes} minutes. Repeating it now "
        f"might make a second task. Up to {task.estimated_credits} credits may have been spent: "
        "compare the wallet's balance, then cancel this task or run it again as a new one.",
    )


def _send(task: Task, attempt: TaskAttempt, was_unconfirmed: bool) -> None:
    body = bytes(task.request_body or b"")
    try:
        generation = rivya_client().generations.submit(
            body, idempotency_key=task.idempotency_key, max_retries=0
        )
    except RivyaError as error:
        _after_error(task, attempt, error, was_unconfirmed)
        return
    _close_attempt(attempt, "accepted", generation=generation)
    gates.open_gate(gates.vendor_gate(task.account))
    accept(task, generation)


def _close_attempt(
    attempt: TaskAttempt,
    outcome: str,
    *,
    generation: Generation | None = None,
    error: RivyaError | None = None,
) -> None:
    fields: dict[str, Any] = {"outcome": outcome, "ended_at": timezone.now()}
    if generation:
        text = json.dumps(generation.raw, indent=2, ensure_ascii=False)
        fields |= {
            "response": text[:RESPONSE_KEPT],
            "http_status": generation.meta.http_status,
            "request_id": generation.meta.request_id or "",
        }
    if error:
        fields |= {
            "error": str(error)[:2000],
            "response": error.body[:RESPONSE_KEPT],
            "http_status": error.http_status,
            "request_id": error.request_id or "",
        }
    TaskAttempt.objects.filter(pk=attempt.pk).update(**fields)


@dataclass(frozen=True, slots=True)
class _Failures:
    """How the attempts so far failed, the one at hand included."""

    unknown: int
    same: int
    conflicts: int


def _count_failures(task: Task) -> _Failures:
    rows = list(
        task.attempt_rows.order_by("-number").values_list("outcome", "http_status", "error")
    )
    same = 0
    for row in rows:
        if row != rows[0]:
            break
        same += 1
    unknown = sum(1 for outcome, *_ in rows if outcome in ("unknown", "sending"))
    conflicts = sum(1 for outcome, *_ in rows if outcome == "idempotency_conflict")
    return _Failures(unknown, same, max(1, conflicts))


def _outcome_word(error: RivyaError) -> str:
    if error.code == "idempotency_conflict":
        return "idempotency_conflict"
    return {"no": "refused", "yes": "unknown", "unknown": "unknown"}[error.spent]


def _after_error(
    task: Task, attempt: TaskAttempt, error: RivyaError, was_unconfirmed: bool
) -> None:
    _close_attempt(attempt, _outcome_word(error), error=error)
    failures = _count_failures(task)
    is_bucket = isinstance(error, StatusError) and error.http_status == 429
    gate = gates.bucket_gate if is_bucket else gates.vendor_gate
    following = policy.after_failed_sending(
        error,
        unknown_tries=failures.unknown,
        same_failures=failures.same,
        conflicts=failures.conflicts,
        gate_failures=gates.failures_behind(gate(task.account)),
    )
    text = f"{error} {error.action}"
    _close_gate(task, following, text)
    if following.status == "failed":
        _fail(task, following.reason, text, error, is_clean=not was_unconfirmed)
    elif following.status == "held":
        _hold_after(task, following.reason, text, error, was_unconfirmed)
    else:
        status = "unconfirmed" if was_unconfirmed else following.status
        _come_back(task, status, following, text, error)


def _close_gate(task: Task, following: policy.Next, text: str) -> None:
    if not following.gate:
        return
    name = gates.vendor_gate if following.gate == "vendor" else gates.bucket_gate
    until = soon(following.delay_seconds)
    gates.close_gate(name(task.account), until, following.reason, text)


def _error_fields(error: RivyaError) -> dict[str, Any]:
    return {
        "error_code": error.code[:120],
        "error_message": str(error)[:2000],
        "request_id": error.request_id or "",
    }


def _restored(task: Task, *, is_clean: bool) -> dict[str, Any]:
    """What to write when Rivya provably took nothing: no exposure, no reservation of ours."""
    if not is_clean:
        return {}
    if task.holds_reservation:
        release_credits(task.account, task.estimated_credits)
    return {"exposure": Exposure.NONE, "holds_reservation": False}


def _come_back(
    task: Task, status: str, following: policy.Next, text: str, error: RivyaError
) -> None:
    with transaction.atomic():
        restored = _restored(task, is_clean=status == "queued")
        let_go(
            task, soon(following.delay_seconds), status=status, **restored, **_error_fields(error)
        )
        add_event(task, status, text, reason=following.reason, code=error.code)


def _hold_after(
    task: Task, reason: str, text: str, error: RivyaError, was_unconfirmed: bool
) -> None:
    is_clean = error.spent == "no" and not was_unconfirmed
    with transaction.atomic():
        restored = _restored(task, is_clean=is_clean)
        hold(task, reason, text, **restored, **_error_fields(error))
        if is_clean:
            change(task, held_from="queued")


def _fail(task: Task, reason: str, text: str, error: RivyaError, *, is_clean: bool = True) -> None:
    from rivya_bridge.tasks.services.remote_state import finish

    with transaction.atomic():
        restored = _restored(task, is_clean=is_clean)
        finish(task, "failed", reason, text, **restored, **_error_fields(error))
