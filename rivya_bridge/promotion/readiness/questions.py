"""The six questions of the decision, each a pure function of its own facts and the rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rivya_bridge.promotion.readiness.facts import (
    Comparing,
    Consumer,
    Credits,
    Exploring,
    Facts,
    Models,
    References,
    RunFact,
)
from rivya_bridge.promotion.readiness.rules import Rules

STUDIO, API, UNKNOWN = "studio", "api", "unknown"
WORDS = {STUDIO: "points to Studio", API: "points to the API", UNKNOWN: "not enough evidence"}


@dataclass(frozen=True, slots=True)
class Link:
    """Evidence: `kind` is run, comparison, model, experiment or credits; `id` is "" where there is one."""

    kind: str
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Where the facts point, in a sentence with numbers; `change`: what would change it, "" for API."""

    points: str
    sentence: str
    evidence: tuple[Link, ...] = ()
    change: str = ""


def exploring(facts: Exploring, rules: Rules) -> Answer:
    links = _runs(facts.runs)
    need = rules.least_accepted
    if facts.streak >= need:
        return _stable(facts, rules)
    change = f"Accept {need} runs in a row with equal params and one prompt shape."
    if len(facts.runs) < need:
        count = len(facts.runs)
        text = f"{count} run{'s' * (count != 1)} with a result; at least {need} are needed."
        return Answer(UNKNOWN, text, links, change)
    says = [run.says for run in facts.runs]
    reasons = [f"{facts.streak} in a row accepted alike, of the {need} needed"]
    reasons.append(
        f"of the newest {len(says)}: {says.count('accepted')} accepted, {says.count('rejected')} "
        f"rejected, {says.count('')} undecided"
    )
    if facts.varied_params:
        reasons.append(f"changed params: {', '.join(facts.varied_params[:5])}")
    if not facts.is_one_shape:
        reasons.append("their prompts have no one shape")
    return Answer(STUDIO, f"{_sentence(reasons)}.", links, change)


def _stable(facts: Exploring, rules: Rules) -> Answer:
    """What is accepted again and again also has to come out alike, where repeats were measured."""
    links = _runs(facts.runs[: facts.streak])
    text = f"The newest {facts.streak} runs were accepted with equal params and one prompt shape"
    if facts.apart_percent is None:
        return Answer(API, f"{text}.", links)
    measured = f"{facts.repeats} repeats of one request lie {facts.apart_percent} % apart"
    if facts.apart_percent <= rules.apart_percent:
        return Answer(API, f"{text}; {measured}.", links)
    change = (
        "Say more in the prompt, or fix params, until repeats come out alike: at most "
        f"{rules.apart_percent} % apart."
    )
    return Answer(STUDIO, f"{text}, but {measured}: results are not stable.", links, change)


def comparing(facts: Comparing, rules: Rules) -> Answer:
    every, votes = facts.comparisons, facts.votes
    unsettled = [one for one in every if one.is_open]
    links = tuple(Link("comparison", one.id, one.title) for one in unsettled or every)
    if votes and votes.run:
        links += (Link("run", votes.run, "the leader's newest run"),)
    if unsettled:
        text = f"{len(unsettled)} of {len(every)} comparisons have no winner and no conclusion yet."
        return Answer(STUDIO, text, links, "Name a winner or write the conclusion.")
    word = votes.word(rules.leader_percent) if votes else "none"
    if votes and word == "split":
        change = f"Vote until the leader has won {rules.leader_percent} % of its votes."
        return Answer(STUDIO, f"Votes are split: {votes.sentence}.", links, change)
    if not every and word == "none":
        change = "Keep a comparison of the runs, with its winner or a conclusion, or vote."
        return Answer(UNKNOWN, "No comparison has been kept, and no votes tell.", links, change)
    settled = {0: "No comparison is open", 1: "The kept comparison is settled"}
    parts = [settled.get(len(every), f"All {len(every)} kept comparisons are settled")]
    if votes and word == "settled":
        parts.append(f"votes agree: {votes.sentence}")
    return Answer(API, f"{_sentence(parts)}.", links)


def model(facts: Models, rules: Rules) -> Answer:
    links = tuple(Link("model", one.id, one.name) for one in facts.models)
    names = ", ".join(one.name for one in facts.models)
    if not facts.models:
        return Answer(UNKNOWN, "No run with a result names a model.", (), "Record a first run.")
    if len(facts.models) > 1:
        text = f"{len(facts.models)} models are in play in the latest runs: {names}."
        change = f"Stay with one model for the latest {rules.latest_runs} runs."
        return Answer(STUDIO, text, links, change)
    [one] = facts.models
    if one.status != "available":
        text = (
            f"{one.name} is {one.status or 'not in the model list'}, not available through the API."
        )
        return Answer(STUDIO, text, links, "Choose an available model, or wait for this one.")
    return Answer(API, f"One model in the latest runs, {one.name}, and it is available.", links)


def references(facts: References, rules: Rules) -> Answer:
    links = _runs(facts.runs)
    kinds = list(dict.fromkeys(run.says for run in facts.runs))
    if not facts.runs:
        return Answer(UNKNOWN, "No run with a result yet.", (), "Record a first run.")
    if len(kinds) > 1:
        shown = "; ".join(one or "none" for one in kinds)
        text = f"The reference files of the latest {len(facts.runs)} runs still change: {shown}."
        change = "Use the same number and kinds of reference files in the latest runs."
        return Answer(STUDIO, text, links, change)
    if not kinds[0]:
        return Answer(
            API, f"None of the latest {len(facts.runs)} runs needed reference files.", links
        )
    if facts.unknown_kinds:
        text = f"The model names no limits for {', '.join(facts.unknown_kinds)} files."
        return Answer(UNKNOWN, text, links, "Choose a model that takes these files.")
    text = f"Each of the latest {len(facts.runs)} runs used the same kinds of files ({kinds[0]})"
    return Answer(API, f"{text}, whose types and sizes the model names.", links)


def consumer(facts: Consumer, rules: Rules) -> Answer:
    if facts.name:
        link = (Link("consumer", "", facts.name),)
        return Answer(API, f"{facts.name} takes the result by {facts.delivery}.", link)
    change = "Name the system that uses the result, and whether it polls or gets a webhook."
    return Answer(STUDIO, "Nobody consumes the result yet.", (), change)


def credits(facts: Credits, rules: Rules) -> Answer:
    links = (*_runs((*facts.costs, *facts.unpriced)), Link("credits", "", "Credits"))
    costs = sorted(int(run.says) for run in facts.costs)
    if len(costs) < rules.least_priced:
        text = f"The cost of {len(costs)} runs is known; {rules.least_priced} are needed."
        return Answer(
            UNKNOWN, text, links, "Enter the credits of Studio runs, or run through the API."
        )
    if facts.unpriced:
        text = f"The cost of {len(facts.unpriced)} of the latest runs is unknown."
        return Answer(STUDIO, text, links, "Enter the credits of these runs.")
    middle, spread = median(costs), 0.0
    if costs[0] != costs[-1]:
        spread = 100 * (costs[-1] - costs[0]) / middle if middle else float("inf")
    range_text = f"{costs[0]} to {costs[-1]} credits" if spread else f"{costs[0]} credits each"
    known = f"{len(costs)} runs cost {range_text} (spread {_percent(spread)})"
    if spread > rules.spread_percent:
        change = f"Keep what changes the price fixed, so that it varies by at most {rules.spread_percent} %."
        return Answer(
            STUDIO, f"{known}: it swings by more than {rules.spread_percent} %.", links, change
        )
    if facts.free is None:
        return Answer(
            UNKNOWN, f"{known}; the wallet was not read yet.", links, "Refresh the wallet."
        )
    most = max(costs[-1], 1)
    cap = most if facts.cap is None else facts.cap
    if cap < most:
        text = f"{known}; the template's cap of {cap} is below the dearest run."
        return Answer(STUDIO, text, links, "Raise the template's credit cap in a new version.")
    if facts.free < most * rules.wallet_jobs:
        text = f"{known}; {facts.free:,} free credits do not carry {rules.wallet_jobs} jobs."
        return Answer(
            STUDIO, text, links, f"Have {most * rules.wallet_jobs:,} credits in the wallet."
        )
    source = "the cap that a promotion sets is" if facts.cap is None else "the template's cap is"
    carried = f"the wallet carries {facts.free // most:,} jobs"
    return Answer(API, f"{known}; {source} {cap}; {carried}.", links)


def _percent(value: float) -> str:
    return "without bound" if value == float("inf") else f"{value:.0f} %"


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def _runs(runs: Sequence[RunFact]) -> tuple[Link, ...]:
    return tuple(Link("run", run.id, f"Run {run.number}") for run in runs)


# In the order of the decision table: key -> the question and its answer.
QUESTIONS: dict[str, tuple[str, Callable[[Any, Rules], Answer]]] = {
    "exploring": ("Is the output still exploratory?", exploring),
    "comparing": ("Does a person need to compare results?", comparing),
    "model": ("Is the model choice stable?", model),
    "references": ("Does the task need reference media?", references),
    "consumer": ("Does the result update another system?", consumer),
    "credits": ("Is credit use visible and explainable?", credits),
}
DISCOVERY = ("exploring", "comparing", "model")
KEEP, NOT_YET, READY = "keep_in_studio", "not_yet", "ready"
VERDICTS = {KEEP: "Keep in Studio", NOT_YET: "Not yet", READY: "Ready for the API"}


def answers(facts: Facts, rules: Rules) -> dict[str, Answer]:
    """Every question's answer, in the order of the table."""
    return {key: answer(getattr(facts, key), rules) for key, (_, answer) in QUESTIONS.items()}


def verdict_of(points: dict[str, str]) -> str:
    """The one verdict over where each question points (an override's word included)."""
    blockers = [key for key in QUESTIONS if points[key] != API]
    if any(key in DISCOVERY for key in blockers):
        return KEEP
    return NOT_YET if blockers else READY
