"""Why a task stands as it does, for a person: what happened, what was spent, the evidence, what next."""

from dataclasses import dataclass

from rivya_bridge.tasks import gates
from rivya_bridge.tasks.models import Task, TaskAttempt
from rivya_bridge.tasks.services import places

# What to do next, by reason. A reason that only Rivya knows (an error code) takes the usual advice.
NEXT = {
    "outcome_unknown": "Compare the wallet's balance on the credits page. Then cancel this task, or "
    "run it again as a new one.",
    "server_failure": "Continue to send the same key once more, or cancel this task and run it again "
    "when Rivya is well.",
    "idempotency_conflict": "Wait until Rivya has finished the first sending, then continue. The same "
    "key is used, never a new one.",
    "redirect_refused": "Correct the address of the account on the connection page, then continue.",
    "insufficient_credits": "Top up the wallet at Rivya. A held task goes on by itself, a failed one "
    "is run again.",
    "day_cap": "Wait until tomorrow (UTC), or raise the day's cap on the credits page; it goes on by "
    "itself.",
    "template_day_cap": "Wait until tomorrow (UTC), or raise the day cap on the template's page; it goes on by "
    "itself.",
    "key_refused": "Enter a valid key on the connection page: all held tasks go on. Or continue, to "
    "try this key again.",
    "other_account": "Go back to the account that the task belongs to; it goes on by itself. Or cancel "
    "it here.",
    "unreachable": "Check the network and the address, then continue.",
    "rate_limited": "Continue later: Rivya asks for fewer requests.",
    "api_disabled": "Continue once Rivya's API is switched on again.",
    "upload_failed": "Continue to upload the reference again, or cancel this task.",
    "reference_lost": "Add the file to the vault again, then continue.",
    "poison": "Look at the timeline for the error that repeats. Then continue to try once more, or "
    "cancel.",
    "not_found": "Check that the key belongs to the account that made the task. Then continue to ask "
    "again, or cancel to give it up.",
    "poll_budget_over": "Continue to ask once more, or cancel to give it up.",
    "wrong_answer": "Continue to ask again. If it repeats, report the request id to Rivya.",
    "no_result": "Continue to ask for the results again, or cancel to give them up.",
    "results_unavailable": "Continue to ask for fresh addresses, or cancel to give the results up.",
    "result_refused": "Look at the task's response. Continue to download again, or cancel to give the "
    "result up.",
    "data_folder": "Make room on the disk of the data folder, then continue.",
    "answer_cut": "Continue to fetch the whole answer under the same key, which is charged once. Or cancel "
    "to keep what arrived.",
    "turn_failed": "Continue to ask once more under the same key, or cancel and send the message anew.",
    "turn_stopped": "Nothing is left to do. Send the message anew if the whole answer is wanted after all.",
    "generation_failed": "Change the prompt, params or references, then run it again.",
    "canceled_by_person": "Nothing is left to do. Run it again as a new task if it is wanted after all.",
}
USUAL_NEXT = "Correct what the message names, then run it again as a new task."
WAITING_FOR_PLACE = "waiting_for_place"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Four answers in sentences; `evidence` holds one line for each fact."""

    happened: str
    spent: str
    evidence: list[str]
    next: str


def explain(task: Task) -> Explanation | None:
    """For a task that is held, failed or canceled; None for any other (a few queries)."""
    if task.status not in ("held", "failed", "canceled"):
        return None
    return Explanation(
        happened=task.reason_text,
        spent=task.spent_text,
        evidence=_evidence(task),
        next=next_step(task),
    )


def next_step(task: Task) -> str:
    """What a person does about a task that is held, failed or canceled. No query."""
    return NEXT.get(task.reason, USUAL_NEXT)


def _evidence(task: Task) -> list[str]:
    lines = [_attempt_line(attempt) for attempt in task.attempt_rows.order_by("number")]
    if task.remote_id:
        lines.append(
            f"Rivya knows it as {task.remote_id}; last heard: {task.remote_status or '—'}."
        )
    if task.polls:
        lines.append(f"Its state was read {task.polls} times, {task.poll_errors} failed in a row.")
    for entry in task.ledger_entries.order_by("created_at"):
        after = "unknown" if entry.balance_after is None else str(entry.balance_after)
        lines.append(
            f"Ledger: {entry.get_kind_display()} {entry.amount} credits; balance after: {after}."
        )
    last = task.events.order_by("-seq").first()
    if last:
        lines.append(f"Event {last.seq} of the timeline: {last.kind}.")
    return lines


def _attempt_line(attempt: TaskAttempt) -> str:
    status = f"HTTP {attempt.http_status}" if attempt.http_status else "no HTTP answer"
    request = f", request id {attempt.request_id}" if attempt.request_id else ""
    return f"Sending {attempt.number}: {attempt.outcome}, {status}{request}."


def why_queued(task: Task) -> tuple[str, str] | None:
    """Reason and sentence for a queued task that is not sent yet; None for one that is about to be."""
    if task.status != "queued":
        return None
    gate = gates.closed_gate(task.account)
    if gate:
        return (
            gate.reason,
            f"Requests to Rivya wait until {gate.closed_until:%H:%M:%S} UTC. {gate.text}",
        )
    busy = places.in_flight(task.account).count()
    free = places.free_places(task.account)
    if free > 0:
        return None
    return (
        WAITING_FOR_PLACE,
        f"Waiting for a free place: {busy} tasks of this account are at Rivya, and {busy + free} may "
        "be there at once. Nothing was sent.",
    )
