"""Sounds: speech, music or an effect, in the container that the params ask for."""

from __future__ import annotations

import json
import random
from array import array
from typing import Any

from .brief import Brief
from .effects import effect
from .music import play
from .speech import speak
from .tones import encoded

MUSIC_MODEL = "suno-music"
EFFECT_MODEL = "elevenlabs-sound-effect-v2"
VOICE_KEYS = ("voice", "default_voice")
FORMATS: dict[str, tuple[str, str, int]] = {
    "mp3": ("mp3", "libmp3lame", 22_050),
    "ogg": ("ogg", "libopus", 48_000),
    "wav": ("wav", "pcm_s16le", 22_050),
}


def extension(params: dict[str, Any]) -> str:
    """`mp3`, `ogg` for Opus, or `wav` for the uncompressed formats."""
    wanted = str(params.get("output_format", "mp3"))
    if wanted.startswith("opus"):
        return "ogg"
    return "wav" if wanted.startswith(("pcm", "ulaw", "alaw")) else "mp3"


def render(brief: Brief) -> bytes:
    """The encoded sound."""
    return encoded(_samples(brief), *FORMATS[brief.extension])


def _samples(brief: Brief) -> array[float]:
    if brief.model_id == MUSIC_MODEL:
        return play(brief.prompt, brief.mood_of_prompt())
    if brief.model_id == EFFECT_MODEL:
        seconds = float(brief.params.get("duration_seconds", 3))
        return effect(brief.prompt, seconds, brief.mood_of_prompt())
    return speak(brief.prompt, _voice(brief), float(brief.params.get("speed", 1)))


def _voice(brief: Brief) -> random.Random:
    chosen = [brief.params.get(key) for key in VOICE_KEYS]
    turns = brief.params.get("dialogue") or [{}]
    return random.Random(json.dumps([brief.model_id, chosen, turns[0].get("voice")]))  # noqa: S311
