"""What the votes and costs of an experiment say in plain words, each with what it rests on. Pure."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from rivya_bridge.comparison.judging.facts import Entrant, Evidence, Vote
from rivya_bridge.comparison.judging.figures import (
    count_of,
    mean,
    percent,
    reach,
    votes_needed,
    wilson,
)
from rivya_bridge.comparison.judging.finding import Finding, NameOf, Step
from rivya_bridge.comparison.judging.next_steps import next_steps
from rivya_bridge.comparison.judging.standings import Table, rank_models

__all__ = ["Finding", "NameOf", "find"]


def find(evidence: Evidence, name_of: NameOf) -> list[Finding]:
    """Every finding that the evidence allows; `name_of` gives a model's display name."""
    table = rank_models(evidence)
    found = [_leader(table, name_of), _references(evidence), *_costs(evidence, name_of)]
    return [*(one for one in found if one), *next_steps(evidence, table, name_of)]


# --- Which model leads ----------------------------------------------------------------------------


def _leader(table: Table, name_of: NameOf) -> Finding | None:
    if len(table.standings) < 2:
        return None
    first, second = table.standings[:2]
    chance, least, most = table.chance(first.key, second.key)
    is_sure = least > 0.5
    text = (
        f"{name_of(first.key)} {'leads' if is_sure else 'is ahead, but not surely'}: it beats "
        f"{name_of(second.key)}, the next, in {percent(chance)} of votes "
        f"(95 % interval {percent(least)} to {percent(most)}; {first.votes} votes on it)."
    )
    pair = first.runs[-1], second.runs[-1]
    return Finding("leader", text, is_sure, (*first.runs, *second.runs), pair=pair)


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
        f"{verdict}: of {count_of(count, 'vote')} between the same request with and without, "
        f"the side with references won {won:g} (95 % interval {percent(least)} to "
        f"{percent(most)})."
    )
    runs = dict.fromkeys(run for vote, _ in votes for run in (vote.left, vote.right))
    step = None if is_sure else Step("vote")
    needed = None if is_sure else votes_needed(won / count)
    if needed and needed > count:
        text += f" At this ratio about {count_of(needed - count, 'more such vote')} would tell."
    newest = votes[-1][0]
    return Finding("references", text, is_sure, tuple(runs), step, (newest.left, newest.right))


def _rated_references(evidence: Evidence) -> Finding | None:
    pairs = _rated_pairs(evidence.entrants.values())
    if not pairs:
        return None
    gains = [mean(with_) - mean(without) for with_, without, _ in pairs]
    gain, spread = mean(gains), reach(gains)
    is_sure = abs(gain) > spread and len(gains) > 2
    text = (
        f"With reference media the same request is rated {gain:+.1f} of 5 "
        f"({'surely' if is_sure else 'not surely'}: {count_of(len(gains), 'paired request')}, no votes "
        "between them yet)."
    )
    runs = tuple(run for _, _, ids in pairs for run in ids)
    return Finding("references", text, is_sure, runs, None if is_sure else Step("vote"))


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
    ordered = sorted(by_model.items(), key=lambda row: mean(_credits(row[1])))
    return [_cost(name_of(model), runs) for model, runs in ordered]


def _cost(name: str, runs: Sequence[Entrant]) -> Finding:
    credits = _credits(runs)
    least, most = min(credits), max(credits)
    count = count_of(len(runs), "run")
    if len(runs) == 1:
        text = f"The one run of {name} cost {count_of(least, 'credit')}: how much that varies is unknown."
    elif least == most:
        text = f"A run of {name} costs {count_of(least, 'credit')} (the same in {count})."
    elif len(runs) == 2:
        text = f"Two runs of {name} cost {least} and {most} credits: too few to say how much it varies."
    else:
        spread = reach(credits)
        text = (
            f"A run of {name} costs {mean(credits):.1f} credits on average, ±{spread:.1f} at 95 % "
            f"({count}, from {least} to {most})."
        )
    return Finding("cost", text, len(runs) > 2, tuple(run.id for run in runs))


def _credits(runs: Sequence[Entrant]) -> list[int]:
    return [run.credits for run in runs if run.credits is not None]
