"""How a table becomes a batch: checked row by row, stored in short transactions, nothing started."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from rivya_bridge.automation.fields import read_whole
from rivya_bridge.automation.models import Batch, BatchRow, JobTemplate
from rivya_bridge.automation.selectors.versions import chosen_version
from rivya_bridge.automation.services.batch_check import (
    BatchCheck,
    CheckedRow,
    check_rows,
    start_problems,
    version_check,
)
from rivya_bridge.automation.services.day_caps import day_notices
from rivya_bridge.automation.tables import RawRow
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.texts import read_text

CHUNK = 500
NAME_LENGTH = 200
MOST_AT_ONCE = 50
USUAL_AT_ONCE = 4
LARGEST_CAP = 100_000_000


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What a person chooses for a batch; `credit_cap` None means no cap of its own.

    `label` names the version that it is pinned to, "" the current one.
    """

    name: str = ""
    concurrency: int = USUAL_AT_ONCE
    credit_cap: int | None = None
    label: str = ""


def checked_options(options: BatchOptions) -> BatchOptions:
    """The same, cleaned. Raises Refusal for each that is beyond its limits."""
    problems: list[Problem] = []
    name = read_text(problems, "name", options.name, most=NAME_LENGTH).strip()
    at_once = read_whole(problems, "concurrency", options.concurrency, least=1, most=MOST_AT_ONCE)
    cap = options.credit_cap
    if cap is not None:
        cap = read_whole(problems, "credit_cap", cap, least=1, most=LARGEST_CAP)
    if problems:
        raise Refusal.of(problems)
    return BatchOptions(name or "Batch", at_once, cap, options.label)


def check_batch(
    template: JobTemplate, rows: Iterable[RawRow], options: BatchOptions, *, leave_out: bool = False
) -> BatchCheck:
    """A dry run of a whole table: creates and spends nothing. Raises Refusal for an unreadable one."""
    options = checked_options(options)
    found = BatchCheck()
    check = version_check(chosen_version(template, options.label), template)
    for row in check_rows(check, rows):
        found.add(row)
    found.blockers = start_problems(
        row_count=found.row_count,
        invalid_count=found.invalid_count,
        estimate=found.estimated_credits,
        credit_cap=options.credit_cap,
        leave_out=leave_out,
    )
    found.notices = day_notices(template, found.estimated_credits)
    return found


def add_batch(
    template: JobTemplate,
    rows: Iterable[RawRow],
    options: BatchOptions,
    *,
    source: str,
    absent: Sequence[str] = (),
) -> Batch:
    """A checked batch with all its rows, good and bad; nothing is started or spent.

    Rows are stored 500 at a time. Raises Refusal for a table that cannot be read, and nothing of it
    stays.
    """
    options = checked_options(options)
    version = chosen_version(template, options.label)
    check = version_check(version, template)
    batch = Batch.objects.create(
        template=template,
        version=version,
        name=options.name,
        source=source,
        concurrency=options.concurrency,
        credit_cap=options.credit_cap,
        note=_absent_note(absent),
    )
    try:
        found = _store_rows(batch, check_rows(check, rows))
    except BaseException:
        remove_batch(batch)
        raise
    batch.row_count = found.row_count
    batch.invalid_count = found.invalid_count
    batch.estimated_credits = found.estimated_credits
    batch.status = Batch.Status.CHECKED
    batch.save(update_fields=["row_count", "invalid_count", "estimated_credits", "status"])
    return batch


def _absent_note(absent: Sequence[str]) -> str:
    if not absent:
        return ""
    return f"Not in the file, so that their defaults are used: {', '.join(absent)}."


def _store_rows(batch: Batch, rows: Iterator[CheckedRow]) -> BatchCheck:
    found = BatchCheck()
    while chunk := list(islice(rows, CHUNK)):
        BatchRow.objects.bulk_create(_as_row(batch, row) for row in chunk)
        for row in chunk:
            found.add(row)
    return found


def _as_row(batch: Batch, row: CheckedRow) -> BatchRow:
    return BatchRow(
        batch=batch,
        ordinal=row.ordinal,
        line=row.line,
        status=BatchRow.Status.INVALID if row.problems else BatchRow.Status.WAITING,
        inputs=row.inputs,
        problems=row.problems,
        estimated_credits=row.estimated_credits,
    )


def remove_batch(batch: Batch) -> None:
    """Rows first, 500 at a time, so that no transaction is long. Only for batches without jobs."""
    while ids := list(batch.rows.values_list("pk", flat=True)[:CHUNK]):
        BatchRow.objects.filter(pk__in=ids).delete()
    batch.delete()
