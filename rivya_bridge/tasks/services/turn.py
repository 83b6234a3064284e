"""Sending a chat turn: one stream under the task's key, its text written down while it arrives."""

import time
from typing import Any

from django.db import transaction

from rivya_bridge.connection import rivya_client
from rivya_bridge.credits.services import (
    distrust_balance,
    record_acceptance,
    record_settlement,
    release_credits,
)
from rivya_bridge.rivya import (
    ChatCompletion,
    ChatStream,
    OutcomeUnknown,
    RivyaError,
    TextDelta,
    TurnCompleted,
    TurnEnd,
    TurnFailed,
    TurnIncomplete,
)
from rivya_bridge.tasks import gates
from rivya_bridge.tasks.models import Exposure, Task, TaskAttempt, counted
from rivya_bridge.tasks.services.attempts import close_accepted, close_failed
from rivya_bridge.tasks.services.cut_answer import read_again
from rivya_bridge.tasks.services.failed_sending import after_failed_sending, error_fields
from rivya_bridge.tasks.services.finish import finish
from rivya_bridge.tasks.services.transitions import change, hold
from rivya_bridge.tasks.services.turn_watch import watched

# A page that follows the turn looks as often; each writing is one small UPDATE.
WRITE_SECONDS = 0.25

_CUTS = {
    "ended": "Rivya closed the stream before the answer's end.",
    "broken": "The connection broke in the middle of the answer.",
    "idle": "Nothing more came, and the wait was given up.",
    "stalled": "The stream stayed open and told nothing more, and the wait was given up.",
    "deadline": "The answer took longer than a turn may take.",
    "too_large": "The answer is larger than is taken.",
    "stopped": "The stream was closed.",
}


def send_turn(task: Task, attempt: TaskAttempt, *, was_unconfirmed: bool) -> None:
    """One POST of the frozen body; every outcome is written with what had arrived."""
    stream = rivya_client().chat.stream(
        bytes(task.request_body or b""),
        idempotency_key=task.idempotency_key,
        max_retries=0,
        # A key is known per route: what may have been taken by one is never sent to the other.
        whole_if_no_stream=not was_unconfirmed,
    )
    try:
        with stream, watched(task, stream):
            end = _follow(task, stream)
    except RivyaError as error:
        after_failed_sending(task, attempt, error, was_unconfirmed=was_unconfirmed)
        return
    fields = {"session_id": (stream.session_id or task.session_id)[:255]}
    match end:
        case TurnCompleted(completion):
            close_accepted(attempt, completion)
            gates.note_answer(task.account)
            _complete(task, attempt, completion, fields)
        case TurnFailed(failure, _) if failure.spent == "no":
            after_failed_sending(task, attempt, failure, was_unconfirmed=was_unconfirmed)
        case TurnFailed(failure, text):
            close_failed(attempt, failure)
            _hold_failed(task, failure, text, fields)
        case TurnIncomplete():
            _incomplete(task, attempt, end, fields, was_unconfirmed)


def _follow(task: Task, stream: ChatStream) -> TurnEnd:
    """Writes the text down now and then; raises LostClaim when the task is no longer ours."""
    written_at = 0.0
    for event in stream:
        now = time.monotonic()
        if isinstance(event, TextDelta) and now - written_at >= WRITE_SECONDS:
            change(task, answer_text=stream.text, session_id=(stream.session_id or "")[:255])
            written_at = now
    assert stream.end is not None
    return stream.end


def _complete(
    task: Task, attempt: TaskAttempt, completion: ChatCompletion, fields: dict[str, Any]
) -> None:
    """submitting -> succeeded, with Rivya's reservation and its final charge in the ledger."""
    remote_id = completion.id or f"turn:{task.pk}"
    reserved = completion.reserved_credits
    reserved = task.estimated_credits if reserved is None else reserved
    final = completion.final_credits
    with transaction.atomic():
        if task.holds_reservation:
            release_credits(task.account, task.estimated_credits)
        record_acceptance(
            task_id=task.pk, account=task.account, remote_id=remote_id, reserved=reserved
        )
        if final is None:
            distrust_balance(task.account)
        else:
            record_settlement(
                task_id=task.pk,
                account=task.account,
                remote_id=remote_id,
                reserved=reserved,
                final=final,
            )
        finish(
            task,
            "succeeded",
            "",
            _completed_text(final),
            **fields,
            remote_id=remote_id,
            remote_status="completed",
            remote_payload=completion.raw,
            request_id=completion.meta.request_id or "",
            answer_text=completion.message.content,
            is_cut=False,
            input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens,
            reserved_credits=reserved,
            final_credits=final,
            exposure=Exposure.ACCEPTED,
            holds_reservation=False,
            accepted_at=attempt.started_at,
            error_code="",
            error_message="",
        )


def _completed_text(final: int | None) -> str:
    if final is None:
        return "Rivya answered and named no charge: the wallet's next reading shows it."
    return f"Rivya answered for {counted(final)}."


def _incomplete(
    task: Task,
    attempt: TaskAttempt,
    end: TurnIncomplete,
    fields: dict[str, Any],
    was_unconfirmed: bool,
) -> None:
    """Without a word it is a lost answer like any other; with some, or stopped, a person decides."""
    error = end.error or OutcomeUnknown(_CUTS[end.reason], spent=end.spent)
    if end.reason == "stopped" and _stop_was_asked(task):
        close_failed(attempt, error)
        _stop(task, end, fields, was_never_sent=end.spent == "no" and not was_unconfirmed)
    elif end.text:
        close_failed(attempt, error)
        _hold_cut(task, end, error, fields)
    else:
        after_failed_sending(task, attempt, error, was_unconfirmed=was_unconfirmed)


def _hold_cut(task: Task, end: TurnIncomplete, error: RivyaError, fields: dict[str, Any]) -> None:
    found = read_again(task, end.session_id or task.session_id, end.text)
    hold(
        task,
        "answer_cut",
        f"{_CUTS[end.reason]} What had arrived is kept. {found.note}",
        held_from="unconfirmed",
        answer_text=found.text,
        is_cut=not found.is_whole,
        **fields,
        **error_fields(error),
    )


def _stop_was_asked(task: Task) -> bool:
    return Task.objects.filter(pk=task.pk, cancel_requested_at__isnull=False).exists()


def _hold_failed(task: Task, error: RivyaError, text: str, fields: dict[str, Any]) -> None:
    kept = "What had arrived is kept. " if text else ""
    hold(
        task,
        "turn_failed",
        f"{error} {kept}".strip(),
        held_from="unconfirmed",
        answer_text=text,
        is_cut=True,
        **fields,
        **error_fields(error),
    )


def _stop(task: Task, end: TurnIncomplete, fields: dict[str, Any], *, was_never_sent: bool) -> None:
    """submitting -> canceled. The charge of a turn that Rivya finishes alone shows in the wallet."""
    with transaction.atomic():
        if task.holds_reservation:
            release_credits(task.account, task.estimated_credits)
        if was_never_sent:
            change(task, exposure=Exposure.NONE)
        distrust_balance(task.account)
        finish(
            task,
            "canceled",
            "turn_stopped",
            "A person stopped it; what had arrived is kept.",
            **fields,
            answer_text=end.text,
            is_cut=True,
            holds_reservation=False,
        )
