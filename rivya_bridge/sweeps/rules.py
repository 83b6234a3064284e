"""Rules that leave cells out of a grid: ``SKIP: flux & 16:9``. Pure.

A rule is one condition or several joined by ``&``; a cell that meets all of them is left out. A condition
is a value of any axis, or ``axis=value`` where two axes share a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rivya_bridge.refusals import Problem
from rivya_bridge.sweeps.values import SKIP

FIELD = "skip"

# One value of each axis by the axis's key, in every spelling that a rule may use.
Spellings = Mapping[str, Sequence[str]]
Axes = Mapping[str, Sequence[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Condition:
    """`axis` is '' for any."""

    axis: str
    value: str

    def meets(self, spellings: Spellings) -> bool:
        return any(
            self.value.lower() == one.strip().lower()
            for key, value in spellings.items()
            if not self.axis or _names(key, self.axis)
            for one in value
        )


@dataclass(frozen=True, slots=True)
class Rule:
    text: str
    conditions: tuple[Condition, ...]

    def meets(self, spellings: Spellings) -> bool:
        return all(condition.meets(spellings) for condition in self.conditions)


def read_rules(problems: list[Problem], lines: Sequence[str], axes: Axes) -> list[Rule]:
    """The rules; a problem for each condition that no value of the axes meets."""
    return [_rule(problems, line, axes) for line in lines]


def _rule(problems: list[Problem], line: str, axes: Axes) -> Rule:
    text = line[len(SKIP) :].strip() if line.upper().startswith(SKIP) else line
    conditions = tuple(_condition(part.strip(), axes) for part in text.split("&") if part.strip())
    unknown = [
        f"{one.axis}={one.value}" if one.axis else one.value
        for one in conditions
        if not any(one.meets({key: value}) for key, values in axes.items() for value in values)
    ]
    if unknown or not conditions:
        wrong = ", ".join(unknown) or "an empty rule"
        text = (
            f"SKIP: {wrong[:80]} is no value of an axis. Write values as they stand there, joined by "
            "&, or axis=value."
        )
        problems.append(Problem(FIELD, text))
    return Rule(line, conditions)


def _condition(part: str, axes: Axes) -> Condition:
    """``16:9`` or ``aspect_ratio=16:9``; a value may hold an equals sign itself."""
    axis, equals, value = part.partition("=")
    if equals and any(_names(key, axis.strip()) for key in axes):
        return Condition(axis.strip(), value.strip())
    return Condition("", part)


def _names(key: str, word: str) -> bool:
    """models answers to "model", params.steps to "steps"."""
    spelled = {key, key.rpartition(".")[2], key.removesuffix("s")}
    return word.lower() in {one.lower() for one in spelled}
