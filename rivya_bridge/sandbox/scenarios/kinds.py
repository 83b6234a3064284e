"""What a scenario is: a name, a sentence, the routes it acts on, its parameters, its effect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from .call import Call
from .fates import Fate

Value = str | int | float
Values = Mapping[str, Value]
WireEffect = Callable[[Call, Values], Awaitable[None]]
FateEffect = Callable[[Fate, Values], Fate]


class BadEntry(ValueError):
    """A scenario was asked for in a way that can't be read; the text is for the user."""


@dataclass(frozen=True)
class Parameter:
    """One setting of a scenario; its type is that of its default."""

    name: str
    default: Value
    sentence: str
    options: tuple[str, ...] = ()
    least: float = 0
    most: float = 1e12

    def read(self, given: object) -> Value:
        """The value that a text or a JSON value stands for; raises BadEntry."""
        if isinstance(self.default, str):
            return self._word(given)
        kind = int if isinstance(self.default, int) else float
        try:
            number = kind(str(given))
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            raise BadEntry(f"{self.name} must be {what}.") from None
        if not self.least <= number <= self.most:
            raise BadEntry(f"{self.name} must be from {self.least:g} to {self.most:g}.")
        return number

    def _word(self, given: object) -> str:
        word = str(given)
        if self.options and word not in self.options:
            raise BadEntry(f"{self.name} must be one of: {', '.join(self.options)}.")
        if len(word) > 200 or not word.isprintable():
            raise BadEntry(f"{self.name} must be at most 200 printable characters.")
        return word


@dataclass(frozen=True)
class Scenario:
    """One named fault. Exactly one of `wire` and `fate` is given.

    A wire effect acts on each request it meets; a fate is decided when a generation is accepted
    and stays with it, whatever is switched on or off later.
    """

    name: str
    sentence: str
    routes: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    wire: WireEffect | None = None
    fate: FateEffect | None = None
    group: str = ""

    def shown(self) -> dict[str, object]:
        """The scenario as the control routes list it."""
        return {
            "name": self.name,
            "group": self.group,
            "sentence": self.sentence,
            "routes": list(self.routes),
            "acts_on": "task" if self.fate else "request",
            "parameters": [
                {
                    "name": parameter.name,
                    "default": parameter.default,
                    "options": list(parameter.options),
                    "sentence": parameter.sentence,
                }
                for parameter in self.parameters
            ],
        }
