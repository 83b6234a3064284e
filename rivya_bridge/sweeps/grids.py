"""The grid as a page shows it: which axes lie along it, which cells that is. Pure.

Two axes are rows and columns; of every further one a single value is chosen. Which, stands in the
address: ``rows=0&columns=2&v1=3`` by the axes' numbers, ``from`` for the first row of a page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

# As many cells as a page stays light with; at least a few rows are shown.
MOST_SHOWN = 120
LEAST_ROWS = 5


@dataclass(frozen=True, slots=True)
class Facet:
    """An axis of which one value is shown: its number, label, values and the chosen one."""

    axis: int
    label: str
    values: Sequence[str]
    chosen: int


@dataclass(frozen=True, slots=True)
class Layout:
    """`rows` and `columns` are numbers of axes, None where there are none; `start` the first row shown
    of `row_count`. `numbers` are the shown cells by row and column."""

    axes: Sequence[Mapping[str, Any]]
    rows: int | None
    columns: int | None
    facets: tuple[Facet, ...]
    start: int
    row_labels: Sequence[str]
    column_labels: Sequence[str]
    row_count: int
    numbers: tuple[tuple[int, ...], ...]

    @property
    def row_axis(self) -> str:
        return "" if self.rows is None else str(self.axes[self.rows]["label"])

    @property
    def column_axis(self) -> str:
        return "" if self.columns is None else str(self.axes[self.columns]["label"])

    @property
    def flat(self) -> list[int]:
        return [number for row in self.numbers for number in row]

    def query(self, **changes: int | None) -> str:
        """The address of this view with some parts changed."""
        parts: dict[str, int | None] = {"rows": self.rows, "columns": self.columns}
        parts |= {f"v{facet.axis}": facet.chosen for facet in self.facets}
        parts |= {"from": self.start or None, **changes}
        return urlencode({name: value for name, value in parts.items() if value is not None})

    @property
    def next_start(self) -> int | None:
        end = self.start + len(self.row_labels)
        return end if end < self.row_count else None

    @property
    def previous_start(self) -> int | None:
        if not self.start:
            return None
        return max(0, self.start - rows_on_page(len(self.column_labels)))


def lay_out(axes: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> Layout:
    """What a page shows; nonsense in the query counts as not given."""
    sizes = [len(axis["values"]) for axis in axes]
    rows, columns = _sides(sizes, query)
    chosen = {
        number: _whole(query.get(f"v{number}"), size) or 0
        for number, size in enumerate(sizes)
        if number not in (rows, columns)
    }
    facets = tuple(
        Facet(number, axes[number]["label"], axes[number]["values"], value)
        for number, value in chosen.items()
    )
    column_labels = ["Result"] if columns is None else list(axes[columns]["values"])
    all_rows = ["All"] if rows is None else list(axes[rows]["values"])
    start = _whole(query.get("from"), len(all_rows)) or 0
    row_labels = all_rows[start : start + rows_on_page(len(column_labels))]
    numbers = tuple(
        tuple(
            _number(sizes, {**chosen, **_at(rows, row), **_at(columns, column)})
            for column in range(len(column_labels))
        )
        for row in range(start, start + len(row_labels))
    )
    return Layout(
        axes, rows, columns, facets, start, row_labels, column_labels, len(all_rows), numbers
    )


def rows_on_page(columns: int) -> int:
    return max(LEAST_ROWS, MOST_SHOWN // columns)


def _sides(sizes: Sequence[int], query: Mapping[str, str]) -> tuple[int | None, int | None]:
    """The asked-for axes, and else the longest as rows and the next longest as columns."""
    if not sizes:
        return None, None
    longest = sorted(range(len(sizes)), key=lambda number: -sizes[number])
    rows = _whole(query.get("rows"), len(sizes))
    columns = _whole(query.get("columns"), len(sizes))
    if rows is None:
        rows = next(number for number in longest if number != columns or len(sizes) == 1)
    if columns is None or columns == rows:
        columns = next((number for number in longest if number != rows), None)
    return rows, columns


def _whole(raw: str | None, below: int) -> int | None:
    if raw and raw.isascii() and raw.isdigit() and len(raw) < 5 and int(raw) < below:
        return int(raw)
    return None


def _at(axis: int | None, value: int) -> dict[int, int]:
    return {} if axis is None else {axis: value}


def _number(sizes: Sequence[int], place: Mapping[int, int]) -> int:
    """The cell's number: an odometer's reading, from 1."""
    number = 0
    for axis, size in enumerate(sizes):
        number = number * size + place[axis]
    return number + 1
