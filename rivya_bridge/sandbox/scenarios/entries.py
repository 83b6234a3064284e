"""Asking for a scenario: `name;times=2;probability=0.5;seed=7;routes=chat|credits;seconds=3`.

The same names serve in the header, in a form and in a JSON body. Several entries of one header
are separated by commas.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from .kinds import BadEntry, Parameter, Scenario, Value
from .places import EVERYWHERE
from .registry import SCENARIOS

MOST_ENTRIES = 10
LONGEST_HEADER = 2000

TIMES = Parameter("times", 0, "how many requests it meets before it rests; 0 is no limit")
SKIP = Parameter("skip", 0, "how many requests pass untouched before it begins")
PROBABILITY = Parameter("probability", 1.0, "the share of requests that it meets", most=1)
SEED = Parameter("seed", 0, "decides which requests a probability picks; the same picks each run")
ROUTES = Parameter("routes", "", "only these routes, separated by |")
LIMITS = (TIMES, SKIP, PROBABILITY, SEED, ROUTES)
"""Settings that every scenario has beside its own."""


@dataclass(frozen=True)
class Entry:
    """One scenario with its settings."""

    scenario: Scenario
    values: Mapping[str, Value]
    routes: tuple[str, ...]
    times: int = 0
    skip: int = 0
    probability: float = 1.0
    seed: int = 0

    @property
    def settings(self) -> dict[str, Value]:
        """What was asked for, in the form that `read_entry` takes."""
        limits: dict[str, Value] = {
            "times": self.times,
            "skip": self.skip,
            "probability": self.probability,
            "seed": self.seed,
            "routes": "|".join(self.routes),
        }
        return {**self.values, **limits}

    def meets(self, seen: int, met: int) -> bool:
        """Whether the next request is met, after `seen` requests of which `met` were."""
        if seen < self.skip or (self.times and met >= self.times):
            return False
        if self.probability >= 1:
            return True
        return random.Random(f"{self.seed}:{seen}").random() < self.probability  # noqa: S311


def read_entry(name: object, settings: Mapping[str, object]) -> Entry:
    """The entry of a scenario's name and settings; raises BadEntry naming what is wrong."""
    scenario = SCENARIOS.get(str(name))
    if scenario is None:
        raise BadEntry(f"{str(name)[:60]} is no scenario. Known are: {', '.join(SCENARIOS)}.")
    given = {word: value for word, value in settings.items() if value not in ("", None)}
    own = {parameter.name: parameter for parameter in scenario.parameters}
    known = own | {parameter.name: parameter for parameter in LIMITS}
    for word in given:
        if word not in known:
            raise BadEntry(
                f"{word[:60]} is no setting of {scenario.name}. Known are: {', '.join(known)}."
            )
    read = {
        word: parameter.read(given.get(word, parameter.default))
        for word, parameter in known.items()
    }
    return Entry(
        scenario,
        {word: read[word] for word in own},
        _routes(scenario, str(read["routes"])),
        times=int(read["times"]),
        skip=int(read["skip"]),
        probability=float(read["probability"]),
        seed=int(read["seed"]),
    )


def read_header(text: str) -> list[Entry]:
    """The entries of one header value; raises BadEntry."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(text) > LONGEST_HEADER or len(parts) > MOST_ENTRIES:
        raise BadEntry(f"Ask for at most {MOST_ENTRIES} scenarios in {LONGEST_HEADER} characters.")
    return [_read_part(part) for part in parts]


def _read_part(part: str) -> Entry:
    name, *pairs = (piece.strip() for piece in part.split(";"))
    settings = {}
    for pair in filter(None, pairs):
        word, equals, value = pair.partition("=")
        if not equals:
            raise BadEntry(f"Write {word[:60]}=value after {name[:60]}.")
        settings[word.strip()] = value.strip()
    return read_entry(name, settings)


def _routes(scenario: Scenario, text: str) -> tuple[str, ...]:
    wanted = tuple(word.strip() for word in text.split("|") if word.strip())
    for word in wanted:
        if word not in EVERYWHERE:
            raise BadEntry(f"{word[:60]} is no route. Known are: {', '.join(EVERYWHERE)}.")
        if word not in scenario.routes:
            raise BadEntry(
                f"{scenario.name} does not act on {word}, only on: {', '.join(scenario.routes)}."
            )
    return wanted or scenario.routes
