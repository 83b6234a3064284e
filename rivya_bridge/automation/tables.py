"""Reading the rows of a batch, one at a time: CSV whose header names the inputs, or JSON Lines.

Nothing is kept of a row once the next is read, so that a large file takes no more memory than a small
one.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from rivya_bridge.automation.inputs import InputSpec
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.web.json_body import read_json

MAX_ROWS = 20_000
MAX_BYTES = 32 * 1024 * 1024
LINE_LENGTH = 200_000
MAX_HEADER = 200
DELIMITERS = ",;\t"
FORMATS = ("csv", "jsonl")


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it came: `line` counts from 1 in the file, `cells` are by input name."""

    line: int
    cells: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)


def format_of(name: str, text: str = "") -> str:
    """csv or jsonl, by a file's name; without one, by how the text begins."""
    if name.lower().endswith((".jsonl", ".ndjson")):
        return "jsonl"
    return "jsonl" if not name and text.lstrip("\ufeff \r\n\t").startswith("{") else "csv"


def read_table(
    stream: BinaryIO, kind: str, specs: Sequence[InputSpec]
) -> tuple[Iterator[RawRow], list[str]]:
    """The rows of a file in UTF-8, and the optional inputs that it has no column for.

    Raises Refusal, at once or while the rows are read, for what is no such file, for columns that are
    no inputs or that are missing, and above 20,000 rows or 32 MB.
    """
    lines = text_lines(LimitedFile(stream))
    if kind == "jsonl":
        return _limited(_json_rows(lines)), []
    return _csv_rows(lines, specs)


def read_objects(rows: Iterable[Any]) -> Iterator[RawRow]:
    """Rows that came as values of a JSON list. Raises Refusal above 20,000 rows."""
    return _limited(_object(number, value) for number, value in enumerate(rows, start=1))


# --- Bytes to lines -------------------------------------------------------------------------------


class LimitedFile(io.RawIOBase):
    """A file of at most 32 MB, counted as it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = MAX_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            text = (
                f"The file is larger than {MAX_BYTES // 1_048_576} MB, the limit for one table: "
                "split it into several."
            )
            raise Refusal.field("file", text, MAX_BYTES)
        buffer[: len(piece)] = piece
        return len(piece)


def text_lines(raw: LimitedFile) -> Iterator[str]:
    """Lines with their ends. A line longer than 200,000 characters is refused, not collected."""
    text = io.TextIOWrapper(io.BufferedReader(raw, 65_536), encoding="utf-8-sig", newline="")
    number = 0
    while True:
        number += 1
        try:
            line = text.readline(LINE_LENGTH + 1)
        except UnicodeDecodeError as error:
            message = (
                f"The file is no UTF-8 text near line {number}: save it as UTF-8 (“CSV UTF-8”)."
            )
            raise Refusal.field("file", message) from error
        if not line:
            return
        if len(line) > LINE_LENGTH:
            message = f"Line {number} is longer than {LINE_LENGTH:,} characters: shorten its texts."
            raise Refusal.field("file", message, LINE_LENGTH)
        yield line


def _limited(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS:
            text = f"The table has more than {MAX_ROWS:,} rows: split it into several batches."
            raise Refusal.field("file", text, MAX_ROWS)
        yield row


# --- CSV ------------------------------------------------------------------------------------------


def _csv_rows(
    lines: Iterator[str], specs: Sequence[InputSpec]
) -> tuple[Iterator[RawRow], list[str]]:
    first = next(lines, "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(chained(first, lines), delimiter=delimiter, strict=True)
    header = [name.strip() for name in next_record(reader) or []]
    absent = _check_header(header, specs)
    return _limited(_records(reader, header)), absent


def chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    """The first line, which was read to find the separator, and those behind it."""
    yield first
    yield from rest


def next_record(reader: Any) -> list[str] | None:
    """The next row of a CSV reader; None at the end. Raises Refusal near what cannot be read."""
    try:
        return next(reader, None)
    except csv.Error as error:
        text = (
            f"The CSV cannot be read near line {reader.line_num} ({error}): close every quoted text, "
            'and write a quote inside one twice ("").'
        )
        raise Refusal.field("file", text) from error


def _check_header(header: list[str], specs: Sequence[InputSpec]) -> list[str]:
    """The optional inputs without a column. Refusal naming every wrong, double or missing column."""
    names = [spec.name for spec in specs]
    listed = f"The columns are: {', '.join(names)}." if names else "This template takes no inputs."
    if not any(header):
        raise Refusal.field("file", f"The file has no header: begin with a row of names. {listed}")
    problems = [
        Problem("file", f"The column {name[:60]!r} is no input of this template. {listed}")
        for name in header[:MAX_HEADER]
        if name not in names
    ]
    doubles = sorted({name for name in header if name in names and header.count(name) > 1})
    problems += [
        Problem("file", f"The column {name!r} stands twice: keep one of them.") for name in doubles
    ]
    absent = [spec for spec in specs if spec.name not in header]
    problems += [
        Problem("file", f"The column {spec.name!r} is missing, and each job needs it: add it.")
        for spec in absent
        if spec.required and (spec.source != "param" or spec.default is None)
    ]
    if problems:
        raise Refusal.of(problems[:20])
    return [spec.name for spec in absent]


def _records(reader: Any, header: list[str]) -> Iterator[RawRow]:
    for line, cells, complaint in filled_records(reader, header):
        problems = [Problem("", complaint, len(header))] if complaint else []
        yield RawRow(line, cells, problems)


def filled_records(reader: Any, header: Sequence[str]) -> Iterator[tuple[int, dict[str, str], str]]:
    """Line, cells by column, and what is wrong with it or "", of every row that is not blank.

    Raises Refusal like `next_record`.
    """
    while True:
        line = reader.line_num + 1
        cells = next_record(reader)
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        complaint = ""
        if len(cells) > len(header):
            complaint = (
                f"The row has {len(cells)} cells and the header {len(header)}: put texts with a "
                "separator inside into quotes."
            )
        yield line, dict(zip(header, cells, strict=False)), complaint


# --- JSON Lines -----------------------------------------------------------------------------------


def _json_rows(lines: Iterator[str]) -> Iterator[RawRow]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = read_json(line.encode("utf-8", "surrogatepass"))
        except Refusal as refusal:
            text = refusal.message.replace("The body", "The line").partition(" Send it")[0]
            yield RawRow(number, {}, [Problem("", text)])
            continue
        yield _object(number, value)


def _object(number: int, value: Any) -> RawRow:
    if isinstance(value, Mapping):
        return RawRow(number, dict(value))
    shown = json.dumps(value, default=str)[:60]
    text = f"The row is {shown}: give an object of inputs by name."
    return RawRow(number, {}, [Problem("", text)])


# --- Examples -------------------------------------------------------------------------------------


def example_table(kind: str, specs: Sequence[InputSpec]) -> str:
    """A file with one column per input in the version's order, and one example row."""
    row = {spec.name: _example(spec) for spec in specs}
    if kind == "jsonl":
        return json.dumps(row, ensure_ascii=False) + "\n"
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(row)
    writer.writerow([_as_cell(value) for value in row.values()])
    return out.getvalue()


def _example(spec: InputSpec) -> Any:
    if spec.default is not None:
        return spec.default
    if spec.options:
        return spec.options[0]
    words = {"number": spec.min if spec.min is not None else 1, "boolean": True}
    return words.get(spec.type, f"{spec.kind or 'a'} {'file name or id' if spec.kind else 'text'}")


def _as_cell(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
