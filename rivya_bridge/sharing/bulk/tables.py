"""Rows of a table of runs: CSV, a JSON list, or JSON Lines, in UTF-8 with or without a mark."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from rivya_bridge.automation.tables import (
    DELIMITERS,
    MAX_BYTES,
    LimitedFile,
    chained,
    filled_records,
    next_record,
    text_lines,
)
from rivya_bridge.files.store import Readable
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.sharing.bulk.columns import NAMES, PARAM
from rivya_bridge.web.json_body import read_json

MAX_ROWS = 1_000
MAX_COLUMNS = 200
SUFFIXES = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True, slots=True)
class RawRun:
    """One row as it came; `line` is where it stands, for people."""

    line: str
    cells: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)


def table_kind(name: str) -> str:
    """csv, json or jsonl by a file's name; '' for anything else."""
    dot = name.rfind(".")
    return SUFFIXES.get(name[dot:].lower(), "") if dot >= 0 else ""


def read_rows(stream: Readable, kind: str) -> list[RawRun]:
    """Every row. Raises Refusal for what is no such table, unknown columns, above 1,000 rows or 32 MB."""
    readers = {"csv": _csv_rows, "json": _json_rows, "jsonl": _line_rows}
    rows: list[RawRun] = []
    for row in readers[kind](stream):
        if len(rows) == MAX_ROWS:
            text = f"The table has more than {MAX_ROWS:,} rows: split it into several imports."
            raise Refusal.field("file", text, MAX_ROWS)
        rows.append(row)
    if not rows:
        raise Refusal.field("file", "The table has no rows below its header: add one per run.")
    return rows


def _csv_rows(stream: Readable) -> Iterator[RawRun]:
    lines = text_lines(LimitedFile(cast(BinaryIO, stream)))
    first = next(lines, "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(chained(first, lines), delimiter=delimiter, strict=True)
    header = [name.strip().lower() for name in next_record(reader) or []]
    _check_header(header)
    for line, cells, complaint in filled_records(reader, header):
        problems = [Problem("row", complaint, len(header))] if complaint else []
        yield RawRun(f"line {line}", dict(cells), problems)


def _check_header(header: list[str]) -> None:
    known = f"The columns are: {', '.join(NAMES)}, and param.NAME for a param."
    if not any(header):
        raise Refusal.field("file", f"The table has no header: begin with a row of names. {known}")
    if len(header) > MAX_COLUMNS:
        text = f"The table has {len(header)} columns; the limit is {MAX_COLUMNS}."
        raise Refusal.field("file", text, MAX_COLUMNS)
    strange = [name for name in header if name not in NAMES and not _is_param(name)]
    doubles = sorted({name for name in header if header.count(name) > 1})
    problems = [
        Problem("file", f"The column {name[:60]!r} is unknown. {known}") for name in strange
    ] + [Problem("file", f"The column {name[:60]!r} stands twice: keep one.") for name in doubles]
    if problems:
        raise Refusal.of(problems[:10])


def _is_param(name: str) -> bool:
    return name.startswith(PARAM) and len(name) > len(PARAM)


def _json_rows(stream: Readable) -> Iterator[RawRun]:
    value = _json(stream.read(MAX_BYTES + 1))
    rows = value.get("runs") if isinstance(value, Mapping) else value
    if not isinstance(rows, list):
        text = 'The JSON must be a list of runs, or {"runs": [...]}.'
        raise Refusal.field("file", text)
    for number, row in enumerate(rows, start=1):
        yield _object(f"row {number}", row)


def _json(raw: bytes) -> Any:
    if len(raw) > MAX_BYTES:
        text = f"The table is larger than {MAX_BYTES // 1_048_576} MB: split it."
        raise Refusal.field("file", text, MAX_BYTES)
    try:
        return read_json(raw.removeprefix(b"\xef\xbb\xbf"))
    except Refusal as refusal:
        text = refusal.message.replace("The body", "The file").partition(" Send it")[0]
        raise Refusal.field("file", text) from refusal


def _line_rows(stream: Readable) -> Iterator[RawRun]:
    lines = text_lines(LimitedFile(cast(BinaryIO, stream)))
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = _json(line.encode("utf-8", "surrogatepass"))
        except Refusal as refusal:
            text = refusal.message.replace("The file", "The line")
            yield RawRun(f"line {number}", {}, [Problem("row", text)])
            continue
        yield _object(f"line {number}", value)


def _object(line: str, value: Any) -> RawRun:
    if not isinstance(value, Mapping):
        return RawRun(line, {}, [Problem("row", "The row must be an object of columns.")])
    strange = [name for name in value if name not in NAMES and not _is_param(name)]
    known = f"The columns are: {', '.join(NAMES)}, and param.NAME."
    problems = [Problem(name[:60], f"{name[:60]!r} is no column. {known}") for name in strange[:5]]
    return RawRun(line, {k: v for k, v in value.items() if k not in strange}, problems)
