"""What the variables of a prompt stood for in the run that it was made from."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rivya_bridge.automation.prompts import variables_in

# A variable with whatever filters it has, or a text in quotes, as escaped braces are written.
_SLOT = re.compile(r'\{\{\s*(?:([A-Za-z_]\w*)[^{}]*|"([^"\\]*)"\s*)\}\}')


def values_in(template: str, prompt: str) -> dict[str, str]:
    """The text that each variable replaced, found by the literal text around it, in linear time.

    Empty when the literal text does not stand in the prompt, when two variables touch, or when the
    template has logic that leaves no one answer. A variable that stands twice must have had the same
    text twice.
    """
    if "{%" in template:
        return {}
    values: dict[str, str] = {}
    waiting, at = "", 0
    parts = list(_parts(template))
    for number, (name, literal) in enumerate(parts):
        text = values.get(name, literal)
        if text:
            is_last = waiting and number == len(parts) - 1
            found = _find(prompt, text, at, bool(waiting), bool(is_last))
            if found is None:
                return {}
            if waiting:
                values[waiting] = prompt[at:found]
            waiting, at = "", found + len(text)
        elif name and waiting:
            return {}
        elif name:
            waiting = name
    return _ended(values, waiting, prompt[at:])


def _parts(template: str) -> Iterator[tuple[str, str]]:
    """(variable, "") and ("", literal text) in turn; neighbouring literals as one."""
    literal, end = "", 0
    for slot in _SLOT.finditer(template):
        literal += template[end : slot.start()] + (slot[2] or "")
        end = slot.end()
        if slot[1]:
            yield "", literal
            yield slot[1], ""
            literal = ""
    if literal or template[end:]:
        yield "", literal + template[end:]


def _find(prompt: str, text: str, at: int, is_behind_variable: bool, is_last: bool) -> int | None:
    """Where `text` stands: right at `at`, or behind at least one character of a variable."""
    if not is_behind_variable:
        return at if prompt.startswith(text, at) else None
    if is_last:
        start = len(prompt) - len(text)
        return start if start > at and prompt.endswith(text) else None
    start = prompt.find(text, at + 1)
    return start if start > at else None


def _ended(values: dict[str, str], waiting: str, rest: str) -> dict[str, str]:
    """The last variable takes the rest; a rest without a variable means that nothing matched."""
    if bool(waiting) != bool(rest):
        return {}
    return values | {waiting: rest} if waiting else values


def complete_variables(
    template: str, prompt: str, given: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The given declarations, then one for every other variable of the template, as text.

    Those without a default get the text that stood there in `prompt`. Declarations of names that the
    template does not use stay, so that the check names them. Raises Refusal for the template.
    """
    found = values_in(template, prompt)
    declared = [dict(one) for one in given]
    names = {one.get("name") for one in declared if isinstance(one.get("name"), str)}
    declared += [
        {"name": name, "type": "text"} for name in variables_in(template) if name not in names
    ]
    for one in declared:
        name = one.get("name")
        if one.get("default") is None and isinstance(name, str) and name in found:
            one["default"] = _typed(found[name], str(one.get("type", "text")))
    return declared


def _typed(text: str, kind: str) -> Any:
    """The found text as the variable's type, or the text itself for the check to refuse."""
    if kind == "number":
        try:
            return int(text) if re.fullmatch(r"-?\d+", text, re.ASCII) else float(text)
        except ValueError:
            return text
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text
