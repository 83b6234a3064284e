"""Every definition, window and limit of the decision, in one place.

Looked at are the `latest_runs` newest runs of an experiment that have a result: recorded by hand in
Studio, or succeeded through the API. Each fact bears on one question alone:

1. exploring: prompts, params and verdicts. A streak is how many of the newest runs, without a gap, were
   accepted with equal params and prompts of one shape. From `least_accepted` on the API can take over,
   unless repeats of one request of the streak, where there are enough to measure, lie more than
   `apart_percent` apart on average: 0 is the same, unrelated pictures lie from 55 on.
2. comparing: kept comparisons, of which one with neither a winner nor a conclusion is open; and the
   blind votes, of all runs, that were not taken back: they are split while the leading model (of one
   model, the leading configuration) has won less than `leader_percent` of the votes on it, a tie as half.
3. model: the models of these runs, and their state in the model list.
4. references: the number and kinds of their reference files. Other files of the same kinds are an input.
5. consumer: who uses the result, written down by a person.
6. credits: what these runs cost. The spread is the dearest less the cheapest, in percent of the middle
   one; at most `spread_percent`, from `least_priced` known costs on, none unknown, and the wallet must
   hold `wallet_jobs` times the dearest.

Questions 1 to 3 are of discovery: while one of them does not point to the API, the verdict is *Keep in
Studio*. Questions 4 to 6 are of integration: while one does not, it is *Not yet*. Else *Ready for the
API*. "Not enough evidence" does not point to the API.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from rivya_bridge.refusals import Problem, Refusal


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits that a workspace may set; see the module for what each does."""

    latest_runs: int = 8
    least_accepted: int = 3
    apart_percent: int = 50
    leader_percent: int = 60
    least_priced: int = 2
    spread_percent: int = 25
    wallet_jobs: int = 10


LIMITS = {
    "latest_runs": (2, 50),
    "least_accepted": (1, 50),
    "apart_percent": (0, 100),
    "leader_percent": (50, 100),
    "least_priced": (1, 50),
    "spread_percent": (0, 1_000),
    "wallet_jobs": (1, 100_000),
}


def read_rules(given: Mapping[str, Any]) -> Rules:
    """Rules from their values by name; what is left out has its default.

    Raises Refusal for unknown names, values outside their limits, and a window that is smaller than what
    is looked for in it.
    """
    values: dict[str, Any] = asdict(Rules()) | dict(given)
    problems = []
    for name, value in values.items():
        if name not in LIMITS:
            text = f"{name[:40]!r} is no rule: use {', '.join(LIMITS)}."
            problems.append(Problem(name[:40], text))
            continue
        least, most = LIMITS[name]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            text = f"{name} must be a whole number from {least:,} to {most:,}."
            problems.append(Problem(name, text, most))
    if not problems:
        problems = [
            Problem(name, f"{name} cannot be more than latest_runs.", values["latest_runs"])
            for name in ("least_accepted", "least_priced")
            if values[name] > values["latest_runs"]
        ]
    if problems:
        raise Refusal.of(problems)
    return Rules(**{field.name: values[field.name] for field in fields(Rules)})
