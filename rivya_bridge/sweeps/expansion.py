"""From a plan to the cells of its grid: pure, and bounded before anything is multiplied.

Axes come in this order: models, prompts, references on and off, each reference file, params as they stand
in the plan, replacements in the prompt. A model, a file, a param or a word that has one value only is no
axis. One param that models spell in two ways is one axis.
Cells are numbered as an odometer turns, the last axis fastest.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Any

from rivya_bridge.catalog.params import one_spelling
from rivya_bridge.catalog.references import ReferenceFile
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rivya import Model, Param
from rivya_bridge.sweeps.plans import Plan
from rivya_bridge.sweeps.rules import Rule, Spellings, read_rules

MOST_AXES = 6
MOST_CELLS = 500
MOST_RUNS = 1_000
# What is enumerated so that rules can thin it out.
MOST_COMBINATIONS = 5_000
LABEL = 90
WITH, WITHOUT = "with references", "without references"


@dataclass(frozen=True, slots=True)
class Axis:
    """`key`: models, prompts, references, files, params.<key> or replacements.<n>; `values` are labels."""

    key: str
    label: str
    values: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"key": self.key, "label": self.label, "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class Cell:
    """One request. `place` holds the number of each axis's value, `skipped` why it is left out."""

    place: tuple[int, ...]
    model: Model
    prompt: str
    params: Mapping[str, Any]
    references: tuple[str, ...]
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """`left_out`: which fixed params a model does not know, as sentences."""

    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    left_out: tuple[str, ...] = field(default=())


def expand(plan: Plan, models: Mapping[str, Model], files: Mapping[str, ReferenceFile]) -> Grid:
    """Every cell of the plan; `models` and `files` by the ids that it names.

    Raises Refusal naming the axis, the limit and the next step.
    """
    axes = _axes(plan, models, files)
    problems = [*_axis_problems(plan, axes), *_size_problems(axes)]
    rules = read_rules(problems, plan.skip, {axis.key: _spellings(plan, axis) for axis in axes})
    if problems:
        raise Refusal.of(problems)
    cells = tuple(_cells(plan, models, axes, rules))
    kept = sum(not cell.skipped for cell in cells)
    if problem := _count_problem(kept, plan.repeats):
        raise Refusal.of([problem])
    return Grid(axes, cells, tuple(_left_out(plan, models)))


# --- Axes -----------------------------------------------------------------------------------------


def _axes(
    plan: Plan, models: Mapping[str, Model], files: Mapping[str, ReferenceFile]
) -> tuple[Axis, ...]:
    found = [Axis("models", "Model", tuple(models[key].display_name for key in plan.models))]
    found.append(Axis("prompts", "Prompt", _shortened(plan.prompts)))
    if plan.with_and_without:
        found.append(Axis("references", "References", (WITH, WITHOUT)))
    if plan.each_reference:
        found.append(Axis("files", "Reference file", _names(plan.references, files)))
    found += [Axis(f"params.{key}", key, values) for key, values in plan.params.items()]
    found += [
        Axis(f"replacements.{number}", f"“{one.search}”", (one.search, *one.alternatives))
        for number, one in enumerate(plan.replacements, start=1)
    ]
    return tuple(axis for axis in found if len(axis.values) > 1)


def _spellings(plan: Plan, axis: Axis) -> list[tuple[str, ...]]:
    """What rules may call each value: a model answers to its id too, a prompt to its whole text."""
    others = {"models": plan.models, "prompts": plan.prompts}.get(axis.key, axis.values)
    return list(zip(axis.values, others, strict=True))


def _shortened(prompts: Sequence[str]) -> tuple[str, ...]:
    """Prompts as labels; two that begin alike are told apart."""
    lines = [" ".join(prompt.split()) for prompt in prompts]
    short = [line if len(line) <= LABEL else f"{line[: LABEL - 1]}…" for line in lines]
    return tuple(
        f"{line} ({number})" if short.count(line) > 1 else line or "(empty)"
        for number, line in enumerate(short, start=1)
    )


def _names(ids: Sequence[str], files: Mapping[str, ReferenceFile]) -> tuple[str, ...]:
    """Names of files; two of one name are told apart."""
    names = [files[key].name for key in ids]
    return tuple(
        f"{name} ({number})" if names.count(name) > 1 else name
        for number, name in enumerate(names, start=1)
    )


def _axis_problems(plan: Plan, axes: Sequence[Axis]) -> Iterator[Problem]:
    if len(axes) > MOST_AXES:
        names = ", ".join(axis.label for axis in axes)
        text = f"There are {len(axes)} axes ({names}); the limit is {MOST_AXES}: fix one of them."
        yield Problem("axes", text, MOST_AXES)
    if plan.with_and_without and not plan.references:
        text = "With and without references needs a reference file: add one, or take the axis away."
        yield Problem("references", text, 1)
    for number, one in enumerate(plan.replacements, start=1):
        without = [prompt for prompt in plan.prompts if one.search not in prompt]
        if without:
            which = "The prompt" if len(plan.prompts) == 1 else f"The prompt {without[0][:40]!r}"
            text = (
                f"{which} does not contain {one.search[:60]!r}: write it into the prompt, or search "
                "for words that stand there."
            )
            yield Problem(f"replacements.{number}", text)


def _size_problems(axes: Sequence[Axis]) -> Iterator[Problem]:
    count = math.prod(len(axis.values) for axis in axes)
    if count > MOST_COMBINATIONS:
        sizes = " × ".join(f"{len(axis.values)} of {axis.label}" for axis in axes)
        text = (
            f"{sizes} are {count:,} combinations; at most {MOST_COMBINATIONS:,} are looked at and "
            f"{MOST_CELLS} run: take values away."
        )
        yield Problem("axes", text, MOST_COMBINATIONS)


def _count_problem(kept: int, repeats: int) -> Problem | None:
    if kept > MOST_CELLS:
        text = (
            f"{kept:,} cells remain; the limit is {MOST_CELLS}: take values away, or leave cells out "
            "by a SKIP rule."
        )
        return Problem("axes", text, MOST_CELLS)
    if kept * repeats > MOST_RUNS:
        text = (
            f"{kept:,} cells × {repeats} are {kept * repeats:,} runs; the limit is {MOST_RUNS:,}: "
            "repeat less often, or take values away."
        )
        return Problem("repeats", text, MOST_RUNS)
    if kept == 0:
        text = "The SKIP rules leave out every cell: take one of them away."
        return Problem("skip", text)
    return None


# --- Cells ----------------------------------------------------------------------------------------


def _cells(
    plan: Plan, models: Mapping[str, Model], axes: Sequence[Axis], rules: Sequence[Rule]
) -> Iterator[Cell]:
    seen: dict[str, int] = {}
    spellings = {axis.key: _spellings(plan, axis) for axis in axes}
    places = product(*(range(len(axis.values)) for axis in axes))
    for number, place in enumerate(places, start=1):
        chosen = {axis.key: spot for axis, spot in zip(axes, place, strict=True)}
        named = {key: values[chosen[key]] for key, values in spellings.items()}
        yield _cell(plan, models, place, chosen, _reason(rules, named), seen, number)


def _reason(rules: Sequence[Rule], named: Spellings) -> str:
    rule = next((rule for rule in rules if rule.meets(named)), None)
    return f"left out by the rule “{rule.text}”" if rule else ""


def _cell(
    plan: Plan,
    models: Mapping[str, Model],
    place: tuple[int, ...],
    chosen: Mapping[str, int],
    reason: str,
    seen: dict[str, int],
    number: int,
) -> Cell:
    model = models[plan.models[chosen.get("models", 0)]]
    prompt = _prompt(plan, chosen)
    params = _params(plan, model, chosen)
    references = _references(plan, chosen)
    request = repr((model.id, prompt, sorted(params.items()), references))
    if not reason and request in seen:
        reason = f"the same request as cell {seen[request]}"
    elif not reason:
        seen[request] = number
    return Cell(place, model, prompt, params, references, reason)


def _prompt(plan: Plan, chosen: Mapping[str, int]) -> str:
    prompt = plan.prompts[chosen.get("prompts", 0)]
    for number, one in enumerate(plan.replacements, start=1):
        values = (one.search, *one.alternatives)
        prompt = prompt.replace(one.search, values[chosen.get(f"replacements.{number}", 0)])
    return prompt


def _references(plan: Plan, chosen: Mapping[str, int]) -> tuple[str, ...]:
    if chosen.get("references") == 1:
        return ()
    if plan.each_reference and plan.references:
        return (plan.references[chosen.get("files", 0)],)
    return plan.references


def _params(plan: Plan, model: Model, chosen: Mapping[str, int]) -> dict[str, Any]:
    """Values as the model's own params spell and want them. A fixed param goes only to models that
    know it."""
    known = {one_spelling(param.key): param for param in model.params}
    found = {}
    for key, values in plan.params.items():
        param = known.get(one_spelling(key))
        value = values[chosen.get(f"params.{key}", 0)]
        if param is not None:
            found[param.key] = _typed(param, value)
        elif len(values) > 1:
            found[key] = value
    return found


def _typed(param: Param, word: str) -> Any:
    """A number where the param is one and the word spells one, an option as the param spells it; what
    the word is not, the checks say."""
    if param.type != "number":
        return next((one for one in param.options if one.lower() == word.lower()), word)
    try:
        number = Decimal(word)
    except InvalidOperation:
        return word
    if not number.is_finite() or abs(number) > 2**53:
        return word
    return int(number) if number == number.to_integral_value() else float(number)


def _left_out(plan: Plan, models: Mapping[str, Model]) -> Iterator[str]:
    for key, values in plan.params.items():
        without = [
            models[one].display_name
            for one in plan.models
            if one_spelling(key) not in {one_spelling(param.key) for param in models[one].params}
        ]
        if len(values) == 1 and without:
            yield f"{key} is left out for {', '.join(without)}, which {_have(without)} no such param."


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"
