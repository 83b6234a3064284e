"""Ranking from pairwise votes: the Bradley-Terry model with intervals. Pure.

The chance that i beats j is 1 / (1 + exp(s_j - s_i)). The strengths s are those of the greatest
posterior under a weak normal prior, so that one who won every vote still gets a finite strength. A
tie counts as half a win for each side. Source: Bradley and Terry, "Rank analysis of incomplete block
designs", Biometrika 39 (1952); the intervals follow from the curvature at the optimum (Laplace).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul

# Penalty of the sum of squared strengths: the prior of each has the variance 1 / (2 * PENALTY).
PENALTY = 0.05
Z95 = 1.959964
ROUNDS = 100
CLOSE = 1e-12

Matrix = list[list[float]]


@dataclass(frozen=True, slots=True)
class Fit:
    """`strengths` sum to zero; `covariance` is theirs. Both in the order of the contestants."""

    strengths: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    def interval(self, index: int) -> tuple[float, float]:
        """The 95 % interval of one strength against the average of all."""
        count = len(self.strengths)
        weights = [(1.0 if other == index else 0.0) - 1 / count for other in range(count)]
        return self._interval(weights)

    def chance(self, one: int, other: int) -> tuple[float, float, float]:
        """How likely `one` beats `other`, with the 95 % interval: (chance, least, most)."""
        weights = [0.0] * len(self.strengths)
        weights[one], weights[other] = 1.0, -1.0
        least, most = self._interval(weights)
        return (
            beats(self.strengths[one], self.strengths[other]),
            beats(least, 0),
            beats(most, 0),
        )

    def _interval(self, weights: Sequence[float]) -> tuple[float, float]:
        middle = sum(w * s for w, s in zip(weights, self.strengths, strict=True))
        spread = sum(
            weights[i] * weights[j] * self.covariance[i][j]
            for i in range(len(weights))
            for j in range(len(weights))
        )
        reach = Z95 * math.sqrt(max(0.0, spread))
        return middle - reach, middle + reach


def beats(one: float, other: float) -> float:
    """The chance that strength `one` wins against `other`."""
    difference = one - other
    if difference >= 0:
        return 1 / (1 + math.exp(-difference))
    odds = math.exp(difference)
    return odds / (1 + odds)


def fit(count: int, wins: Mapping[tuple[int, int], float], penalty: float = PENALTY) -> Fit:
    """The strengths of `count` contestants. `wins[i, j]` is how often i beat j, ties as halves.

    Newton's method on a strictly concave function, halving steps that overshoot.
    """
    strengths = [0.0] * count
    value = _value(strengths, wins, penalty)
    for _ in range(ROUNDS):
        slope, curvature = _derivatives(strengths, wins, penalty)
        step = _solved(_factor(curvature), slope)
        size = 1.0
        while True:
            tried = [s + size * d for s, d in zip(strengths, step, strict=True)]
            reached = _value(tried, wins, penalty)
            if reached >= value or size < CLOSE:
                break
            size /= 2
        strengths, value = tried, reached
        if max((abs(size * d) for d in step), default=0.0) < CLOSE:
            break
    _, curvature = _derivatives(strengths, wins, penalty)
    factor = _factor(curvature)
    columns = [_solved(factor, _unit(count, index)) for index in range(count)]
    return Fit(tuple(strengths), tuple(tuple(column) for column in columns))


def _value(
    strengths: Sequence[float], wins: Mapping[tuple[int, int], float], penalty: float
) -> float:
    likelihood = sum(
        weight * _log_beats(strengths[i] - strengths[j]) for (i, j), weight in wins.items()
    )
    return likelihood - penalty * sum(s * s for s in strengths)


def _log_beats(difference: float) -> float:
    if difference >= 0:
        return -math.log1p(math.exp(-difference))
    return difference - math.log1p(math.exp(difference))


def _derivatives(
    strengths: Sequence[float], wins: Mapping[tuple[int, int], float], penalty: float
) -> tuple[list[float], Matrix]:
    """The gradient, and the negative of the second derivatives."""
    count = len(strengths)
    slope = [-2 * penalty * s for s in strengths]
    curvature = [[2 * penalty if i == j else 0.0 for j in range(count)] for i in range(count)]
    for (i, j), weight in wins.items():
        chance = beats(strengths[i], strengths[j])
        slope[i] += weight * (1 - chance)
        slope[j] -= weight * (1 - chance)
        bend = weight * chance * (1 - chance)
        curvature[i][i] += bend
        curvature[j][j] += bend
        curvature[i][j] -= bend
        curvature[j][i] -= bend
    return slope, curvature


def _unit(count: int, index: int) -> list[float]:
    return [1.0 if place == index else 0.0 for place in range(count)]


def _factor(matrix: Matrix) -> Matrix:
    """Cholesky's lower factor of a symmetric, positive definite matrix."""
    count = len(matrix)
    factor = [[0.0] * count for _ in range(count)]
    for i, row in enumerate(factor):
        for j in range(i):
            other = factor[j]
            row[j] = (matrix[i][j] - sum(map(mul, row[:j], other[:j]))) / other[j]
        row[i] = math.sqrt(matrix[i][i] - sum(map(mul, row[:i], row[:i])))
    return factor


def _solved(factor: Matrix, values: Sequence[float]) -> list[float]:
    """The solution of a system by the factor of its matrix."""
    count = len(values)
    forward: list[float] = []
    for i, row in enumerate(factor):
        forward.append((values[i] - sum(map(mul, row[:i], forward))) / row[i])
    solution = [0.0] * count
    for i in reversed(range(count)):
        known = sum(factor[k][i] * solution[k] for k in range(i + 1, count))
        solution[i] = (forward[i] - known) / factor[i][i]
    return solution
