"""The declarations of a prompt's variables, each with its type, limits and default."""

from collections.abc import Callable, Sequence
from typing import Any

from rivya_bridge.automation.fields import as_number, read_whole, unknown_keys
from rivya_bridge.automation.prompts import is_variable_name
from rivya_bridge.refusals import Problem
from rivya_bridge.texts import clean_text, read_text

TYPES = ("text", "number", "choice", "boolean")
COMMON = ("name", "type", "label", "default", "required")
TEXT_LENGTH = 20_000
LABEL_LENGTH = 120
MAX_OPTIONS = 100
OPTION_LENGTH = 200

Entry = dict[str, Any]


def check_variables(problems: list[Problem], entries: Sequence[Entry]) -> list[Entry]:
    """The declarations in full form; those whose name cannot be used are left out, with a problem."""
    kept = []
    for number, entry in enumerate(entries):
        field = f"variables[{number}]"
        name = entry.get("name")
        if not is_variable_name(name):
            text = (
                f"{field}.name must begin with a lower-case letter and have at most 40 lower-case "
                "letters, digits and underscores, and be no reserved word."
            )
            problems.append(Problem(f"{field}.name", text, 40))
            continue
        kept.append(_full(problems, field, entry))
    return kept


def _full(problems: list[Problem], field: str, entry: Entry) -> Entry:
    kind = entry.get("type", "text")
    if kind not in TYPES:
        text = f"{field}.type is {str(kind)[:40]!r}: use {', '.join(TYPES)}."
        problems.append(Problem(f"{field}.type", text))
        kind = "text"
    common = {
        "name": entry["name"],
        "type": kind,
        "label": read_text(problems, f"{field}.label", entry.get("label") or "", most=LABEL_LENGTH),
        "default": entry.get("default"),
        "required": entry.get("required", entry.get("default") is None),
    }
    if not isinstance(common["required"], bool):
        problems.append(Problem(f"{field}.required", f"{field}.required must be true or false."))
    readers: dict[str, Callable[[list[Problem], str, Entry], Entry]] = {
        "text": _text,
        "number": _number,
        "choice": _choice,
        "boolean": _boolean,
    }
    return common | readers[kind](problems, field, entry)


def _text(problems: list[Problem], field: str, entry: Entry) -> Entry:
    unknown_keys(problems, field, entry, (*COMMON, "max_length"))
    wanted = entry.get("max_length", TEXT_LENGTH)
    limit = read_whole(problems, f"{field}.max_length", wanted, least=1, most=TEXT_LENGTH)
    default = entry.get("default")
    if default is None:
        return {"max_length": limit}
    kept = read_text(problems, f"{field}.default", default, most=limit)
    return {"max_length": limit, "default": kept}


def _number(problems: list[Problem], field: str, entry: Entry) -> Entry:
    unknown_keys(problems, field, entry, (*COMMON, "min", "max"))
    found = {key: entry[key] for key in ("min", "max", "default") if entry.get(key) is not None}
    for key, value in found.items():
        if isinstance(value, str) or as_number(value) is None:
            problems.append(Problem(f"{field}.{key}", f"{field}.{key} must be a number."))
            return {}
    least, most, default = (found.get(key) for key in ("min", "max", "default"))
    if least is not None and most is not None and least > most:
        problems.append(Problem(f"{field}.min", f"{field}.min is above {field}.max.", most))
    elif default is not None and not _is_within(default, least, most):
        text = f"{field}.default is {default}, outside of its own limits."
        problems.append(Problem(f"{field}.default", text))
    return {key: found[key] for key in ("min", "max") if key in found}


def _is_within(value: Any, least: Any, most: Any) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def _choice(problems: list[Problem], field: str, entry: Entry) -> Entry:
    unknown_keys(problems, field, entry, (*COMMON, "options"))
    options = entry.get("options")
    if not _are_options(options):
        text = (
            f"{field}.options must be a list of 1 to {MAX_OPTIONS} different texts of at most "
            f"{OPTION_LENGTH} characters."
        )
        problems.append(Problem(f"{field}.options", text, MAX_OPTIONS))
        return {"options": []}
    assert isinstance(options, list | tuple)
    if entry.get("default") is not None and entry["default"] not in options:
        text = f"{field}.default must be one of its options."
        problems.append(Problem(f"{field}.default", text))
    return {"options": list(options)}


def _are_options(value: object) -> bool:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_OPTIONS:
        return False
    are_texts = all(
        clean_text(option) is not None and 1 <= len(option) <= OPTION_LENGTH for option in value
    )
    return are_texts and len(set(value)) == len(value)


def _boolean(problems: list[Problem], field: str, entry: Entry) -> Entry:
    unknown_keys(problems, field, entry, COMMON)
    if entry.get("default") is not None and not isinstance(entry["default"], bool):
        problems.append(Problem(f"{field}.default", f"{field}.default must be true or false."))
    return {}
