"""Why a task stands as it does, for a person: what happened, what was spent, the evidence, what next."""

from dataclasses import dataclass

from rivya_bridge.credits.models import LedgerEntry
from rivya_bridge.tasks import gates
from rivya_bridge.tasks.advice import (
    ANSWER_IS_WHOLE,
    CANCELED_UNSURE,
    KEY_IS_OLD,
    ONLY_MARKED,
    TURN_TOO_POOR,
    WAITING,
    Advice,
    advice_for,
)
from rivya_bridge.tasks.models import Exposure, Task, TaskAttempt, counted
from rivya_bridge.tasks.services import places
from rivya_bridge.tasks.services.decide import can_stop, may_continue

WAITING_FOR_PLACE = "waiting_for_place"
# What stands still, and so has an explanation.
STOPPED = ("held", "failed", "canceled")
PAGES = ("Connection", "Credits", "Files", "Template")
_TURN_TOO_POOR = ("turn_failed", "insufficient_credits")
# Whose page has a form that is filled in as before.
AGAIN = (Task.Origin.RUN, Task.Origin.JOB)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Four answers in sentences under a title; `evidence` holds one line for each fact.

    `actions` names what the next step may be pressed for: continue, cancel, again, done, and the pages
    connection, credits, files and template.
    """

    title: str
    happened: str
    spent: str
    evidence: list[str]
    next: str
    actions: tuple[str, ...]


def explain(task: Task) -> Explanation | None:
    """For a task that is held, failed or canceled; None for any other (a few queries)."""
    if task.status not in STOPPED:
        return None
    next_step, actions = _next(task)
    return Explanation(
        title=title_of(task),
        happened=task.reason_text,
        spent=task.spent_text,
        evidence=_evidence(task),
        next=next_step,
        actions=actions,
    )


def in_short(task: Task) -> Explanation | None:
    """The same without the evidence, for a list; a query only for what was sent and is held."""
    if task.status not in STOPPED:
        return None
    next_step, actions = _next(task)
    return Explanation(title_of(task), task.reason_text, task.spent_text, [], next_step, actions)


def title_of(task: Task) -> str:
    """The reason in words. No query."""
    return _advice(task).title


def _advice(task: Task) -> Advice:
    if task.status == "held" and task.reason == "answer_cut" and not task.is_cut:
        return ANSWER_IS_WHOLE
    if task.status == "held" and (task.reason, task.error_code) == _TURN_TOO_POOR:
        return TURN_TOO_POOR
    is_accepted = task.exposure == Exposure.ACCEPTED
    return advice_for(task.status, task.reason, is_accepted=is_accepted)


def _next(task: Task) -> tuple[str, tuple[str, ...]]:
    """The next step, and what its page offers for it in the order in which it is named."""
    advice, offered = _advice(task), _offered(task)
    text = advice.next
    if task.status == "held" and "continue" not in offered:
        text = advice.first + KEY_IS_OLD
    if task.status == "canceled" and task.exposure == Exposure.POSSIBLE:
        text = CANCELED_UNSURE
    if "cancel" in offered and not can_stop(task):
        text += ONLY_MARKED
    pages = {page.lower() for page in PAGES if f"{page} page" in text}
    return text, tuple(sorted(offered | pages, key=lambda name: _place(text, name)))


def _offered(task: Task) -> set[str]:
    """What may be done with the task itself."""
    if task.status == "held":
        names = {"continue"} if may_continue(task) else set()
        return names if task.cancel_requested_at else names | {"cancel"}
    names = {"again"} if task.origin in AGAIN else set()
    return names | {"done"} if task.status == "failed" and not task.handled_at else names


def _place(text: str, name: str) -> tuple[int, str]:
    """Where a step first names a control; after all others where it does not."""
    found = text.lower().find(name)
    return (found if found >= 0 else len(text), name)


def _evidence(task: Task) -> list[str]:
    nothing = "no complete answer" if task.answer_text else "no usable answer"
    lines = [_attempt_line(row, nothing) for row in task.attempt_rows.order_by("number")]
    if not lines:
        lines.append("There was no sending.")
    if task.remote_id:
        lines.append(
            f"Rivya gave it the id {task.remote_id}; last heard: {task.remote_status or 'nothing'}."
        )
    if task.polls:
        lines.append(_readings_line(task.polls, task.poll_errors))
    lines += [_ledger_line(entry) for entry in task.ledger_entries.order_by("created_at")]
    last = task.events.order_by("-seq").first()
    if last:
        lines.append(f"Timeline: {last.kind.replace('_', ' ')} at {last.at:%Y-%m-%d %H:%M:%S} UTC.")
    return lines


def _readings_line(count: int, failed: int) -> str:
    """`failed`: how many of the last ones brought nothing."""
    times = {1: "once", 2: "twice"}.get(count, f"{count} times")
    ends = {0: "", 1: "; the last reading failed"}
    return f"Its state was asked for {times}{ends.get(failed, f'; the last {failed} readings failed')}."


def _ledger_line(entry: LedgerEntry) -> str:
    instead = ", in place of what was reserved" if entry.kind == LedgerEntry.Kind.SETTLE else ""
    after = "" if entry.balance_after is None else f"; balance after: {entry.balance_after:,}"
    return f"Ledger: {entry.get_kind_display()} {counted(entry.amount)}{instead}{after}."


def _attempt_line(attempt: TaskAttempt, nothing: str) -> str:
    """`nothing`: what to call an answer of which nobody knows what came of it."""
    is_unknown = attempt.outcome == "unknown"
    facts = [nothing if is_unknown else attempt.outcome.replace("_", " ")]
    if attempt.http_status:
        facts.append(f"HTTP {attempt.http_status}")
    if attempt.request_id:
        facts.append(f"request id {attempt.request_id}")
    return f"Sending {attempt.number}: {', '.join(facts)}."


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a queued task is not sent yet: the reason, and in words."""

    reason: str
    title: str
    text: str


def why_queued(task: Task) -> Waiting | None:
    """For a queued task that is not sent yet; None for one that is about to be (a few queries)."""
    if task.status != "queued":
        return None
    gate = gates.closed_gate(task.account)
    if gate:
        text = f"Requests to Rivya wait until {gate.closed_until:%H:%M:%S} UTC. {gate.text}"
        return Waiting(gate.reason, WAITING.get(gate.reason, "Requests to Rivya wait"), text)
    busy = places.in_flight(task.account).count()
    free = places.free_places(task.account)
    if free > 0:
        return None
    tasks = "1 task of this account is" if busy == 1 else f"{busy} tasks of this account are"
    return Waiting(
        WAITING_FOR_PLACE,
        WAITING[WAITING_FOR_PLACE],
        f"{tasks} at Rivya, and {busy + free} may be there at once. Nothing was sent.",
    )
