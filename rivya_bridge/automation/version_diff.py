"""What differs between two versions of a template: the prompt by words, all else by keys. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rivya_bridge.automation.content import Content
from rivya_bridge.word_diff import Piece, word_diff


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs; '' stands for what is not there."""

    part: str
    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """`prompt` is [] when the prompts are the same; `changes` are in the order of the parts."""

    prompt: list[Piece]
    changes: list[Change]

    def __bool__(self) -> bool:
        return bool(self.prompt or self.changes)


def version_diff(before: Content, after: Content) -> VersionDiff:
    """Inputs, params and slots are told apart by their names, so that their order alone is shown as a
    change of its own."""
    is_same = before.prompt == after.prompt
    prompt = [] if is_same else word_diff(before.prompt, after.prompt)
    old, new = dict(_facts(before)), dict(_facts(after))
    changes = [
        Change(*key, before=_shown(old, key), after=_shown(new, key))
        for key in dict.fromkeys([*old, *new])
        if _shown(old, key) != _shown(new, key)
    ]
    return VersionDiff(prompt, changes)


Key = tuple[str, str]


def _facts(version: Content) -> Iterator[tuple[Key, Any]]:
    yield ("model", ""), version.model_id
    yield ("credit cap", ""), version.credit_cap
    yield from (((("result"), key), value) for key, value in version.expected.items())
    yield from _entries("input", "name", version.variables)
    yield from (((("fixed param"), key), value) for key, value in version.fixed_params.items())
    yield from _entries("exposed param", "key", version.exposed_params)
    yield from _entries("file slot", "name", version.file_slots)


def _entries(
    part: str, name: str, entries: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[Key, Any]]:
    names = [str(entry[name]) for entry in entries]
    if len(names) > 1:
        yield (part, "order"), ", ".join(names)
    for entry in entries:
        for key, value in entry.items():
            if key != name:
                yield (part, f"{entry[name]}.{key}"), value


def _shown(facts: Mapping[Key, Any], key: Key) -> str:
    if key not in facts:
        return ""
    value = facts[key]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
