"""What the votes and costs of an experiment say in plain words, each with what it rests on. Pure."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from rivya_bridge.comparison.judging.facts import Entrant, Evidence, Vote
from rivya_bridge.comparison.judging.standings import Standing, Table, rank_models
from rivya_bridge.comparison.ranking import Z95

NameOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Finding:
    """`topic`: leader, references, cost or next. `is_sure`: the 95 % interval leaves no doubt. `runs`
    are those that it rests on."""

    topic: str
    text: str
    is_sure: bool
    runs: tuple[UUID, ...]


def find(evidence: Evidence, name_of: NameOf) -> list[Finding]:
    """Every finding that the evidence allows; `name_of` gives a model's display name."""
    table = rank_models(evidence)
    found = [_leader(table, name_of), _references(evidence), *_costs(evidence, name_of)]
    return [*(one for one in found if one), _next(table, name_of)]


# --- Which model leads ----------------------------------------------------------------------------


def _leader(table: Table, name_of: NameOf) -> Finding | None:
    if len(table.standings) < 2:
        return None
    first, second = table.standings[:2]
    chance, least, most = table.chance(first.key, second.key)
    is_sure = least > 0.5
    text = (
        f"{name_of(first.key)} {'leads' if is_sure else 'is ahead, but not surely'}: it beats "
        f"{name_of(second.key)}, the next, in {_percent(chance)} of votes "
        f"(95 % interval {_percent(least)} to {_percent(most)}; {first.votes} votes on it)."
    )
    return Finding("leader", text, is_sure, (*first.runs, *second.runs))


# --- Whether reference media helps ------------------------------------------------------------------


def _references(evidence: Evidence) -> Finding | None:
    """Paired comparisons only: the same model, prompt and params with and without references."""
    votes = [
        (vote, share)
        for vote in evidence.votes
        if (share := _share_with_references(evidence, vote)) is not None
    ]
    if votes:
        return _voted_references(votes)
    return _rated_references(evidence)


def _share_with_references(evidence: Evidence, vote: Vote) -> float | None:
    """What the side with references won; None where the two differ in anything else."""
    left, right = evidence.entrants[vote.left], evidence.entrants[vote.right]
    if left.setting != right.setting or bool(left.references) == bool(right.references):
        return None
    return vote.share if left.references else 1 - vote.share


def _voted_references(votes: Sequence[tuple[Vote, float]]) -> Finding:
    won, count = sum(share for _, share in votes), len(votes)
    least, most = wilson(won, count)
    is_sure = least > 0.5 or most < 0.5
    if not is_sure:
        verdict = "It is not clear whether reference media helps"
    else:
        verdict = "Reference media helps" if least > 0.5 else "Reference media makes it worse"
    text = (
        f"{verdict}: of {_votes(count)} between the same request with and without, "
        f"the side with references won {won:g} (95 % interval {_percent(least)} to "
        f"{_percent(most)})."
    )
    runs = dict.fromkeys(run for vote, _ in votes for run in (vote.left, vote.right))
    return Finding("references", text, is_sure, tuple(runs))


def _rated_references(evidence: Evidence) -> Finding | None:
    pairs = _rated_pairs(evidence.entrants.values())
    if not pairs:
        return None
    gains = [_mean(with_) - _mean(without) for with_, without, _ in pairs]
    mean, reach = _mean(gains), _reach(gains)
    is_sure = abs(mean) > reach and len(gains) > 2
    text = (
        f"With reference media the same request is rated {mean:+.1f} of 5 "
        f"({'surely' if is_sure else 'not surely'}: {len(gains)} paired "
        f"{'request' if len(gains) == 1 else 'requests'}, no votes between them yet)."
    )
    runs = tuple(run for _, _, ids in pairs for run in ids)
    return Finding("references", text, is_sure, runs)


def _rated_pairs(
    entrants: Iterable[Entrant],
) -> list[tuple[list[int], list[int], tuple[UUID, ...]]]:
    """Ratings with and without references, per setting that was rated both ways, with its runs."""
    by_setting: dict[str, list[Entrant]] = {}
    for one in entrants:
        if one.rating is not None:
            by_setting.setdefault(one.setting, []).append(one)
    pairs = []
    for runs in by_setting.values():
        with_ = [run.rating for run in runs if run.references and run.rating is not None]
        without = [run.rating for run in runs if not run.references and run.rating is not None]
        if with_ and without:
            pairs.append((with_, without, tuple(run.id for run in runs)))
    return pairs


# --- What a run costs -------------------------------------------------------------------------------


def _costs(evidence: Evidence, name_of: NameOf) -> list[Finding]:
    by_model: dict[str, list[Entrant]] = {}
    for entrant in evidence.entrants.values():
        if entrant.credits is not None:
            by_model.setdefault(entrant.model, []).append(entrant)
    ordered = sorted(by_model.items(), key=lambda row: _mean(_credits(row[1])))
    return [_cost(name_of(model), runs) for model, runs in ordered]


def _cost(name: str, runs: Sequence[Entrant]) -> Finding:
    credits = _credits(runs)
    least, most = min(credits), max(credits)
    count = f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}"
    if least == most:
        text = f"A run of {name} costs {_credit_text(least)} (the same in {count})."
    else:
        reach = _reach(credits)
        text = (
            f"A run of {name} costs {_mean(credits):.1f} credits on average, ±{reach:.1f} at 95 % "
            f"({count}, from {least} to {most})."
        )
    return Finding("cost", text, len(runs) > 2, tuple(run.id for run in runs))


def _credits(runs: Sequence[Entrant]) -> list[int]:
    return [run.credits for run in runs if run.credits is not None]


def _credit_text(count: int) -> str:
    return f"{count} {'credit' if count == 1 else 'credits'}"


# --- What is undecided, and what would settle it ----------------------------------------------------


def _next(table: Table, name_of: NameOf) -> Finding:
    if len(table.standings) < 2:
        text = "Nothing was voted on between two models yet: some votes would show which one leads."
        return Finding("next", text, False, ())
    for first, second in zip(table.standings, table.standings[1:], strict=False):
        if table.chance(first.key, second.key)[1] <= 0.5:
            text = _undecided(table, first, second, name_of)
            return Finding("next", text, False, (*first.runs, *second.runs))
    text = "The order of the models is settled: further votes would only narrow the intervals."
    return Finding("next", text, True, ())


def _undecided(table: Table, first: Standing, second: Standing, name_of: NameOf) -> str:
    needed = _votes_needed(*table.chance(first.key, second.key)[:1])
    names = f"{name_of(first.key)} and {name_of(second.key)}"
    if needed is None:
        return f"Between {names} it is even: votes alone will hardly settle it."
    return (
        f"Undecided between {names}: at the present ratio about {_votes(needed)} between the two "
        "would settle it."
    )


def _votes_needed(chance: float) -> int | None:
    """Votes until the interval of an observed ratio leaves one half out; None when it is too even."""
    gap = abs(chance - 0.5)
    if gap < 0.03:
        return None
    return math.ceil(Z95**2 * chance * (1 - chance) / gap**2)


# --- Figures ----------------------------------------------------------------------------------------


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


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _reach(values: Sequence[float]) -> float:
    """Half the 95 % interval of a mean, by the normal approximation; 0 for a single value."""
    if len(values) < 2:
        return 0.0
    mean = _mean(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return Z95 * math.sqrt(variance / len(values))


def _votes(count: int) -> str:
    return f"{count} {'vote' if count == 1 else 'votes'}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
