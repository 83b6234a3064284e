"""The inputs that a template version declares: what a form shows, and what a job is given.

One flat set of names: variables of the prompt, exposed params, and file slots.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rivya_bridge.automation.content import Content, model_param, param_problems
from rivya_bridge.automation.fields import as_number
from rivya_bridge.automation.file_inputs import read_files
from rivya_bridge.automation.prompts import prompt_renderer
from rivya_bridge.automation.quoting import quote_problems
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rivya import Model, Param
from rivya_bridge.texts import clean_text

TEXT_LENGTH = 5_000
TYPES = {"select": "choice", "number": "number"}
TRUE_WORDS = frozenset({"true", "1", "on", "yes"})
FALSE_WORDS = frozenset({"false", "0", "off", "no"})


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input as a form needs it.

    `source`: variable, param or file. `type`: text, number, choice, boolean or file. Limits that do
    not apply are None or (). `default` of a file is a file id.
    """

    name: str
    source: str
    type: str
    label: str
    required: bool
    default: Any = None
    help: str = ""
    max_length: int | None = None
    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None
    options: tuple[str, ...] = ()
    kind: str = ""
    mime_types: tuple[str, ...] = ()
    max_size_mb: int | float | None = None
    max_seconds: int | float | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """Checked values. `files` has every slot in its order, None for an optional one left empty."""

    variables: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    files: dict[str, StoredFile | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What a job keeps: values by input name, files by their id."""
        ids = {name: str(file.pk) if file else None for name, file in self.files.items()}
        return {**self.variables, **self.params, **ids}


def input_specs(version: Content, model: Model | None = None) -> list[InputSpec]:
    """Variables, exposed params and file slots in their order. Refusal when the model is unknown."""
    model = model or get_model(version.model_id)
    return [
        *(_variable_spec(entry) for entry in version.variables),
        *(_param_spec(entry, model) for entry in version.exposed_params),
        *(_slot_spec(entry) for entry in version.file_slots),
    ]


def _variable_spec(entry: Mapping[str, Any]) -> InputSpec:
    is_text = entry["type"] == "text"
    return InputSpec(
        name=entry["name"],
        source="variable",
        type=entry["type"],
        label=entry.get("label") or entry["name"],
        required=bool(entry.get("required")),
        default=entry.get("default"),
        max_length=entry.get("max_length", TEXT_LENGTH) if is_text else None,
        min=entry.get("min"),
        max=entry.get("max"),
        options=tuple(entry.get("options") or ()),
    )


def _param_spec(entry: Mapping[str, Any], model: Model) -> InputSpec:
    key = entry["key"]
    param = model_param(model, key) or Param(key, "text", False, None, None, None, None, (), "")
    kind = TYPES.get(param.type, "text")
    return InputSpec(
        name=key,
        source="param",
        type=kind,
        label=entry.get("label") or key,
        required=param.required,
        default=entry.get("default"),
        help=param.description,
        max_length=TEXT_LENGTH if kind == "text" else None,
        min=param.min,
        max=param.max,
        step=param.step,
        options=param.options,
    )


def _slot_spec(entry: Mapping[str, Any]) -> InputSpec:
    return InputSpec(
        name=entry["name"],
        source="file",
        type="file",
        label=entry.get("label") or entry["name"],
        required=bool(entry.get("required")),
        default=entry.get("default_file"),
        kind=entry["kind"],
        mime_types=tuple(entry.get("mime_types") or ()),
        max_size_mb=entry.get("max_size_mb"),
        max_seconds=entry.get("max_seconds"),
    )


def read_inputs(
    version: Content,
    model: Model,
    raw: Mapping[str, Any],
    *,
    with_examples: bool = False,
    specs: Sequence[InputSpec] | None = None,
    files: Mapping[str, StoredFile] | None = None,
) -> Inputs:
    """Checked values for every declared input; what is left out (or None) takes its default.

    What is declared as required must be given by each job: its default is only the example that the
    promotion was proved with, and is used with `with_examples` alone.

    Text from forms is read by the input's type. Raises Refusal with a problem for every unknown name,
    missing value, wrong type, and broken limit. One query for the files; none when many jobs are read
    with the same `specs` and with `files`, every file that they name by its id.
    """
    specs = input_specs(version, model) if specs is None else specs
    problems = _unknown_names(specs, raw)
    scalars = {
        spec.name: _read_scalar(problems, _spec_for(spec, with_examples), raw.get(spec.name))
        for spec in specs
        if spec.source != "file"
    }
    variables = {spec.name: scalars[spec.name] for spec in specs if spec.source == "variable"}
    params = {
        spec.name: scalars[spec.name]
        for spec in specs
        if spec.source == "param" and scalars[spec.name] is not None
    }
    if not problems:
        problems += _model_problems(version, model, params)
    slots = [_spec_for(spec, with_examples) for spec in specs if spec.source == "file"]
    found = read_files(problems, slots, raw, files)
    if problems:
        raise Refusal.of(problems)
    return Inputs(variables, params, found)


def _spec_for(spec: InputSpec, with_examples: bool) -> InputSpec:
    """The input without its default where each job must give it; params follow the model's rules."""
    return spec if with_examples else without_example(spec)


def without_example(spec: InputSpec) -> InputSpec:
    """The input as a job must be given it; the same object where nothing changes."""
    if not spec.required or spec.source == "param" or spec.default is None:
        return spec
    return replace(spec, default=None)


def _unknown_names(specs: Sequence[InputSpec], raw: Mapping[str, Any]) -> list[Problem]:
    known = [spec.name for spec in specs]
    listed = f"The inputs are: {', '.join(known)}." if known else "This template takes no inputs."
    return [
        Problem(
            str(name)[:80] or "inputs", f"{str(name)[:80]!r} is no input of this template. {listed}"
        )
        for name in raw
        if name not in known
    ]


def _model_problems(version: Content, model: Model, params: Mapping[str, Any]) -> list[Problem]:
    """What the model's own rules say of the exposed params, under the names of the inputs."""
    found = param_problems(model, {**version.fixed_params, **params})
    return [Problem(p.field.removeprefix("params."), p.message, p.limit) for p in found]


# --- Scalars --------------------------------------------------------------------------------------


def _read_scalar(problems: list[Problem], spec: InputSpec, value: Any) -> Any:
    is_left_out = value is None or (isinstance(value, str) and _is_empty(spec, value))
    if is_left_out and spec.source == "param" and spec.default is not None:
        return spec.default  # checked with the version, and sent as the run sent it
    if is_left_out:
        value = spec.default
    if value is None:
        if spec.required:
            problems.append(Problem(spec.name, f"{spec.name} is required: {_wanted(spec)}."))
        return None
    reader = {"text": _read_text, "number": _read_number, "choice": _read_choice}
    return reader.get(spec.type, _read_boolean)(problems, spec, value)


def _is_empty(spec: InputSpec, value: str) -> bool:
    """An empty box means "left out"; only an optional text without a default may really be empty."""
    is_free = not spec.required and spec.default is None
    keeps_empty = spec.type == "text" and spec.source == "variable" and is_free
    return not value.strip() and not keeps_empty


def _wanted(spec: InputSpec) -> str:
    if spec.options:
        return f"give one of {', '.join(spec.options[:30])}"
    return {"number": "give a number", "boolean": "give true or false"}.get(
        spec.type, "give a text"
    )


def _read_text(problems: list[Problem], spec: InputSpec, value: Any) -> str | None:
    text = clean_text(value)
    limit = spec.max_length or TEXT_LENGTH
    if text is None:
        problems.append(Problem(spec.name, f"{spec.name} must be text without NUL characters."))
    elif len(text) > limit:
        message = f"{spec.name} has {len(text)} characters; the limit is {limit}."
        problems.append(Problem(spec.name, message, limit))
    return text


def _read_number(problems: list[Problem], spec: InputSpec, value: Any) -> int | float | None:
    number = as_number(value)
    if number is None:
        problems.append(Problem(spec.name, f"{spec.name} must be a number."))
    elif spec.min is not None and number < spec.min:
        message = f"{spec.name} is {number}; the least is {spec.min}."
        problems.append(Problem(spec.name, message, spec.min))
    elif spec.max is not None and number > spec.max:
        message = f"{spec.name} is {number}; the most is {spec.max}."
        problems.append(Problem(spec.name, message, spec.max))
    return number


def _read_choice(problems: list[Problem], spec: InputSpec, value: Any) -> str | None:
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = value if isinstance(value, str) else str(value)
    if text in spec.options:
        return text
    problems.append(Problem(spec.name, f"{spec.name} is {text[:60]!r}: {_wanted(spec)}."))
    return None


def _read_boolean(problems: list[Problem], spec: InputSpec, value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in TRUE_WORDS | FALSE_WORDS:
        return word in TRUE_WORDS
    problems.append(Problem(spec.name, f"{spec.name} must be true or false."))
    return None


# --- The request ---------------------------------------------------------------------------------


def build_request(version: Content, inputs: Inputs) -> tuple[str, dict[str, Any], list[StoredFile]]:
    """Prompt, params and references (in slot order) of one job. Raises Refusal for the prompt."""
    return fill_request(version, inputs, prompt_renderer(version.prompt))


def fill_request(
    version: Content, inputs: Inputs, render: Callable[[Mapping[str, Any]], str]
) -> tuple[str, dict[str, Any], list[StoredFile]]:
    """`build_request` with the prompt's source already read."""
    examples = {entry["name"]: entry.get("default") for entry in version.variables}
    if problems := quote_problems(version.prompt, inputs.variables, examples):
        raise Refusal.of(problems)
    prompt = render(inputs.variables)
    params = {**version.fixed_params, **inputs.params}
    return prompt, params, [file for file in inputs.files.values() if file is not None]
