"""The history of rehearsals as points of a small chart; the template draws them as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 480, 150
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 12, 26
RULES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """One rehearsal: where it stands, in the drawing's own units, and what it says."""

    rehearsal: Any
    x: float
    y: float
    distance: float | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across at one distance."""

    y: float
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    points: list[Point]
    rules: list[Rule]
    line: str
    tolerance_y: float
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = HEIGHT - 6
    left: int = LEFT
    right: int = WIDTH - RIGHT


def history_chart(rehearsals: Sequence[Any], tolerance: float) -> Chart | None:
    """The largest distance of each, oldest first, with a line at the tolerance; None without any.

    A rehearsal without a distance stands at the foot of the chart and is left out of the line.
    """
    if not rehearsals:
        return None
    step = (WIDTH - LEFT - RIGHT) / max(1, len(rehearsals) - 1)
    first = LEFT if len(rehearsals) > 1 else (LEFT + WIDTH - RIGHT) / 2
    points = [
        Point(row, round(first + number * step, 1), _height(row.distance or 0), row.distance)
        for number, row in enumerate(rehearsals)
    ]
    line = " ".join(f"{one.x},{one.y}" for one in points if one.distance is not None)
    rules = [Rule(_height(value), value) for value in RULES]
    return Chart(points, rules, line, _height(tolerance))


def _height(distance: float) -> float:
    """0 at the foot, 1 at the top."""
    return round(HEIGHT - BOTTOM - distance * (HEIGHT - TOP - BOTTOM), 1)
