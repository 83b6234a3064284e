"""A shape as a job template: the source of its prompt, its variables, and the inputs of each prompt."""

import re
from typing import Any

from rivya_bridge.automation.prompts import escape_prompt
from rivya_bridge.promotion.induction.shape import Shape, Slot

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,8})\.[0-9]{0,5}[1-9]")
MAX_OPTIONS = 8
OPTION_LENGTH = 200
# A choice is a few values that came back: so many uses, on average, of each.
LEAST_USES = 2
LEAST_PROMPTS_FOR_CHOICE = 6
LEAST_TEXT_LENGTH = 40
MOST_TEXT_LENGTH = 20_000
LABEL_LENGTH = 120


def source_of(shape: Shape) -> str:
    """Template source that renders to each member's prompt with its own inputs."""
    return "".join(
        escape_prompt(piece) if isinstance(piece, str) else _slot_source(piece)
        for piece in shape.pieces
    )


def _slot_source(slot: Slot) -> str:
    place = "" if slot.is_flag else "{{ " + slot.name + " }}"
    if not slot.is_optional:
        return place
    inner = f"{escape_prompt(slot.before)}{place}{escape_prompt(slot.after)}"
    return f"{{% if {switch_of(slot)} %}}{inner}{{% endif %}}"


def switch_of(slot: Slot) -> str:
    """The yes/no variable that puts an optional slot into the prompt."""
    return slot.name if slot.is_flag else f"with_{slot.name}"


def declare(shape: Shape, member: int) -> list[dict[str, Any]]:
    """Variables as a template version keeps them, with what one prompt had as the defaults."""
    return [entry for slot in shape.slots for entry in _declared(slot, member)]


def _declared(slot: Slot, member: int) -> list[dict[str, Any]]:
    value = slot.values[member]
    entries: list[dict[str, Any]] = []
    if slot.is_optional:
        label = f"With “{(slot.before + '…' * (not slot.is_flag) + slot.after).strip()}”"
        entries.append(_entry(switch_of(slot), "boolean", value is not None, label[:LABEL_LENGTH]))
    if not slot.is_flag:
        shown = value if value is not None else slot.examples[0]
        kind = kind_of(slot)
        entries.append(_entry(slot.name, kind, _typed(shown, kind), "") | _limits(slot, kind))
    return entries


def _entry(name: str, kind: str, default: Any, label: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "label": label, "default": default, "required": False}


def kind_of(slot: Slot) -> str:
    """boolean, number, choice or text, by the values that were seen."""
    if slot.is_flag:
        return "boolean"
    values = [value for value in slot.values.values() if value is not None]
    if all(INTEGER.fullmatch(value) or DECIMAL.fullmatch(value) for value in values):
        return "number" if all(str(_number(value)) == value for value in values) else "text"
    different = set(values)
    is_choice = (
        len(values) >= max(LEAST_PROMPTS_FOR_CHOICE, LEAST_USES * len(different))
        and 1 < len(different) <= MAX_OPTIONS
        and all(len(value) <= OPTION_LENGTH for value in different)
    )
    return "choice" if is_choice else "text"


def _limits(slot: Slot, kind: str) -> dict[str, Any]:
    examples = slot.examples
    if kind == "number":
        numbers = [_number(value) for value in examples]
        return {"min": min(numbers), "max": max(numbers)}
    if kind == "choice":
        return {"options": examples}
    longest = max(map(len, examples))
    roomy = max(LEAST_TEXT_LENGTH, -(-2 * longest // 10) * 10)
    return {"max_length": max(longest, min(MOST_TEXT_LENGTH, roomy))}


def _number(text: str) -> int | float:
    return int(text) if INTEGER.fullmatch(text) else float(text)


def _typed(text: str, kind: str) -> Any:
    return _number(text) if kind == "number" else text


def inputs_of(shape: Shape, member: int) -> dict[str, Any]:
    """The inputs with which a job sends the prompt of one member."""
    inputs: dict[str, Any] = {}
    for slot in shape.slots:
        value = slot.values[member]
        if slot.is_optional:
            inputs[switch_of(slot)] = value is not None
        if not slot.is_flag and value is not None:
            inputs[slot.name] = _typed(value, kind_of(slot))
    return inputs
