"""What of a model counts when two readings of the list are compared. Pure.

Order never counts: modes, kinds, options and params are compared as sets. Descriptions and fields
that nobody here reads are left out: they change without meaning anything for a request.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rivya_bridge.rivya import Model, Param

Facts = Mapping[str, Any]

_KINDS = {
    "base_credits": "price",
    "billing_type": "price",
    "api_status": "status",
    "api_input_status": "status",
    "max_prompt_length": "limits",
    "file_kinds": "limits",
    "requires_files_api": "limits",
    "requires_upload_for_modes": "limits",
    "reference_media": "limits",
    "params": "params",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One change of one model; `field` is empty when the whole model came or went."""

    model_id: str
    display_name: str
    kind: str
    field: str = ""
    before: Any = None
    after: Any = None


def facts_of(model: Model) -> dict[str, Any]:
    """JSON-ready facts by path; the params are a mapping of their own under `params`."""
    facts: dict[str, Any] = {
        "display_name": model.display_name,
        "category": model.category,
        "base_credits": model.base_credits,
        "billing_type": model.billing_type,
        "api_status": model.api_status,
        "api_input_status": model.api_input_status,
        "max_prompt_length": model.max_prompt_length,
        "supported_modes": _set(model.supported_modes),
        "supported_api_inputs": _set(model.supported_api_inputs),
        "requires_files_api": model.requires_files_api,
        "requires_upload_for_modes": _set(model.requires_upload_for_modes),
        "file_kinds": _set(model.file_kinds),
        "notices": _set(model.notices),
        "params": {param.key: _param_facts(param) for param in model.params},
    }
    return facts | _media_facts(model)


def _media_facts(model: Model) -> dict[str, Any]:
    media = model.reference_media
    if media is None:
        return {}
    facts: dict[str, Any] = {"reference_media.max_files": media.max_files}
    for kind, limit in media.limits.items():
        facts[f"reference_media.{kind}.max_size_mb"] = limit.max_size_mb
        facts[f"reference_media.{kind}.mime_types"] = _set(limit.mime_types)
    return facts


def _param_facts(param: Param) -> dict[str, Any]:
    return {
        "type": param.type,
        "required": param.required,
        "default": param.default,
        "min": param.min,
        "max": param.max,
        "step": param.step,
        "options": _set(param.options),
    }


def _set(values: Iterable[str]) -> list[str]:
    return sorted(set(values))


def differences(before: Mapping[str, Facts], after: Mapping[str, Facts]) -> list[Difference]:
    """What changed between two readings, each given as facts by model id; by name of the model."""
    found = [
        *(_whole(key, after[key], "added") for key in after if key not in before),
        *(_whole(key, before[key], "removed") for key in before if key not in after),
        *(
            one
            for key in after
            if key in before
            for one in _model_differences(key, before[key], after[key])
        ),
    ]
    return sorted(found, key=lambda one: (one.model_id, one.field))


def _whole(model_id: str, facts: Facts, kind: str) -> Difference:
    return Difference(model_id, facts["display_name"], kind)


def _model_differences(model_id: str, before: Facts, after: Facts) -> Iterator[Difference]:
    was, now = _flat(before), _flat(after)
    _fold_params(was, now)
    for field in sorted({*was, *now}):
        if was.get(field) != now.get(field):
            kind = _KINDS.get(field.split(".")[0], "other")
            name = after["display_name"]
            yield Difference(model_id, name, kind, field, was.get(field), now.get(field))


def _flat(facts: Facts) -> dict[str, Any]:
    flat = {field: value for field, value in facts.items() if field != "params"}
    for key, param in facts.get("params", {}).items():
        flat |= {f"params.{key}.{field}": value for field, value in param.items()}
        flat[f"params.{key}"] = param
    return flat


def _fold_params(was: dict[str, Any], now: dict[str, Any]) -> None:
    """A param that came or went is one difference; of one that stayed, its parts are compared."""
    for one, other in ((was, now), (now, was)):
        for field in [field for field in one if field.startswith("params.")]:
            if not isinstance(one.get(field), dict):
                continue
            parts = [part for part in one if part.startswith(f"{field}.")]
            is_on_both = field in other
            for part in [field] if is_on_both else parts:
                one.pop(part, None)
                if is_on_both:
                    other.pop(part, None)
