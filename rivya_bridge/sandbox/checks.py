"""Validation of a generation request against the model's own entry.

Rules: docs/api-generations and the model pages. Refusing unknown keys and params
out of range is assumed; the live service may be more lenient.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from .catalogue import Model
from .choices import Choices
from .errors import invalid
from .references import ReferenceDesk

FIELDS = frozenset({"model", "prompt", "params", "client_request_id"})
REFERENCES = "referenceMediaItems"
DIALOGUE_MODEL = "elevenlabs-dialogue-v3"


@dataclass(frozen=True)
class Order:
    """A request that passed: `params` holds the defaults too, references included."""

    model: Model
    prompt: str
    params: dict[str, Any]
    client_request_id: str | None


def parse_json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; ApiError validation_failed for anything else."""
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise invalid("The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise invalid("The body must be a JSON object.")
    return value


def check_order(
    body: dict[str, Any], catalogue: dict[str, Model], desk: ReferenceDesk, choices: Choices
) -> Order:
    """Apply every rule to a parsed body; raises ApiError validation_failed."""
    _check_fields(body)
    model = _check_model(body.get("model"), catalogue)
    label = check_label(body.get("client_request_id"), choices)
    params = body.get("params", {})
    if not isinstance(params, dict):
        raise invalid("params must be an object.")
    prompt = _check_prompt(body.get("prompt"), params, model)
    return Order(model, prompt, check_params(params, model, desk), label)


def check_label(value: object, choices: Choices) -> str | None:
    """The caller's trace id, or None."""
    limit = choices.client_request_id_length
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid("client_request_id must be a string.")
    if len(value) > limit:
        raise invalid(f"client_request_id has {len(value)} characters; the limit is {limit}.")
    return value


def check_idempotency_key(value: str | None, choices: Choices) -> str | None:
    """The Idempotency-Key header: 1 to 255 printable ASCII characters (assumed)."""
    if value is None:
        return None
    limit = choices.idempotency_key_length
    if not 1 <= len(value) <= limit or not (value.isascii() and value.isprintable()):
        raise invalid(f"Idempotency-Key must be 1 to {limit} printable ASCII characters.")
    return value


def check_params(params: dict[str, Any], model: Model, desk: ReferenceDesk) -> dict[str, Any]:
    """The params with defaults applied."""
    known = {entry["key"]: entry for entry in model["params"]}
    extras = {REFERENCES} | ({"dialogue"} if model["id"] == DIALOGUE_MODEL else set())
    for key in params:
        if key not in known and key not in extras:
            raise invalid(f"params.{key} is not a parameter of {model['id']}.")
    full = {key: value for key, value in params.items() if key in extras}
    for key, entry in known.items():
        value = _param_value(params.get(key), entry)
        if value is not None:
            full[key] = value
    if REFERENCES in params:
        desk.check(params[REFERENCES], model)
    return full


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _check_fields(body: dict[str, Any]) -> None:
    if "files" in body:
        raise invalid(
            "A top-level files field is not accepted. Upload with POST /api/v1/files and "
            "put the URL into params.referenceMediaItems."
        )
    for key in body:
        if key not in FIELDS:
            raise invalid(f"{key[:60]} is not a field of this request.")


def _check_model(name: object, catalogue: dict[str, Model]) -> Model:
    if not isinstance(name, str) or not name:
        raise invalid("model is required and must be a string.")
    model = catalogue.get(name)
    if model is None:
        raise invalid(f"model {name[:80]} is not in the model list.")
    if model["category"] == "chat":
        raise invalid(f"{name} is a chat model. Use the Chat API.")
    if model["api_status"] != "available":
        raise invalid(f"{name} is {model['api_status']} and can't be called by the API.")
    return model


def _check_prompt(value: object, params: dict[str, Any], model: Model) -> str:
    if value is not None and not isinstance(value, str):
        raise invalid("prompt must be a string.")
    prompt = value or ""
    if model["id"] == DIALOGUE_MODEL:
        prompt = _dialogue_text(params.get("dialogue"))
    elif not prompt.strip() and "text" in model["supported_api_inputs"]:
        raise invalid(f"prompt is required for {model['id']}.")
    limit = model["max_prompt_length"]
    if limit is not None and len(prompt) > limit:
        raise invalid(
            f"prompt has {len(prompt)} characters; the limit of {model['id']} is {limit}."
        )
    return prompt


def _dialogue_text(turns: object) -> str:
    if not isinstance(turns, list) or not turns:
        raise invalid("params.dialogue is required: a list of objects with voice and text.")
    for turn in turns:
        if not _is_turn(turn):
            raise invalid("Each entry of params.dialogue needs the strings voice and text.")
    return "\n".join(turn["text"] for turn in turns)


def _is_turn(turn: object) -> bool:
    return (
        isinstance(turn, dict)
        and set(turn) == {"voice", "text"}
        and all(isinstance(part, str) and part.strip() for part in turn.values())
    )


def _param_value(value: object, entry: dict[str, Any]) -> object:
    """The value of one param, or its default; None when it is optional and absent."""
    if value is None:
        if entry["required"]:
            raise invalid(f"params.{entry['key']} is required.")
        return entry["default"]
    if entry["type"] == "number":
        _check_number(value, entry)
    elif not isinstance(value, str):
        raise invalid(f"params.{entry['key']} must be a string.")
    elif entry["type"] == "select" and value not in entry["options"]:
        choices = ", ".join(entry["options"])
        raise invalid(f"params.{entry['key']} must be one of: {choices}.")
    return value


def _check_number(value: object, entry: dict[str, Any]) -> None:
    key, low, high, step = entry["key"], entry["min"], entry["max"], entry["step"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"params.{key} must be a number.")
    if isinstance(value, float) and not math.isfinite(value):
        raise invalid(f"params.{key} must be a finite number.")
    if low is not None and value < low:
        raise invalid(f"params.{key} is {value}; the least is {low}.")
    if high is not None and value > high:
        raise invalid(f"params.{key} is {value}; the most is {high}.")
    if step and not _is_on_step(value, low or 0, step):
        raise invalid(f"params.{key} must go in steps of {step} from {low or 0}.")


def _is_on_step(value: float, start: float, step: float) -> bool:
    steps = (value - start) / step
    return abs(steps - round(steps)) < 1e-6
