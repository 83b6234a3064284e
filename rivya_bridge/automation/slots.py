"""File slots: the reference files that a job is given, within the model's own limits."""

from collections.abc import Sequence
from typing import Any

from rivya_bridge.automation.fields import unknown_keys
from rivya_bridge.automation.prompts import is_variable_name
from rivya_bridge.catalog.references import accepted_kinds, limit_of, max_references
from rivya_bridge.files.selectors import get_files
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rivya import KindLimit, Model
from rivya_bridge.texts import read_text

KEYS = (
    "name", "kind", "label", "required", "default_file", "mime_types", "max_size_mb", "max_seconds",
)  # fmt: skip
# Longer sounds and clips than an hour are no references.
MOST_SECONDS = 3_600
LABEL_LENGTH = 120

Entry = dict[str, Any]


def slot_limit(model: Model, kind: str) -> KindLimit | None:
    """The model's limit for reference files of a kind; None when it takes none of that kind."""
    return limit_of(model, kind) if kind in accepted_kinds(model) else None


def check_slots(problems: list[Problem], entries: Sequence[Entry], model: Model) -> list[Entry]:
    """The slots in full form, limits filled up from the model; broken ones are left out."""
    _check_count(problems, len(entries), model)
    kept = [_full(problems, f"file_slots[{n}]", entry, model) for n, entry in enumerate(entries)]
    return [entry for entry in kept if entry]


def _check_count(problems: list[Problem], count: int, model: Model) -> None:
    most = max_references(model)
    if count and most is not None and count > most:
        text = f"{count} file slots are declared; {model.display_name} takes at most {most} files."
        problems.append(Problem("file_slots", text, most))


def _full(problems: list[Problem], field: str, entry: Entry, model: Model) -> Entry:
    unknown_keys(problems, field, entry, KEYS)
    name, kind = entry.get("name"), entry.get("kind")
    if not is_variable_name(name):
        text = (
            f"{field}.name must begin with a lower-case letter and have at most 40 lower-case "
            "letters, digits and underscores."
        )
        problems.append(Problem(f"{field}.name", text, 40))
        return {}
    limit = slot_limit(model, kind) if isinstance(kind, str) else None
    if limit is None:
        kinds = ", ".join(accepted_kinds(model)) or "no files"
        text = f"{field}.kind is {str(kind)[:40]!r}: {model.display_name} takes {kinds}."
        problems.append(Problem(f"{field}.kind", text, kinds))
        return {}
    if not isinstance(entry.get("required", True), bool):
        problems.append(Problem(f"{field}.required", f"{field}.required must be true or false."))
    return {
        "name": name,
        "kind": kind,
        "label": read_text(problems, f"{field}.label", entry.get("label") or "", most=LABEL_LENGTH),
        "required": entry.get("required", not entry.get("default_file")),
        "default_file": _default_file(problems, field, entry.get("default_file"), str(kind)),
        "mime_types": _mime_types(problems, field, entry.get("mime_types"), limit),
        "max_size_mb": _max_size(problems, field, entry.get("max_size_mb"), limit),
        "max_seconds": _max_seconds(problems, field, entry.get("max_seconds"), str(kind)),
    }


def _default_file(problems: list[Problem], field: str, value: object, kind: str) -> str | None:
    if not value:
        return None
    name = f"{field}.default_file"
    try:
        [file] = get_files([str(value)], field=name)
    except Refusal as refusal:
        problems.extend(refusal.problems)
        return None
    if file.kind != kind:
        text = f"{name} is {file.name}, which is of kind {file.kind} and not {kind}."
        problems.append(Problem(name, text, kind))
    return str(file.pk)


def _mime_types(problems: list[Problem], field: str, value: object, limit: KindLimit) -> list[str]:
    if not value:
        return list(limit.mime_types)
    known = limit.mime_types
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        wanted: list[str] = list(value)
        if not known or set(wanted) <= set(known):
            return wanted
    text = f"{field}.mime_types must be some of: {', '.join(known) or 'media types'}."
    problems.append(Problem(f"{field}.mime_types", text, ", ".join(known)))
    return list(known)


def _max_size(
    problems: list[Problem], field: str, value: object, limit: KindLimit
) -> int | float | None:
    if value is None:
        return limit.max_size_mb
    most = limit.max_size_mb
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and value > 0 and (most is None or value <= most):  # type: ignore[operator]
        return value  # type: ignore[return-value]
    text = (
        f"{field}.max_size_mb must be above 0 and at most {most if most is not None else 'finite'}."
    )
    problems.append(Problem(f"{field}.max_size_mb", text, most))
    return most


def _max_seconds(
    problems: list[Problem], field: str, value: object, kind: str
) -> int | float | None:
    """How long a clip or a sound may be; None for no limit, which pictures always have."""
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 < value <= MOST_SECONDS and kind != "image":  # type: ignore[operator]
        return value  # type: ignore[return-value]
    text = f"{field}.max_seconds must be above 0 and at most {MOST_SECONDS:,}, for a video or audio file."
    problems.append(Problem(f"{field}.max_seconds", text, MOST_SECONDS))
    return None
