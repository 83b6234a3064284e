"""What the variables of a prompt stood for in the run that it was made from."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rivya_bridge.automation.prompts import variables_in

_SLOT = re.compile(r"\{\{\s*([A-Za-z_]\w*)[^{}]*\}\}")
# Beyond this, matching literal text against a prompt is not worth its time.
MAX_SLOTS = 20


def values_in(template: str, prompt: str) -> dict[str, str]:
    """The text that each variable replaced, found by the literal text around it.

    Empty when the literal text does not stand in the prompt, or when the template has logic that
    leaves no one answer. A variable that stands twice must have had the same text twice.
    """
    if "{%" in template or len(_SLOT.findall(template)) > MAX_SLOTS:
        return {}
    pattern, seen, end = "", set(), 0
    for slot in _SLOT.finditer(template):
        pattern += re.escape(template[end : slot.start()])
        name = slot[1]
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
        seen.add(name)
        end = slot.end()
    pattern += re.escape(template[end:])
    match = re.fullmatch(pattern, prompt, re.DOTALL)
    return match.groupdict() if match else {}


def complete_variables(
    template: str, prompt: str, given: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One declaration per variable of the template: the given one, or text with its found default.

    Given declarations without a default get the found one; undeclared names of `given` stay, so that
    the check names them.
    """
    found = values_in(template, prompt)
    declared = {str(one.get("name", "")): dict(one) for one in given}
    for name in variables_in(template):
        variable = declared.setdefault(name, {"name": name, "type": "text"})
        if variable.get("default") is None and name in found:
            variable["default"] = _typed(found[name], str(variable.get("type", "text")))
    return list(declared.values())


def _typed(text: str, kind: str) -> Any:
    """The found text as the variable's type, or the text itself for the check to refuse."""
    if kind == "number":
        try:
            return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
        except ValueError:
            return text
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text
