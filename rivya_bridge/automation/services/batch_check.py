"""The dry run of a batch: every row and cell under every rule, the sum against caps and balance."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from rivya_bridge.automation.cell_files import CellFiles
from rivya_bridge.automation.checking import VersionCheck
from rivya_bridge.automation.content import model_problems
from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.automation.tables import RawRow
from rivya_bridge.credits.selectors import current_wallet
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.tasks.models import are, counted
from rivya_bridge.texts import is_storable

CHUNK = 500
MOST_SHOWN = 50
VALUE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row: what its job is given, or its cells as they came with what is wrong in each.

    `problems` are {"field", "message", "value", "limit"}: the column ('' for the row as a whole), the
    sentence, the cell shortened, and the limit if there is one.
    """

    ordinal: int
    line: int
    inputs: dict[str, Any]
    estimated_credits: int
    problems: list[dict[str, Any]]


@dataclass(slots=True)
class BatchCheck:
    """What a batch would do: its counts, its first problems by row, what forbids its start, and
    what of it would wait for another day."""

    row_count: int = 0
    invalid_count: int = 0
    estimated_credits: int = 0
    problems: list[tuple[CheckedRow, dict[str, Any]]] = field(default_factory=list)
    blockers: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def add(self, row: CheckedRow) -> None:
        self.row_count += 1
        self.invalid_count += bool(row.problems)
        self.estimated_credits += row.estimated_credits
        room = MOST_SHOWN - len(self.problems)
        self.problems += [(row, problem) for problem in row.problems[:room]]


def version_check(version: TemplateVersion, template: JobTemplate) -> VersionCheck:
    """The version made ready; Refusal when its model cannot be run, which no row could change."""
    check = VersionCheck(version, day_cap=template.day_cap)
    if problems := model_problems(check.model):
        raise Refusal.of(problems)
    return check


def check_rows(check: VersionCheck, rows: Iterable[RawRow]) -> Iterator[CheckedRow]:
    """Every row checked. Reads 500 at a time, with one query for the files that those name."""
    files, numbered = CellFiles(), enumerate(rows, start=1)
    while chunk := list(islice(numbered, CHUNK)):
        names = check.file_names
        if names:
            files.load(raw.cells.get(name) for _, raw in chunk for name in names)
            files.load(spec.default for spec in check.specs if spec.source == "file")
        for ordinal, raw in chunk:
            yield _check_row(check, files, ordinal, raw)


def _check_row(check: VersionCheck, files: CellFiles, ordinal: int, raw: RawRow) -> CheckedRow:
    problems = list(raw.problems)
    cells = files.to_ids(problems, raw.cells, check.file_names)
    if not problems:
        job = check.check(cells, files.by_id)
        if not job.problems:
            return CheckedRow(ordinal, raw.line, job.inputs, job.estimated_credits, [])
        problems = job.problems
    shown = [_shown(problem, raw) for problem in problems]
    return CheckedRow(ordinal, raw.line, _storable(raw.cells), 0, shown)


def _shown(problem: Problem, raw: RawRow) -> dict[str, Any]:
    column = problem.field.removeprefix("params.")
    value = raw.cells.get(column)
    text = "" if value is None else str(value).replace("\0", "�")
    if len(text) > VALUE_LENGTH:
        text = f"{text[: VALUE_LENGTH - 1]}…"
    return {
        "field": column if column in raw.cells or value is not None else problem.field,
        "message": problem.message,
        "value": text,
        "limit": problem.limit,
    }


def _storable(cells: dict[str, Any]) -> dict[str, Any]:
    return cells if is_storable(cells) else {}


def money_problems(estimate: int, credit_cap: int | None) -> list[Problem]:
    """What cap and balance say to the sum of a batch (one query)."""
    problems = []
    if credit_cap is not None and estimate > credit_cap:
        text = (
            f"About {counted(estimate)} {are(estimate)} expected, above the batch's cap of {credit_cap:,}: "
            "raise the cap, or leave rows out."
        )
        problems.append(Problem("credit_cap", text, credit_cap))
    wallet = current_wallet()
    free = wallet.free_credits if wallet else None
    if free is not None and estimate > free:
        text = (
            f"About {counted(estimate)} {are(estimate)} expected and {max(0, free):,} {are(free)} free "
            "in the wallet: top up at Rivya, or leave rows out."
        )
        problems.append(Problem("credits", text, free))
    return problems


def start_problems(
    *, row_count: int, invalid_count: int, estimate: int, credit_cap: int | None, leave_out: bool
) -> list[Problem]:
    """Everything that forbids the start of a batch."""
    if row_count == 0:
        return [Problem("file", "The table has no rows: add one line for each job.")]
    if row_count == invalid_count:
        return [Problem("file", "No row can be started: every one has a problem. Correct them.")]
    if invalid_count and not leave_out:
        text = (
            f"{invalid_count:,} of {row_count:,} rows have problems: correct them and send the table "
            "again, or start without them."
        )
        return [Problem("file", text, invalid_count)]
    return money_problems(estimate, credit_cap)
