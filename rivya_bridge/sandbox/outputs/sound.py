"""Sounds: speech, music or an effect, in the container that the params ask for."""

from __future__ import annotations

import json
import random
from array import array

from .brief import Brief
from .effects import effect
from .music import play
from .speech import speak
from .tones import RATE, encoded

MUSIC_MODEL = "suno-music"
EFFECT_MODEL = "elevenlabs-sound-effect-v2"
VOICE_KEYS = ("voice", "default_voice")
FORMATS: dict[str, tuple[str, str, int]] = {
    "mp3": ("mp3", "libmp3lame", 22_050),
    "ogg": ("ogg", "libopus", 48_000),
    "wav": ("wav", "pcm_s16le", 22_050),
}
WAV_CODECS = {"pcm": "pcm_s16le", "ulaw": "pcm_mulaw", "alaw": "pcm_alaw"}
LONGEST_DIALOGUE_SECONDS = 18.0
SPOKEN_PARAMS = frozenset({*VOICE_KEYS, "dialogue", "speed", "output_format"})


def render(brief: Brief) -> bytes:
    """The encoded sound."""
    return encoded(_samples(brief), *_format(brief))


def _format(brief: Brief) -> tuple[str, str, int, int | None]:
    """Container, codec, rate and bits a second; `mp3_44100_128` names the last two."""
    kind, codec, rate = FORMATS[brief.extension]
    name, *numbers = str(brief.params.get("output_format", "")).split("_")
    if not numbers:
        return kind, codec, rate, None
    bits = int(numbers[1]) * 1000 if len(numbers) > 1 else None
    return kind, WAV_CODECS.get(name, codec), int(numbers[0]), bits


def _samples(brief: Brief) -> array[float]:
    if brief.model_id == MUSIC_MODEL:
        return play(brief.prompt, brief.mood_of_prompt())
    if brief.model_id == EFFECT_MODEL:
        seconds = float(brief.params.get("duration_seconds", 3))
        return effect(brief.prompt, seconds, brief.mood_of_prompt())
    delivery = brief.delivery(SPOKEN_PARAMS)
    if "dialogue" in brief.params:
        return _dialogue(brief, delivery)
    pace = float(brief.params.get("speed", 1))
    return speak(brief.prompt, _voice(brief, None), delivery, pace)


def _dialogue(brief: Brief, delivery: random.Random) -> array[float]:
    """The turns one after the other, each in its own voice, up to the longest length."""
    samples: array[float] = array("d")
    for turn in brief.params["dialogue"]:
        samples.extend(speak(turn["text"], _voice(brief, turn["voice"]), delivery, 1.0))
        if len(samples) > LONGEST_DIALOGUE_SECONDS * RATE:
            break
    return samples


def _voice(brief: Brief, speaker: str | None) -> random.Random:
    chosen = [brief.params.get(key) for key in VOICE_KEYS]
    return random.Random(json.dumps([brief.model_id, chosen, speaker]))  # noqa: S311
