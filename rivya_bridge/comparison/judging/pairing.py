"""Which two results to vote on next: the pair whose vote tells most. Pure but for the dice."""

import math
import random
from collections.abc import Callable
from itertools import combinations

from rivya_bridge.comparison.judging.facts import MOST_RUNS, Entrant, Evidence
from rivya_bridge.comparison.judging.standings import rank_configurations
from rivya_bridge.comparison.ranking import beats

# Pairs grow with the square of configurations: the newest are enough to choose from.
MOST_CONFIGURATIONS = 60

Pair = tuple[Entrant, Entrant]


def next_pair(evidence: Evidence, dice: Callable[[], float] = random.random) -> Pair | None:
    """Two runs of different configurations with results of one kind; None when there are none.

    The pair with the greatest expected gain is taken: an even chance, an uncertain difference, few
    votes so far, the same prompt. `dice` (0 to 1) breaks ties and picks among repeats.
    """
    groups = _groups(evidence)
    gains = _Gains(evidence)
    scored = [
        (gains.gain(one, other) + dice() * 1e-3, one, other)
        for one, other in combinations(groups, 2)
        if groups[one][0].kind == groups[other][0].kind
    ]
    if not scored:
        return None
    _, one, other = max(scored, key=lambda row: row[0])
    return _one_of(groups[one], dice), _one_of(groups[other], dice)


def _groups(evidence: Evidence) -> dict[str, list[Entrant]]:
    """Runs by configuration, rejected ones aside unless nothing else is there."""
    chosen = [one for one in evidence.entrants.values() if one.verdict != "rejected"][-MOST_RUNS:]
    groups: dict[str, list[Entrant]] = {}
    for entrant in reversed(chosen):
        if entrant.configuration in groups or len(groups) < MOST_CONFIGURATIONS:
            groups.setdefault(entrant.configuration, []).append(entrant)
    return groups


def _one_of(runs: list[Entrant], dice: Callable[[], float]) -> Entrant:
    return runs[min(int(dice() * len(runs)), len(runs) - 1)]


class _Gains:
    """Expected gains of one evidence, worked out once."""

    def __init__(self, evidence: Evidence) -> None:
        self.table = rank_configurations(evidence)
        self.index = {key: number for number, key in enumerate(self.table.keys)}
        self.met: dict[frozenset[str], int] = {}
        self.prompts = {one.configuration: one.prompt for one in evidence.entrants.values()}
        for vote in evidence.votes:
            pair = frozenset(
                evidence.entrants[run].configuration for run in (vote.left, vote.right)
            )
            self.met[pair] = self.met.get(pair, 0) + 1

    def gain(self, one: str, other: str) -> float:
        fit, index = self.table.fit, self.index
        unknown = 10.0
        if one in index and other in index:
            i, j = index[one], index[other]
            covariance = fit.covariance
            spread = covariance[i][i] + covariance[j][j] - 2 * covariance[i][j]
            chance = beats(fit.strengths[i], fit.strengths[j])
        else:
            spread, chance = unknown, 0.5
        gain = math.log1p(chance * (1 - chance) * spread)
        if self.prompts[one] == self.prompts[other]:
            gain *= 2
        return gain / (1 + self.met.get(frozenset((one, other)), 0))
