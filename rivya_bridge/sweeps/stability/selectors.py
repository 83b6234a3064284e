"""Reads of stability: per configuration over all runs of an experiment, in or outside sweeps."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from uuid import UUID

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.sweeps.stability.measuring import known_distances, reference_pairs, with_result
from rivya_bridge.sweeps.stability.meter import (
    MOST_OUTPUTS,
    Distances,
    Meter,
    measure_meter,
    ordered,
)
from rivya_bridge.sweeps.stability.outcomes import (
    Configuration,
    Outcome,
    configurations_among,
    read_configurations,
)


@dataclass(frozen=True, slots=True)
class Stability:
    """A configuration with its meter."""

    configuration: Configuration
    meter: Meter

    @property
    def run_count(self) -> int:
        return len(self.configuration.outcomes)


def stability_rows(experiment: Experiment) -> list[Stability]:
    """Every configuration with its meter, most runs first (four queries however many runs)."""
    return _measured(read_configurations(experiment))


def stability_of(runs: Iterable[Run]) -> dict[UUID, Stability]:
    """The meter of each run's own configuration, by run; what a decision reads (four queries however
    many runs and experiments)."""
    asked = {run.pk: run for run in runs}
    alike = Run.objects.filter(
        experiment__in={run.experiment_id for run in asked.values()},
        model_id__in={run.model_id for run in asked.values()},
        prompt__in={run.prompt for run in asked.values()},
    )
    return {
        outcome.run_id: row
        for row in _measured(configurations_among(alike))
        for outcome in row.configuration.outcomes
        if outcome.run_id in asked
    }


def _measured(configurations: list[Configuration]) -> list[Stability]:
    distances = _distances(configurations)
    return [Stability(one, measure_meter(one, distances)) for one in configurations]


def _distances(configurations: list[Configuration]) -> Distances:
    return known_distances(
        ordered(one, other)
        for configuration in configurations
        for one, other in combinations(_firsts(configuration), 2)
    )


def _firsts(configuration: Configuration) -> list[str]:
    firsts = dict.fromkeys(one.first for one in configuration.outcomes if one.has_result)
    return list(firsts)[:MOST_OUTPUTS]


# --- With and without references --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReferencePair:
    """One request with and without its reference files; an outcome is None before its result.
    `distance` is None before it is measured."""

    model_id: str
    prompt: str
    params: dict[str, Any]
    with_: Outcome | None
    without: Outcome | None
    distance: float | None

    @property
    def is_complete(self) -> bool:
        return self.with_ is not None and self.without is not None

    @property
    def better(self) -> str:
        """with, without or same, by rating and else by verdict; '' where one is not judged."""
        if self.with_ is None or self.without is None:
            return ""
        scores = [_score(self.with_), _score(self.without)]
        if None in scores or scores[0] is None or scores[1] is None:
            return ""
        return "same" if scores[0] == scores[1] else "with" if scores[0] > scores[1] else "without"

    @property
    def extra_credits(self) -> int | None:
        """What the references cost more."""
        if self.with_ is None or self.without is None:
            return None
        if self.with_.credits is None or self.without.credits is None:
            return None
        return self.with_.credits - self.without.credits


def _score(outcome: Outcome) -> float | None:
    if outcome.rating is not None:
        return float(outcome.rating)
    return {"accepted": 4.0, "rejected": 2.0}.get(outcome.verdict)


def reference_effects(experiment: Experiment) -> list[ReferencePair]:
    """Paired comparisons of all requests that ran with and without references (four queries)."""
    pairs = reference_pairs(read_configurations(experiment))
    shown = [(one, with_result(one), with_result(two)) for one, two in pairs]
    keys = {ordered(a.first, b.first) for _, a, b in shown if a and b}
    distances = known_distances(keys)
    return [
        ReferencePair(
            one.model_id,
            one.prompt,
            dict(one.params),
            a,
            b,
            _distance(a, b, distances) if a and b else None,
        )
        for one, a, b in shown
    ]


def _distance(a: Outcome, b: Outcome, distances: Distances) -> float | None:
    return 0.0 if a.first == b.first else distances.get(ordered(a.first, b.first))


def effect_sentence(pairs: list[ReferencePair]) -> str:
    """What the judged pairs say together."""
    judged = [pair.better for pair in pairs if pair.better]
    complete = sum(pair.is_complete for pair in pairs)
    if not judged:
        return (
            f"{complete} of {len(pairs)} pairs have both results; none is judged on both sides yet. "
            "Rate or accept both runs of a pair to see whether references help."
        )
    counts = {word: judged.count(word) for word in ("with", "without", "same")}
    return (
        f"Of {len(judged)} judged pairs the one with references is better in {counts['with']}, worse in "
        f"{counts['without']}, and as good in {counts['same']}."
    )
