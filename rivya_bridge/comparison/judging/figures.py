"""Figures of findings: means, shares, and their 95 % intervals. Pure."""

import math
from collections.abc import Sequence

from rivya_bridge.comparison.ranking import Z95

# Student's t at 95 % (two sides) by degrees of freedom: few values say less than the normal
# approximation claims. Between two entries the wider one is taken.
_T95 = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262,
    10: 2.228, 12: 2.179, 15: 2.131, 20: 2.086, 30: 2.042, 60: 2.0, 120: 1.98,
}  # fmt: skip


def wilson(won: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share. Source: Wilson, J. Am. Stat. Assoc. 22 (1927)."""
    share, square = won / count, Z95**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    reach = (
        Z95
        * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
        / (1 + square / count)
    )
    return max(0.0, middle - reach), min(1.0, middle + reach)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def reach(values: Sequence[float]) -> float:
    """Half the 95 % interval of a mean, by Student's t; infinite for a single value."""
    if len(values) < 2:
        return math.inf
    middle = mean(values)
    variance = sum((value - middle) ** 2 for value in values) / (len(values) - 1)
    return t95(len(values) - 1) * math.sqrt(variance / len(values))


def t95(freedom: int) -> float:
    """The quantile of Student's t for a 95 % interval."""
    return _T95[max(known for known in _T95 if known <= freedom)]


def votes_needed(chance: float) -> int | None:
    """Votes until the interval of an observed ratio leaves one half out; None when it is too even."""
    gap = abs(chance - 0.5)
    if gap < 0.03:
        return None
    return math.ceil(Z95**2 * chance * (1 - chance) / gap**2)


def count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"
