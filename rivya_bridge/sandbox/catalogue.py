"""The model list, with everything the stored pages left empty filled in.

Source: docs/api-models and the model pages; the fill rules are assumed.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from .choices import CHAT_ABILITIES, DEFAULT_MIME_TYPES, DEFAULT_SIZE_MB

Model = dict[str, Any]

NEEDS_FILES = frozenset({"partial_requires_files", "requires_files_api"})
MUSIC_AND_EFFECTS = frozenset({"suno-music", "elevenlabs-sound-effect-v2"})
FROM_MEDIA = ("image-to-", "video-to-", "audio-to-")


def load_catalogue() -> dict[str, Model]:
    """All models by id, in the order of the list."""
    text = resources.files(__package__).joinpath("models.json").read_text("utf-8")
    return {model["id"]: filled(model) for model in json.loads(text)}


def filled(model: Model) -> Model:
    """A copy of `model` in which no field is empty that a caller relies on."""
    full = dict(model)
    full["runtime"] = model["runtime"] or "chat"
    full["reference_media"] = _reference_media(model)
    full["file_kinds"] = _file_kinds(full)
    full["supported_modes"] = model["supported_modes"] or _modes(full)
    full["requires_files_api"] = model["api_input_status"] in NEEDS_FILES
    full["requires_upload_for_modes"] = _upload_modes(full)
    full["url_input_supported"] = bool(model["url_input_supported"])
    full["chat_capabilities"] = model["chat_capabilities"] or _chat_capabilities(model)
    full["notices"] = model["notices"] or []
    return full


def default_limit(kind: str) -> dict[str, Any]:
    """The Files API's limit for a kind (docs/api-files)."""
    return {
        "kind": kind,
        "max_size_mb": DEFAULT_SIZE_MB[kind],
        "mime_types": list(DEFAULT_MIME_TYPES[kind]),
    }


def limit_for(model: Model, kind: str) -> dict[str, Any]:
    """The size and MIME limit that `model` sets for uploads of `kind`."""
    for limit in (model["reference_media"] or {}).get("limits", []):
        if limit["kind"] == kind:
            return dict(limit)
    return default_limit(kind)


def accepted_kinds(model: Model) -> list[str]:
    """Kinds of reference media the model takes, possibly none."""
    if model["category"] == "chat":
        return list(model["file_kinds"])
    return list((model["reference_media"] or {}).get("kinds", []))


def _reference_media(model: Model) -> dict[str, Any] | None:
    media = model["reference_media"]
    if media is None:
        if model["api_input_status"] not in NEEDS_FILES:
            return None
        return {"max_files": 1, "kinds": ["image"], "limits": [default_limit("image")]}
    limits = [_filled_limit(limit) for limit in media["limits"]]
    return {**media, "limits": limits}


def _filled_limit(limit: dict[str, Any]) -> dict[str, Any]:
    usual = default_limit(limit["kind"])
    return {key: usual[key] if limit[key] is None else limit[key] for key in usual}


def _file_kinds(model: Model) -> list[str]:
    if model["file_kinds"] is not None:
        return list(model["file_kinds"])
    return list((model["reference_media"] or {}).get("kinds", []))


def _modes(model: Model) -> list[str]:
    category = model["category"]
    if category == "chat":
        return ["chat-completion"]
    if category == "audio":
        is_voice = model["id"] not in MUSIC_AND_EFFECTS
        return ["text-to-speech" if is_voice else "text-to-audio"]
    if "text" not in model["supported_api_inputs"]:
        return [f"{category}-to-{category}"]
    kinds = model["file_kinds"]
    return [f"text-to-{category}", *(f"{kind}-to-{category}" for kind in kinds)]


def _upload_modes(model: Model) -> list[str]:
    if model["requires_upload_for_modes"] is not None:
        return list(model["requires_upload_for_modes"])
    if "file" not in model["supported_api_inputs"]:
        return []
    return [mode for mode in model["supported_modes"] if mode.startswith(FROM_MEDIA)]


def _chat_capabilities(model: Model) -> dict[str, Any] | None:
    if model["category"] != "chat":
        return None
    web_search, thoughts, efforts = CHAT_ABILITIES.get(model["id"], (False, False, ("default",)))
    return {
        "streaming": True,
        "web_search": web_search,
        "image_attachments": "file" in model["supported_api_inputs"],
        "thoughts": thoughts,
        "reasoning_effort": list(efforts),
    }
