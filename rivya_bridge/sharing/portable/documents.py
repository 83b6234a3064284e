"""What is written down of each row. What is left out belongs to one installation and is named too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rivya_bridge.comparison.models import Ballot, Comparison
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.promotion.models import ReadinessOverride, ReadinessVerdict, ResultConsumer
from rivya_bridge.sweeps.models import Sweep, SweepCell, SweepTry
from rivya_bridge.tasks.models import Task, TaskAttempt, TaskEvent

FORMAT, VERSION = "rivya-bridge-experiment", 2
EXPERIMENT, FILES, RUNS, COMPARISONS, BALLOTS = FIRST_DOCUMENTS = (
    "experiment.json", "files.jsonl", "runs.jsonl", "comparisons.jsonl", "ballots.jsonl",
)  # fmt: skip
SWEEPS, CELLS, CONSUMERS, OVERRIDES, VERDICTS = (
    "sweeps.jsonl", "cells.jsonl", "consumers.jsonl", "overrides.jsonl", "verdicts.jsonl",
)  # fmt: skip
DOCUMENTS = (*FIRST_DOCUMENTS, SWEEPS, CELLS, CONSUMERS, OVERRIDES, VERDICTS)
# What an archive of each version of the format holds; all of these are read.
DOCUMENTS_OF = {1: FIRST_DOCUMENTS, VERSION: DOCUMENTS}
MANIFEST = "manifest.json"
IMPORTED = "imported"

EXPERIMENT_FIELDS = (
    "title", "question", "brief", "category", "tags", "status", "run_count", "accepted_count",
    "rejected_count", "spent_credits", "created_at", "updated_at",
)  # fmt: skip
FILE_FIELDS = ("sha256", "kind", "mime_type", "size_bytes", "name")
RUN_FIELDS = (
    "number", "source", "model_id", "category", "prompt", "params", "result_text", "studio_credits",
    "studio_seconds", "counted_credits", "rating", "verdict", "note", "created_at", "updated_at",
)  # fmt: skip
TASK_FIELDS = (
    "kind", "base_url", "model_id", "category", "draft", "search_text", "group_label", "status",
    "remote_id", "remote_status", "remote_payload", "request_sha256", "session_id", "answer_text",
    "is_cut", "input_tokens", "output_tokens", "attempts", "polls", "poll_errors", "downloads",
    "exposure", "held_from", "reason", "reason_text", "error_code", "error_message", "request_id",
    "estimated_credits", "reserved_credits", "final_credits", "created_at", "updated_at",
    "first_sent_at", "accepted_at", "cancel_requested_at", "finished_at",
)  # fmt: skip
EVENT_FIELDS = ("seq", "at", "kind", "text", "data")
ATTEMPT_FIELDS = (
    "number", "started_at", "ended_at", "outcome", "http_status", "request_id", "response", "error",
    "earlier_body",
)  # fmt: skip
COMPARISON_FIELDS = ("title", "conclusion", "view_state", "created_at", "updated_at")
BALLOT_FIELDS = ("outcome", "created_at", "voted_at", "undone_at")
SWEEP_FIELDS = (
    "title", "status", "axes", "repeats", "concurrency", "credit_cap", "cell_count", "skipped_count",
    "estimated_credits", "spent_credits", "note", "created_at", "finished_at",
)  # fmt: skip
CELL_FIELDS = (
    "number", "place", "model_id", "prompt", "params", "estimated_credits", "skipped",
)  # fmt: skip
TRY_FIELDS = ("ordinal", "attempt", "status", "problem", "changed_at")
CONSUMER_FIELDS = ("name", "delivery", "updated_at")
OVERRIDE_FIELDS = (
    "question", "points", "reason", "sentence", "created_at", "ended_at", "ended_by",
)  # fmt: skip
VERDICT_FIELDS = ("verdict", "points", "created_at")

# Of each model: what is written under another name or by another row, and what stays behind.
ELSEWHERE: dict[type, frozenset[str]] = {
    Experiment: frozenset({"id", "preview", "is_arriving"}),
    Run: frozenset({"id", "experiment", "task", "continues_from"}),
    Task: frozenset({
        # Written by a row's place, or as texts.
        "id", "origin", "origin_id", "group_url", "idempotency_key", "request_body", "retry_of",
        # The machine's own: an imported task never moves.
        "account", "intent_key", "fence", "lease_until", "lease_owner", "lost_leases", "due_at",
        "rung_at", "news_at", "is_told", "hears_events", "holds_reservation",
        # Whose failure it is to look at: nobody's, once it is history.
        "handled_at",
    }),
    TaskEvent: frozenset({"id", "task"}),
    TaskAttempt: frozenset({"id", "task"}),
    Comparison: frozenset({"id", "experiment", "winner"}),
    Ballot: frozenset({"id", "experiment", "left", "right"}),
    Sweep: frozenset({"id", "experiment", "plan", "continues_from"}),
    SweepCell: frozenset({"id", "sweep", "references"}),
    SweepTry: frozenset({"id", "sweep", "cell", "run"}),
    ResultConsumer: frozenset({"experiment"}),
    # The facts that it was written against name rows of one installation: its sentence is compared.
    ReadinessOverride: frozenset({"id", "experiment", "fingerprint"}),
    ReadinessVerdict: frozenset({"id", "experiment"}),
    # What is known of a file's bytes is found out again from them.
    StoredFile: frozenset({
        "id", "width", "height", "duration_seconds", "frame_rate", "level_db", "preview_width",
        "preview_height", "created_at", "seen_at",
    }),
}  # fmt: skip
WRITTEN: dict[type, tuple[str, ...]] = {
    Experiment: EXPERIMENT_FIELDS,
    Run: RUN_FIELDS,
    Task: TASK_FIELDS,
    TaskEvent: EVENT_FIELDS,
    TaskAttempt: ATTEMPT_FIELDS,
    Comparison: COMPARISON_FIELDS,
    Ballot: BALLOT_FIELDS,
    Sweep: SWEEP_FIELDS,
    SweepCell: CELL_FIELDS,
    SweepTry: TRY_FIELDS,
    ResultConsumer: CONSUMER_FIELDS,
    ReadinessOverride: OVERRIDE_FIELDS,
    ReadinessVerdict: VERDICT_FIELDS,
    StoredFile: FILE_FIELDS,
}


def written(row: Any) -> dict[str, Any]:
    """The fields of a row that are written as they are; moments in ISO 8601."""
    return {name: _plain(getattr(row, name)) for name in WRITTEN[type(row)]}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def member_of(file: Any) -> str:
    """Where the bytes of a file lie in the ZIP."""
    return f"files/{file['sha256'] if isinstance(file, dict) else file.sha256}"


def experiment_document(experiment: Experiment) -> dict[str, Any]:
    preview = experiment.preview
    return {**written(experiment), "preview": preview.sha256 if preview else None}


def run_document(run: Run) -> dict[str, Any]:
    """A run with its files and its task prefetched."""
    return {
        **written(run),
        "continues_from": run.continues_from.number if run.continues_from else None,
        "references": [row.file.sha256 for row in run.references.all()],
        "results": [row.file.sha256 for row in run.results.all()],
        "task": task_document(run.task) if run.task else None,
    }


def task_document(task: Task) -> dict[str, Any]:
    """The facts of a task: what was asked, sent, answered, charged. The account's key is in none."""
    body = task.request_body
    return {
        **written(task),
        "idempotency_key": original_key(task.idempotency_key),
        "request_body": None if body is None else bytes(body).decode("utf-8", "replace"),
        "references": [row.file.sha256 for row in task.references.all()],
        "outputs": [
            {
                "position": row.position,
                "url": row.url,
                "file": row.file.sha256 if row.file else None,
            }
            for row in task.outputs.all()
        ],
        "events": [written(row) for row in task.events.all() if row.kind != IMPORTED],
        "sendings": [written(row) for row in task.attempt_rows.all()],
    }


def original_key(key: str) -> str:
    """The key that was sent, also of a task that was imported."""
    return key.partition(":")[2].partition(":")[2] if key.startswith(f"{IMPORTED}:") else key


def imported_key(key: str, import_id: str) -> str:
    """A key that no other row has and that is never sent."""
    return f"{IMPORTED}:{import_id}:{key}"


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    return {
        **written(comparison),
        "winner": comparison.winner.number if comparison.winner else None,
        "runs": [item.run.number for item in comparison.items.all()],
    }


def ballot_document(ballot: Ballot) -> dict[str, Any]:
    return {**written(ballot), "left": ballot.left.number, "right": ballot.right.number}


def sweep_document(
    sweep: Sweep, number: int, hashes: Mapping[str, str], last: int
) -> dict[str, Any]:
    """A sweep under its place among the experiment's; `hashes`: SHA-256 of its files by their ids.

    A run beyond `last` is left out, also as the one that it continues."""
    references = [hashes[key] for key in sweep.plan["references"]]
    earlier = sweep.continues_from
    return {
        **written(sweep),
        "number": number,
        "continues_from": earlier.number if earlier and earlier.number <= last else None,
        "plan": {**sweep.plan, "references": references},
    }


def cell_document(
    cell: SweepCell, number: int, hashes: Mapping[str, str], last: int
) -> dict[str, Any]:
    """A cell of the sweep `number` with its tries; a run beyond `last` is one that did not start yet."""
    return {
        **written(cell),
        "sweep": number,
        "references": [hashes[key] for key in cell.references],
        "tries": [_try(row, last) for row in cell.tries.all()],
    }


def _try(row: SweepTry, last: int) -> dict[str, Any]:
    if row.run is not None and row.run.number > last:
        return {**written(row), "status": SweepTry.Status.WAITING, "run": None}
    return {**written(row), "run": row.run.number if row.run else None}
