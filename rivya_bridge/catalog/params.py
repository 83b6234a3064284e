"""What a model accepts: pure checks of a request before anything is sent or spent."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rivya_bridge.catalog.references import ReferenceFile, check_references
from rivya_bridge.refusals import Problem
from rivya_bridge.rivya import Model, Param

LARGEST_NUMBER = 2**53
REFERENCES_KEY = "referenceMediaItems"

# The one model whose prompt is made of turns ("docs/api/models/elevenlabs-dialogue-v3").
DIALOGUE_MODEL = "elevenlabs-dialogue-v3"
DIALOGUE_KEY = "dialogue"

_STATUS_SENTENCES = {
    "coming_soon": "is announced but not open to the API yet",
    "studio_only": "works in Studio only",
    "unlisted": "is no longer in the model list",
}


def check_request(
    model: Model,
    *,
    prompt: str,
    params: Mapping[str, Any],
    references: Sequence[ReferenceFile] = (),
) -> list[Problem]:
    """Every rule of the model that the request breaks; empty when it may be sent.

    Fields are `model`, `prompt`, `params.<key>` and `references`. No network, no database.
    """
    if problem := _check_model(model):
        return [problem]
    return [
        *_check_prompt(model, prompt),
        *_check_params(model, params),
        *check_references(model, references),
    ]


def estimate_credits(model: Model, params: Mapping[str, Any]) -> int:
    """Whole credits expected for one generation: the base value of the model list.

    Only the base value is documented ("docs/api-models"); params such as a resolution or a length
    may raise the real price, which the finished task names.
    """
    return model.base_credits or 0


def one_spelling(key: str) -> str:
    """Models spell one param in two ways: aspectRatio and aspect_ratio."""
    return key.replace("_", "").lower()


def carried_params(model: Model, params: Mapping[str, Any]) -> dict[str, Any]:
    """Params of a request to another model as this one spells them; what it does not know stays as it
    is, for the checks to name."""
    known = {one_spelling(param.key): param.key for param in model.params}
    return {known.get(one_spelling(key), key): value for key, value in params.items()}


def takes_prompt(model: Model) -> bool:
    """Whether the prompt box means anything: text input, and not built from other params."""
    has_text = "text" in model.supported_api_inputs or not model.supported_api_inputs
    return has_text and model.id != DIALOGUE_MODEL


def _check_model(model: Model) -> Problem | None:
    if not model.is_available:
        state = _STATUS_SENTENCES[model.api_status]
        text = f"{model.display_name} {state}: the API cannot run it. Choose an available model."
        return Problem("model", text)
    return None


def _check_prompt(model: Model, prompt: str) -> list[Problem]:
    if not takes_prompt(model):
        return []
    if not prompt.strip():
        return [Problem("prompt", f"{model.display_name} needs a prompt: write one.", 1)]
    return _check_length(model, "prompt", "The prompt", len(prompt))


def _check_length(model: Model, field: str, what: str, length: int) -> list[Problem]:
    limit = model.max_prompt_length
    if limit is None or length <= limit:
        return []
    text = (
        f"{what} has {length:,} characters; the limit of {model.display_name} is {limit:,}: "
        f"shorten it by {length - limit:,}."
    )
    return [Problem(field, text, limit)]


def _check_params(model: Model, params: Mapping[str, Any]) -> list[Problem]:
    known = {param.key: param for param in model.params}
    is_dialogue = model.id == DIALOGUE_MODEL
    names = [*known, DIALOGUE_KEY] if is_dialogue else list(known)
    problems = [_unknown(model, key, names) for key in params if key not in names]
    for key, param in known.items():
        text = _missing(param, key in params) or _wrong(param, params.get(key), key in params)
        if text:
            problems.append(Problem(f"params.{key}", text, _limit(param)))
    if is_dialogue:
        problems += _check_dialogue(model, params.get(DIALOGUE_KEY))
    return problems


def _unknown(model: Model, key: str, names: Sequence[str]) -> Problem:
    if key == REFERENCES_KEY:
        text = f"{key} is made from the reference files: attach them as references instead."
    elif names:
        text = f"{model.display_name} has no parameter {key[:60]!r}: it has {', '.join(names)}."
    else:
        text = f"{model.display_name} has no parameter {key[:60]!r}: it takes none."
    return Problem(f"params.{key[:60]}", text)


def _check_dialogue(model: Model, turns: Any) -> list[Problem]:
    field = f"params.{DIALOGUE_KEY}"
    if not isinstance(turns, list) or not turns:
        text = f"{model.display_name} needs {DIALOGUE_KEY}: a list of turns with voice and text."
        return [Problem(field, text)]
    for number, turn in enumerate(turns, start=1):
        if not _is_turn(turn):
            text = f"Turn {number} of {DIALOGUE_KEY} needs exactly the two texts voice and text."
            return [Problem(field, text)]
    length = len("\n".join(turn["text"] for turn in turns))
    return _check_length(model, field, "The dialogue", length)


def _is_turn(turn: Any) -> bool:
    return (
        isinstance(turn, dict)
        and set(turn) == {"voice", "text"}
        and all(isinstance(part, str) and part.strip() for part in turn.values())
    )


# --- One value ------------------------------------------------------------------------------------


def _missing(param: Param, is_given: bool) -> str | None:
    if is_given or not param.required:
        return None
    hint = f": for example {param.default}." if param.default is not None else "."
    return f"{param.key} is required{hint}"


def _wrong(param: Param, value: Any, is_given: bool) -> str | None:
    """A sentence if a given value breaks the param's rule."""
    if not is_given:
        return None
    if value is None:
        return f"{param.key} is null: give a value, or leave it out."
    if param.type == "number":
        return _wrong_number(param, value)
    if param.type == "select" or param.options:
        return _wrong_choice(param, value)
    return _wrong_text(param, value)


def _wrong_choice(param: Param, value: Any) -> str | None:
    if isinstance(value, str) and value in param.options:
        return None
    options = ", ".join(f'"{option}"' for option in param.options)
    kind = "" if isinstance(value, str) else " (options are texts, in quotes)"
    return f"{param.key} is {_shown(value)}: use one of {options}{kind}."


def _wrong_text(param: Param, value: Any) -> str | None:
    if not isinstance(value, str):
        return f"{param.key} is {_shown(value)}: give a text."
    if param.required and not value.strip():
        return f"{param.key} is empty: write it."
    return None


def _wrong_number(param: Param, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_usual(value):
        return f"{param.key} is {_shown(value)}: give a number{_range(param)}."
    is_low = param.min is not None and value < param.min
    is_high = param.max is not None and value > param.max
    if is_low or is_high:
        return f"{param.key} is {_shown(value)}: give a number{_range(param)}."
    if param.step and not is_on_step(value, param.min or 0, param.step):
        steps = f"it goes in steps of {param.step} from {param.min or 0}"
        return f"{param.key} is {_shown(value)}: {steps}."
    return None


def _is_usual(value: float) -> bool:
    """Neither NaN nor infinite, nor so large that no param can mean it."""
    return -LARGEST_NUMBER <= value <= LARGEST_NUMBER


def is_on_step(value: float | Decimal, start: float, step: float) -> bool:
    """Exact, by the decimal spelling: 0.15 is three steps of 0.05."""
    exact = [Fraction(str(part)) for part in (value, start, step)]
    return ((exact[0] - exact[1]) / exact[2]).denominator == 1


def _range(param: Param) -> str:
    if param.min is not None and param.max is not None:
        return f" from {param.min} to {param.max}"
    if param.min is not None:
        return f" of at least {param.min}"
    return f" of at most {param.max}" if param.max is not None else ""


def _limit(param: Param) -> str | None:
    if param.options:
        return ", ".join(param.options)
    return _range(param).strip() or None


def _shown(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)[:60]
    except (TypeError, ValueError):
        return str(value)[:60]
