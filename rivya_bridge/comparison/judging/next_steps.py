"""What is still undecided, and which vote or run would settle it. Pure."""

from collections.abc import Iterable

from rivya_bridge.comparison.judging.facts import Entrant, Evidence
from rivya_bridge.comparison.judging.figures import count_of, votes_needed
from rivya_bridge.comparison.judging.finding import Finding, NameOf, Step
from rivya_bridge.comparison.judging.standings import Standing, Table


def next_steps(evidence: Evidence, table: Table, name_of: NameOf) -> list[Finding]:
    """The step that settles the models' order first, then what would show whether references help."""
    found = [_models(evidence, table, name_of), _references(evidence)]
    return [one for one in found if one]


def _models(evidence: Evidence, table: Table, name_of: NameOf) -> Finding:
    if len(table.standings) < 2:
        return _first_vote(evidence, name_of)
    for first, second in zip(table.standings, table.standings[1:], strict=False):
        if table.chance(first.key, second.key)[1] <= 0.5:
            return _undecided(evidence, table, first, second, name_of)
    text = "The order of the models is settled: further votes would only narrow the intervals."
    return Finding("next", text, True, ())


def _first_vote(evidence: Evidence, name_of: NameOf) -> Finding:
    newest: dict[str, Entrant] = {}
    for entrant in evidence.entrants.values():
        newest[entrant.model] = entrant
    if len(newest) >= 2:
        text = "Nothing was voted on between two models yet: some votes would show which one leads."
        return Finding("next", text, False, (), Step("vote"))
    if not newest:
        text = (
            "There is no result yet: a first run of each model that is in question would give two."
        )
        return Finding("next", text, False, (), Step("run"))
    [(model, entrant)] = newest.items()
    text = (
        f"Only {name_of(model)} was tried: a run of the same prompt with another model would give "
        "something to vote on."
    )
    return Finding("next", text, False, (entrant.id,), Step("run", entrant.id))


def _undecided(
    evidence: Evidence, table: Table, first: Standing, second: Standing, name_of: NameOf
) -> Finding:
    needed = votes_needed(table.chance(first.key, second.key)[0])
    names = f"{name_of(first.key)} and {name_of(second.key)}"
    runs = (*first.runs, *second.runs)
    if needed is None:
        text = (
            f"Between {names} it is even: votes alone will hardly settle it. Runs of other prompts "
            "may tell them apart."
        )
        return Finding("next", text, False, runs, Step("run", first.runs[-1]))
    more = max(1, needed - _between(evidence, first.key, second.key))
    text = (
        f"Undecided between {names}: at the present ratio about {count_of(more, 'more vote')} between "
        "the two would settle it. A vote costs nothing."
    )
    pair = first.runs[-1], second.runs[-1]
    return Finding("next", text, False, runs, Step("vote"), pair)


def _between(evidence: Evidence, one: str, other: str) -> int:
    models = {run: entrant.model for run, entrant in evidence.entrants.items()}
    return sum({models[vote.left], models[vote.right]} == {one, other} for vote in evidence.votes)


def _references(evidence: Evidence) -> Finding | None:
    """Where references were used and no request was run both with and without: the run that is missing.

    None where there is a pair already, or no reference at all.
    """
    with_ = _newest_by_setting(one for one in evidence.entrants.values() if one.references)
    without = {one.setting for one in evidence.entrants.values() if not one.references}
    if not with_ or without.intersection(with_):
        return None
    newest = max(with_.values(), key=lambda one: one.number)
    text = (
        "Whether reference media helps cannot be told: no request was run both with and without. "
        f"Run {newest.number} once more without its references would make the first pair."
    )
    return Finding("next", text, False, (newest.id,), Step("run", newest.id))


def _newest_by_setting(entrants: Iterable[Entrant]) -> dict[str, Entrant]:
    return {one.setting: one for one in entrants}
