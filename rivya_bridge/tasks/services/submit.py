"""Sending a task: references uploaded, body frozen, credits reserved, one POST under one key."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from rivya_bridge.connection import Connection, current_connection, rivya_client
from rivya_bridge.credits.caps import room_today, spending_caps
from rivya_bridge.credits.services import release_credits, reserve_credits
from rivya_bridge.rivya import RivyaError
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.models import Exposure, Task, TaskAttempt, are, counted
from rivya_bridge.tasks.services import places
from rivya_bridge.tasks.services.attempts import close_accepted, open_attempt, thaw
from rivya_bridge.tasks.services.failed_sending import after_failed_sending
from rivya_bridge.tasks.services.key_window import key_window
from rivya_bridge.tasks.services.remote_state import accept
from rivya_bridge.tasks.services.request_body import make_body
from rivya_bridge.tasks.services.transitions import (
    add_event,
    change,
    hold,
    let_go,
    wait_for_gate,
)
from rivya_bridge.tasks.services.turn import send_turn
from rivya_bridge.tasks.signals import reserving

REFUSED_KEY = "Rivya refused the API key when another task used it, so this one was not sent now."


@dataclass(frozen=True, slots=True)
class Sending:
    """One attempt that may go out; `was_unconfirmed`: an earlier one may have been acted on; `was_free`: it
    met no gate."""

    attempt: TaskAttempt
    was_unconfirmed: bool
    was_free: bool


def submit(task: Task) -> None:
    """One claimed step of a queued or unconfirmed task: prepare, send, and write what came of it."""
    if not _belongs_here(task) or not _may_repeat(task):
        return
    passage = gates.pass_gates(task.account, timezone.now())
    if passage.is_refused:
        hold(task, "key_refused", REFUSED_KEY)
        return
    if passage.wait_until:
        wait_for_gate(task, passage.wait_until)
        return
    body = task.request_body or make_body(task)
    if body is None:
        return
    sending = _begin(task, bytes(body), was_free=passage.was_free)
    if sending:
        _send(task, sending)


def _belongs_here(task: Task) -> bool:
    """Adopts an unsent task after a key change at the same address; holds what belongs elsewhere."""
    connection = current_connection()
    if task.account == connection.account:
        return True
    if task.exposure == Exposure.NONE and connection.may_adopt(task.account, task.base_url):
        thaw(task, account=connection.account)
        return True
    hold(task, "other_account", _other_account_text(task, connection))
    return False


def _other_account_text(task: Task, connection: Connection) -> str:
    return (
        f"This task belongs to another account ({task.base_url}); the account in use is at "
        f"{connection.host}."
    )


def _may_repeat(task: Task) -> bool:
    """Holds an unconfirmed task whose key can no longer be trusted to mean the same task."""
    if task.status != "unconfirmed":
        return True
    window = key_window(task.account)
    if policy.key_window_is_open(task.first_sent_at, timezone.now(), window):
        return True
    minutes = int(window.total_seconds() // 60)
    hold(
        task,
        "outcome_unknown",
        f"The request was sent and no usable answer came within {minutes} minutes. Repeating it now "
        "might make a second task.",
    )
    return False


def _begin(task: Task, body: bytes, *, was_free: bool) -> Sending | None:
    """queued|unconfirmed -> submitting, with the bytes frozen and credits reserved, before one is sent."""
    now = timezone.now()
    was_unconfirmed = task.status == "unconfirmed"
    with transaction.atomic():
        if not task.holds_reservation and not reserve_credits(task.account, task.estimated_credits):
            hold(task, "insufficient_credits", _too_poor_text(task), error_code="")
            return None
        if not was_unconfirmed and places.free_places(task.account) <= 0:
            # Counted after the reservation, whose row keeps others out until the commit.
            release_credits(task.account, task.estimated_credits)
            let_go(task, now, lost_leases=task.lost_leases)
            return None
        limited_until = gates.limited_until(task.account, timezone.now())
        if limited_until:
            # Another task met a rate limit while this one waited for the row of the wallet.
            if not task.holds_reservation:
                release_credits(task.account, task.estimated_credits)
            wait_for_gate(task, limited_until)
            return None
        if not was_unconfirmed and (over := _over_a_cap(task)):
            release_credits(task.account, task.estimated_credits)
            hold(task, *over)
            return None
        change(
            task,
            status="submitting",
            request_body=body,
            request_sha256=hashlib.sha256(body).hexdigest(),
            holds_reservation=True,
            exposure=Exposure.POSSIBLE,
            attempts=task.attempts + 1,
            first_sent_at=task.first_sent_at or now,
        )
        attempt = open_attempt(task, now)
        add_event(
            task,
            "sending",
            f"Sending, attempt {attempt.number}, with the same key and bytes each time.",
            attempt=attempt.number,
        )
    return Sending(attempt, was_unconfirmed, was_free)


def _over_a_cap(task: Task) -> tuple[str, str] | None:
    """Reason and sentence of the first cap for a day that the reservation just made would pass."""
    room = room_today(task.account)
    if room is not None and room < 0:
        return "day_cap", _over_day_cap_text(task, room)
    answers: list[Any] = [answer for _, answer in reserving.send(sender=Task, task=task)]
    return next((answer for answer in answers if answer), None)


def _over_day_cap_text(task: Task, room: int) -> str:
    """`room`: what is left of the day when this task is counted in, below zero."""
    cap = spending_caps().day_cap or 0
    taken = cap - room - task.estimated_credits
    text = (
        f"{counted(taken)} of today's cap of {cap} {are(taken)} spent or set aside, and "
        f"this task takes about {counted(task.estimated_credits)}. Nothing was sent."
    )
    if task.estimated_credits > cap:
        text += f" No day carries it before the cap is {task.estimated_credits} or more."
    return text


def _too_poor_text(task: Task) -> str:
    return (
        f"About {counted(task.estimated_credits)} {are(task.estimated_credits)} needed, and fewer are left in "
        "the wallet, without what is set aside for other tasks. Nothing was sent."
    )


def _send(task: Task, sending: Sending) -> None:
    if task.kind == Task.Kind.CHAT:
        send_turn(task, sending.attempt, was_unconfirmed=sending.was_unconfirmed)
        return
    body = bytes(task.request_body or b"")
    try:
        generation = rivya_client().generations.submit(
            body, idempotency_key=task.idempotency_key, max_retries=0
        )
    except RivyaError as error:
        after_failed_sending(task, sending.attempt, error, was_unconfirmed=sending.was_unconfirmed)
        return
    close_accepted(sending.attempt, generation)
    if not sending.was_free:
        gates.note_answer(task.account)
    accept(task, generation)
