"""Who leads: models and configurations ranked by their votes. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from rivya_bridge.comparison.judging.facts import Entrant, Evidence
from rivya_bridge.comparison.ranking import Fit, beats, fit

# More configurations than this are not told apart by any number of votes a person casts.
MOST_CONTESTANTS = 40


@dataclass(frozen=True, slots=True)
class Standing:
    """One contestant. `chance`, `least`, `most`: how likely it beats the average one, with the 95 %
    interval. `runs` are its runs, the newest last."""

    key: str
    runs: tuple[UUID, ...]
    wins: float
    votes: int
    chance: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Table:
    """Standings, best first. `left_out` counts contestants beyond MOST_CONTESTANTS or without votes."""

    standings: tuple[Standing, ...]
    fit: Fit
    keys: tuple[str, ...]
    left_out: int

    def chance(self, one: str, other: str) -> tuple[float, float, float]:
        """How likely `one` beats `other`, with its 95 % interval."""
        return self.fit.chance(self.keys.index(one), self.keys.index(other))


def rank_models(evidence: Evidence) -> Table:
    """Votes between two runs of one model say nothing here."""
    return _rank(evidence, lambda entrant: entrant.model)


def rank_configurations(evidence: Evidence) -> Table:
    """Model, prompt, params and references together make a configuration."""
    return _rank(evidence, lambda entrant: entrant.configuration)


def _rank(evidence: Evidence, key_of: Callable[[Entrant], str]) -> Table:
    keys = {run: key_of(entrant) for run, entrant in evidence.entrants.items()}
    wins, counts = _counted(evidence, keys)
    by_votes = sorted(counts, key=lambda key: (-counts[key], key))
    kept = tuple(by_votes[:MOST_CONTESTANTS])
    index = {key: number for number, key in enumerate(kept)}
    found = fit(
        len(kept),
        {(index[a], index[b]): w for (a, b), w in wins.items() if a in index and b in index},
    )
    runs: dict[str, list[UUID]] = {}
    for run, key in keys.items():
        runs.setdefault(key, []).append(run)
    standings = [
        _standing(key, tuple(runs[key]), wins, counts[key], found, number)
        for key, number in index.items()
    ]
    standings.sort(key=lambda one: (-one.chance, one.key))
    return Table(tuple(standings), found, kept, len(runs) - len(kept))


def _counted(
    evidence: Evidence, keys: Mapping[UUID, str]
) -> tuple[dict[tuple[str, str], float], dict[str, int]]:
    wins: dict[tuple[str, str], float] = {}
    counts: dict[str, int] = {}
    for vote in evidence.votes:
        left, right = keys[vote.left], keys[vote.right]
        if left == right:
            continue
        for winner, loser, share in ((left, right, vote.share), (right, left, 1 - vote.share)):
            counts[winner] = counts.get(winner, 0) + 1
            if share:
                wins[winner, loser] = wins.get((winner, loser), 0.0) + share
    return wins, counts


def _standing(
    key: str,
    runs: tuple[UUID, ...],
    wins: Mapping[tuple[str, str], float],
    votes: int,
    found: Fit,
    number: int,
) -> Standing:
    least, most = found.interval(number)
    return Standing(
        key=key,
        runs=runs,
        wins=sum(share for (winner, _), share in wins.items() if winner == key),
        votes=votes,
        chance=beats(found.strengths[number], 0),
        least=beats(least, 0),
        most=beats(most, 0),
    )
