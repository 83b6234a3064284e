"""Who uses a model: upper apps register how to find out, because this one may not know them."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Use:
    """A template or an experiment that works with a model, with its page."""

    model_id: str
    kind: Literal["template", "experiment"]
    label: str
    url: str


Finder = Callable[[Collection[str]], Iterable[Use]]
_finders: dict[str, Finder] = {}


def register_uses(name: str, finder: Finder) -> None:
    """`finder` names what uses any of some models, newest first, in a fixed number of queries."""
    _finders[name] = finder


def uses_of(model_ids: Collection[str]) -> dict[str, list[Use]]:
    """Uses by model id; no query for no model."""
    found: dict[str, list[Use]] = {model_id: [] for model_id in model_ids}
    if found:
        for finder in _finders.values():
            for use in finder(found):
                found[use.model_id].append(use)
    return found
