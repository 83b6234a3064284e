"""What a template version holds, before it is one: its shape, and the rules it must keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from rivya_bridge.automation.fields import read_whole, unknown_keys
from rivya_bridge.automation.prompts import check_prompt
from rivya_bridge.automation.slots import check_slots
from rivya_bridge.automation.variables import check_variables
from rivya_bridge.catalog.params import check_request
from rivya_bridge.refusals import Problem
from rivya_bridge.rivya import Model, Param
from rivya_bridge.texts import clean_text, is_storable, read_text

CREDIT_CAP = 1_000_000
REASON_LENGTH = 1_000
LABEL_LENGTH = 120
MAX_COUNT = 50
MAX_ENTRIES = 50


class Content(Protocol):
    """The part of a version that makes a request; a stored version and a draft both have it."""

    model_id: Any
    prompt: Any
    variables: Any
    fixed_params: Any
    exposed_params: Any
    file_slots: Any
    expected: Any
    credit_cap: Any


@dataclass(slots=True)
class Draft:
    """A version that is not stored yet; the fields are those of TemplateVersion."""

    model_id: str
    credit_cap: int
    prompt: str = ""
    variables: Sequence[Mapping[str, Any]] = ()
    fixed_params: Mapping[str, Any] = field(default_factory=dict)
    exposed_params: Sequence[Mapping[str, Any]] = ()
    file_slots: Sequence[Mapping[str, Any]] = ()
    expected: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    author: str = ""


def model_param(model: Model, key: str) -> Param | None:
    return next((param for param in model.params if param.key == key), None)


def param_problems(model: Model, params: Mapping[str, Any]) -> list[Problem]:
    """What the model's rules say of `params` alone, whatever its state."""
    open_model = replace(model, api_status="available")
    found = check_request(open_model, prompt="-", params=params, references=())
    problems = [problem for problem in found if problem.field.startswith("params")]
    if not problems and not is_storable(params):
        problems.append(
            Problem("params", "params must be texts and numbers without NUL characters.")
        )
    return problems


def normalized(draft: Draft, model: Model) -> tuple[Draft, list[Problem]]:
    """The draft as it would be stored, every part in its full form, and all that is wrong with it."""
    problems = model_problems(model)
    prompt = clean_text(draft.prompt) or ""
    variables = check_variables(problems, _entries(problems, "variables", draft.variables))
    exposed = _exposed(problems, _entries(problems, "exposed_params", draft.exposed_params), model)
    slots = check_slots(problems, _entries(problems, "file_slots", draft.file_slots), model)
    fixed = _fixed(problems, draft.fixed_params, {entry["key"] for entry in exposed})
    names = {entry["name"] for entry in variables}
    problems += check_prompt(draft.prompt, names)
    _check_names(problems, variables, exposed, slots)
    if not any(
        problem.field.startswith(("fixed_params", "exposed_params")) for problem in problems
    ):
        problems += _param_values(model, fixed, exposed)
    full = Draft(
        model_id=model.id,
        prompt=prompt,
        variables=variables,
        fixed_params=fixed,
        exposed_params=exposed,
        file_slots=slots,
        expected=_expected(problems, draft.expected, model),
        credit_cap=read_whole(problems, "credit_cap", draft.credit_cap, least=1, most=CREDIT_CAP),
        reason=read_text(problems, "reason", draft.reason, most=REASON_LENGTH),
        author=draft.author,
    )
    return full, problems


def model_problems(model: Model) -> list[Problem]:
    """What keeps a model out of templates: that it is not available."""
    if not model.is_available:
        text = (
            f"{model.display_name} is not available through the API ({model.api_status}): "
            "choose an available model, or stay in Studio."
        )
        return [Problem("model", text)]
    return []


def _entries(problems: list[Problem], name: str, value: object) -> list[dict[str, Any]]:
    """A list of objects; [] and a problem for anything else."""
    if isinstance(value, list | tuple) and len(value) <= MAX_ENTRIES:
        entries = [dict(entry) for entry in value if isinstance(entry, Mapping)]
        if len(entries) == len(value):
            return entries
    text = f"{name} must be a list of at most {MAX_ENTRIES} objects."
    problems.append(Problem(name, text, MAX_ENTRIES))
    return []


def _exposed(
    problems: list[Problem], entries: Sequence[dict[str, Any]], model: Model
) -> list[dict[str, Any]]:
    """Exposed params in full form; those that the model does not have are problems."""
    known = [param.key for param in model.params]
    kept: list[dict[str, Any]] = []
    for number, entry in enumerate(entries):
        field_name = f"exposed_params[{number}]"
        unknown_keys(problems, field_name, entry, ("key", "default", "label"))
        key = entry.get("key")
        if key not in known:
            listed = ", ".join(known) or "none"
            text = f"{field_name}: {str(key)[:60]!r} is no exposable param of {model.display_name}: {listed}."
            problems.append(Problem(field_name, text))
            continue
        label = read_text(
            problems, f"{field_name}.label", entry.get("label") or "", most=LABEL_LENGTH
        )
        kept.append({"key": key, "default": entry.get("default"), "label": label})
    return kept


def _fixed(problems: list[Problem], value: object, exposed: set[str]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        problems.append(Problem("fixed_params", "fixed_params must be an object of param values."))
        return {}
    both = sorted(exposed & set(value))
    if both:
        text = f"{', '.join(both)}: a param is either fixed or exposed, never both."
        problems.append(Problem("fixed_params", text))
    return dict(value)


def _param_values(
    model: Model, fixed: Mapping[str, Any], exposed: Sequence[Mapping[str, Any]]
) -> list[Problem]:
    """The model's rules over fixed values and defaults; an exposed param without a default may wait."""
    defaults = {entry["key"]: entry["default"] for entry in exposed if entry["default"] is not None}
    waiting = {entry["key"] for entry in exposed} - set(defaults)
    found = param_problems(model, {**fixed, **defaults})
    return [problem for problem in found if problem.field.removeprefix("params.") not in waiting]


def _check_names(
    problems: list[Problem],
    variables: Sequence[Mapping[str, Any]],
    exposed: Sequence[Mapping[str, Any]],
    slots: Sequence[Mapping[str, Any]],
) -> None:
    """Variables, params and slots share one set of input names, so each name stands once."""
    names = [
        *(("variables", entry["name"]) for entry in variables),
        *(("exposed_params", entry["key"]) for entry in exposed),
        *(("file_slots", entry["name"]) for entry in slots),
    ]
    seen: set[str] = set()
    for field_name, name in names:
        if name in seen:
            text = f"{field_name}: the input name {name!r} is used twice. Rename one."
            problems.append(Problem(field_name, text))
        seen.add(name)


def _expected(problems: list[Problem], value: object, model: Model) -> dict[str, Any]:
    """{"category", "count"}: what a job should bring; empty values mean the model's category, once."""
    entry = dict(value) if isinstance(value, Mapping) else None
    if entry is None:
        problems.append(Problem("expected", "expected must be an object with category and count."))
        return {}
    unknown_keys(problems, "expected", entry, ("category", "count"))
    category = entry.get("category") or model.category
    if category != model.category:
        text = f"expected.category is {str(category)[:40]!r}, but {model.display_name} makes {model.category}."
        problems.append(Problem("expected.category", text, model.category))
    count = entry.get("count", 1)
    return {
        "category": model.category,
        "count": read_whole(problems, "expected.count", count, least=1, most=MAX_COUNT),
    }
