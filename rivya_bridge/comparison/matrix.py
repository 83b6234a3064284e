"""The diff matrix: one column per run, one row per thing that may differ."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rivya_bridge.experiments.models import Run
from rivya_bridge.refusals import Refusal
from rivya_bridge.word_diff import Piece, word_diff

MODEL_DEFAULT = "model default"
UNKNOWN = "–"
MINUS = "−"


@dataclass(frozen=True, slots=True)
class Cell:
    """`differs` from the baseline's cell. `delta` is a signed number as text, where one makes sense."""

    text: str
    differs: bool = False
    word_diff: list[Piece] | None = None
    delta: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """`group`: request, params, references, outcome or judgement. `is_different`: any cell differs."""

    label: str
    group: str
    cells: list[Cell]
    is_different: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    rows: list[Row]
    baseline_index: int

    @property
    def different_rows(self) -> list[Row]:
        return [row for row in self.rows if row.is_different]


@dataclass(frozen=True, slots=True)
class Column:
    """What the matrix needs to know of one run. `references` are (sha256, name) in order."""

    model: str
    prompt: str
    params: Mapping[str, Any]
    references: Sequence[tuple[str, str]]
    credits: int | None
    seconds: float | None
    source: str
    rating: int | None
    verdict: str
    answer: str = ""


def diff_matrix(runs: Sequence[Run], baseline_index: int = 0) -> Matrix:
    """The matrix of some runs; cells are marked and measured against the baseline's column.

    No query when tasks and references of the runs are at hand. Raises Refusal for a baseline that is
    not one of the columns.
    """
    return build_matrix([_column(run) for run in runs], baseline_index)


def _column(run: Run) -> Column:
    return Column(
        model=run.model_id,
        prompt=run.prompt,
        params=run.params,
        references=[(one.file.sha256, one.file.name) for one in run.references.all()],
        credits=run.credits,
        seconds=run.duration_seconds,
        source=run.source,
        rating=run.rating,
        verdict=run.verdict,
        answer=run.result_text,
    )


def build_matrix(columns: Sequence[Column], baseline_index: int = 0) -> Matrix:
    """`diff_matrix` without a database."""
    if not 0 <= baseline_index < len(columns):
        text = f"The baseline must be one of the {len(columns)} columns, counted from 0."
        raise Refusal.field("baseline", text, len(columns) - 1)
    table = _Table(columns, baseline_index)
    return Matrix(
        [
            table.row("model", "request", lambda column: column.model),
            table.words("prompt", "request", lambda column: column.prompt),
            *(table.param(key) for key in _param_keys(columns)),
            table.references(),
            table.numbers("credits", lambda column: column.credits, ""),
            table.numbers("time", lambda column: column.seconds, " s"),
            *table.answers(),
            table.row("source", "outcome", lambda column: column.source),
            table.numbers("rating", lambda column: column.rating, "", "judgement"),
            table.row("verdict", "judgement", lambda column: column.verdict or "undecided"),
        ],
        baseline_index,
    )


def _param_keys(columns: Sequence[Column]) -> list[str]:
    """Every param of any column, in the order of first appearance."""
    return list(dict.fromkeys(key for column in columns for key in column.params))


@dataclass(frozen=True, slots=True)
class _Table:
    columns: Sequence[Column]
    baseline_index: int

    @property
    def baseline(self) -> Column:
        return self.columns[self.baseline_index]

    def row(self, label: str, group: str, text_of: Callable[[Column], str]) -> Row:
        base = text_of(self.baseline)
        texts = [text_of(column) for column in self.columns]
        return _row(label, group, [Cell(text, text != base) for text in texts])

    def words(self, label: str, group: str, text_of: Callable[[Column], str]) -> Row:
        base = text_of(self.baseline)
        return _row(label, group, [_words_cell(base, text_of(one)) for one in self.columns])

    def answers(self) -> list[Row]:
        """The row of text results; none where every result is a file."""
        if not any(column.answer for column in self.columns):
            return []
        return [self.words("answer", "outcome", lambda column: column.answer)]

    def param(self, key: str) -> Row:
        base = self.baseline.params.get(key)
        cells = [_param_cell(base, column.params.get(key)) for column in self.columns]
        return _row(key, "params", cells)

    def references(self) -> Row:
        base = _hashes(self.baseline)
        cells = [Cell(_names(one), _hashes(one) != base) for one in self.columns]
        return _row("references", "references", cells)

    def numbers(
        self,
        label: str,
        value_of: Callable[[Column], float | None],
        unit: str,
        group: str = "outcome",
    ) -> Row:
        base = value_of(self.baseline)
        values = [value_of(column) for column in self.columns]
        cells = [
            Cell(_number_text(value, unit), value != base, None, _delta(base, value, unit))
            for value in values
        ]
        return _row(label, group, cells)


def _row(label: str, group: str, cells: list[Cell]) -> Row:
    return Row(label, group, cells, any(cell.differs for cell in cells))


def _words_cell(base: str, text: str) -> Cell:
    if text == base:
        return Cell(text)
    return Cell(text, True, word_diff(base, text))


def _param_cell(base: Any, value: Any) -> Cell:
    """Compared as JSON, so that 1, "1" and true are three values."""
    differs = _json(value) != _json(base)
    delta = _delta(base, value, "") if _is_number(base) and _is_number(value) else None
    return Cell(MODEL_DEFAULT if value is None else _shown(value), differs, None, delta)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _hashes(column: Column) -> list[str]:
    return [sha256 for sha256, _ in column.references]


def _names(column: Column) -> str:
    """Names with the beginning of the hash, because different files may share a name."""
    return ", ".join(f"{name} ({sha256[:8]})" for sha256, name in column.references) or "none"


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else round(value, 2)


def _number_text(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{_rounded(value):,}{unit}"


def _delta(base: float | None, value: float | None, unit: str) -> str | None:
    """Signed difference to the baseline; None where one is unknown or there is no difference."""
    if base is None or value is None or value == base:
        return None
    difference = _rounded(value - base)
    return f"{'+' if difference >= 0 else MINUS}{abs(difference):,}{unit}"
