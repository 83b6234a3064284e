"""Flipping exactly one input changes the bytes of what is made."""

from __future__ import annotations

import dataclasses
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rivya_bridge.sandbox.catalogue import load_catalogue
from rivya_bridge.sandbox.outputs.brief import Brief, Reference
from rivya_bridge.sandbox.outputs.formats import extension
from rivya_bridge.sandbox.rendering import make

from .conftest import png

CATALOGUE = load_catalogue()
PROMPT = "A bottle on wet slate"


def brief(model_id: str, **params: Any) -> Brief:
    """The brief of a request that leaves everything but `params` as it is by default."""
    model = CATALOGUE[model_id]
    full = {e["key"]: e["default"] for e in model["params"] if e["default"] is not None}
    if model_id == "elevenlabs-dialogue-v3":
        full["dialogue"] = [{"voice": "Adam", "text": "Hello."}]
    full |= params
    suffix = extension(model["category"], full)
    return Brief(model_id, model["category"], PROMPT, full, (), 1, suffix)


@cache
def made(key: str) -> str:
    """The digest of the usual result of a model."""
    return digest(brief(key))


def digest(one: Brief) -> str:
    return hashlib.sha256(make(one)).hexdigest()


USUAL = ["wan-2-7-image", "wan-2-7-video", "suno-music", "elevenlabs-turbo-2-5"]


@pytest.mark.parametrize("model", USUAL)
def test_nothing_flipped_changes_nothing(model: str) -> None:
    assert digest(brief(model)) == made(model)


@pytest.mark.parametrize("model", USUAL)
def test_the_prompt_changes_the_result(model: str) -> None:
    assert digest(dataclasses.replace(brief(model), prompt=PROMPT + " at night")) != made(model)


@pytest.mark.parametrize(
    ("model", "other"),
    [
        ("wan-2-7-image", "wan-2-7-image-pro"),
        ("seedance-2", "seedance-2-fast"),
        ("elevenlabs-turbo-2-5", "elevenlabs-multilingual-v2"),
    ],
)
def test_the_model_changes_the_result(model: str, other: str) -> None:
    """Also for models that have the very same params."""
    usual = brief(model)
    assert digest(dataclasses.replace(usual, model_id=other)) != made(model)


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("wan-2-7-image", {"seed": 7}),
        ("wan-2-7-image", {"watermark": "true"}),
        ("wan-2-7-video", {"seed": 7}),
        ("wan-2-7-video", {"resolution": "1080p"}),
        ("suno-music", {"instrumental": "true"}),
        ("suno-music", {"model": "V5"}),
        ("elevenlabs-turbo-2-5", {"stability": 0.9}),
        ("elevenlabs-turbo-2-5", {"voice": "pNInz6obpgDQGcFmaJgB"}),
        ("elevenlabs-turbo-2-5", {"next_text": "And then?"}),
        ("elevenlabs-sound-effect-v2", {"loop": "true"}),
        ("elevenlabs-sound-effect-v2", {"output_format": "mp3_22050_32"}),
        ("elevenlabs-sound-effect-v2", {"output_format": "ulaw_8000"}),
        ("elevenlabs-dialogue-v3", {"language_code": "de"}),
        ("elevenlabs-dialogue-v3", {"dialogue": [{"voice": "Alice", "text": "Hello."}]}),
    ],
)
def test_one_param_changes_the_result(model: str, params: dict[str, Any]) -> None:
    assert digest(brief(model, **params)) != made(model)


IMAGE_PARAMS = [
    (model["id"], entry)
    for model in CATALOGUE.values()
    if model["category"] == "image" and model["id"] in {"ideogram-v3", "flux-kontext-pro"}
    for entry in model["params"]
]


@pytest.mark.parametrize(("model", "entry"), IMAGE_PARAMS)
def test_every_param_of_a_picture_changes_it(model: str, entry: dict[str, Any]) -> None:
    others = {"number": entry["max"] or 7, "text": "zebra"}
    other = others.get(entry["type"]) or next(o for o in entry["options"] if o != entry["default"])

    assert digest(brief(model, **{entry["key"]: other})) != made(model)


@pytest.mark.parametrize("model", ["nano-banana-2", "wan-2-6"])
def test_the_reference_changes_the_result(model: str, tmp_path: Path) -> None:
    results = set()
    for name, colour in (("a", (230, 90, 20)), ("b", (40, 60, 220))):
        (tmp_path / name).write_bytes(png(colour, 300))
        given = (Reference("image", tmp_path / name, name),)
        results.add(digest(dataclasses.replace(brief(model), references=given)))

    assert len({made(model), *results}) == 3


def test_the_place_in_the_list_of_results_changes_the_picture() -> None:
    second = dataclasses.replace(brief("seedream-4-0"), index=2)

    assert digest(second) != made("seedream-4-0")
