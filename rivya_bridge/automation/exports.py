"""Batches as CSV, written row by row while they are sent."""

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db.models import Max

from rivya_bridge.automation.models import Batch, BatchRow
from rivya_bridge.automation.selectors import row_error, row_status, rows_in_chunks
from rivya_bridge.tasks.models import TaskOutput

PROBLEM_HEADER = ("row", "line", "column", "value", "limit", "problem")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """Gives back what a CSV writer writes."""

    def write(self, text: str) -> str:
        return text


def problem_lines(batch: Batch) -> Iterator[str]:
    """One line for each problem of each row."""
    return _csv(_problem_cells(batch))


def _problem_cells(batch: Batch) -> Iterator[Iterable[Any]]:
    yield PROBLEM_HEADER
    for row in rows_in_chunks(batch, status=BatchRow.Status.INVALID):
        for problem in row.problems:
            limit = "" if problem["limit"] is None else problem["limit"]
            cells = (problem["field"], problem["value"], limit, problem["message"])
            yield (row.ordinal, row.line, *map(_text, cells))


def result_lines(batch: Batch, address_of: Callable[[UUID], str]) -> Iterator[str]:
    """Every attempt of every row: inputs as they were given, status, credits, task, files, the answer
    of a chat turn, error.

    `credits` is what the ledger has as charged for the row's task, empty while that is unknown, so
    that the column's sum is the ledger's.
    """
    return _csv(_result_cells(batch, address_of))


def _result_cells(batch: Batch, address_of: Callable[[UUID], str]) -> Iterator[Iterable[Any]]:
    version = batch.version
    names = [entry["name"] for entry in version.variables]
    names += [entry["key"] for entry in version.exposed_params]
    names += [entry["name"] for entry in version.file_slots]
    outputs = TaskOutput.objects.filter(task__job__batch_row__batch=batch, file__isnull=False)
    told = ("answer",) if version.category == "chat" else ()
    most = outputs.aggregate(most=Max("position"))["most"]
    files = range(1, (0 if most is None else most + 1) + 1)
    yield (
        "row", "attempt", "line", *names, "status", "credits", "task", "job",
        *(f"file_{number}" for number in files), *told, "error",
    )  # fmt: skip
    for row in rows_in_chunks(batch):
        yield _result(row, names, len(files), address_of, tells=bool(told))


def _result(
    row: BatchRow, names: list[str], files: int, address_of: Callable[[UUID], str], *, tells: bool
) -> Iterable[Any]:
    task = row.job.task if row.job else None
    outputs = task.outputs.all() if task else ()
    addresses = [address_of(output.file_id) for output in outputs if output.file_id]
    spent = task.final_credits if task else None
    return (
        row.ordinal,
        row.attempt,
        row.line,
        *(_cell(row.inputs.get(name)) for name in names),
        row_status(row),
        "" if spent is None else spent,
        task.pk if task else "",
        row.job_id or "",
        *addresses[:files],
        *[""] * (files - len(addresses)),
        *([_text(task.answer_text if task else "")] if tells else []),
        _text(row_error(row)),
    )


def _cell(value: Any) -> Any:
    """As a cell of the next batch would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value


def _text(value: Any) -> Any:
    """What others wrote must not be taken for a formula by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _csv(rows: Iterator[Iterable[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow(row)
