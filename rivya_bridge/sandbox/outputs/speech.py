"""Speech without words: a murmur of vowels whose rhythm follows the text."""

from __future__ import annotations

import math
import random
import re
from array import array
from dataclasses import dataclass

from .tones import RATE, add_echo, add_tone, silence, wave_table

LONGEST_SECONDS = 9.0
# First three formants in hertz, as a phonetics primer gives them for an adult voice.
FORMANTS: dict[str, tuple[int, int, int]] = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
    "y": (390, 1990, 2550),
}
PAUSES = {",": 0.16, ";": 0.2, ":": 0.2, ".": 0.34, "!": 0.34, "?": 0.34, "\n": 0.42}
HISSING = frozenset("sfzxcthjk")


@dataclass(frozen=True)
class Syllable:
    """When it begins, how long it lasts (seconds), its vowel, and its place in the tune."""

    start: float
    seconds: float
    vowel: str
    onset: str
    melody: float


def speak(text: str, voice: random.Random, delivery: random.Random, pace: float) -> array[float]:
    """The murmur of `text`; `voice` decides pitch and colour, `pace` of 1 is usual.

    `delivery` decides how lively the tune wavers.
    """
    syllables = rhythm(text, pace)
    last = syllables[-1]
    samples = silence(last.start + last.seconds + 0.3)
    pitch = voice.choice((98.0, 112.0, 128.0, 165.0, 190.0, 212.0)) * voice.uniform(0.95, 1.05)
    tract = voice.uniform(0.94, 1.12)
    tables = {vowel: _vowel_table(vowel, pitch, tract) for vowel in FORMANTS}
    liveliness = delivery.uniform(0.01, 0.09)
    for syllable in syllables:
        wavering = 1 + delivery.uniform(-liveliness, liveliness)
        _sing(samples, syllable, tables[syllable.vowel], pitch * wavering)
        if syllable.onset in HISSING:
            _hiss(samples, syllable.start, voice)
    add_echo(samples, 0.045, 0.16)
    return samples


def rhythm(text: str, pace: float) -> list[Syllable]:
    """The syllables of `text` in time, up to the longest length."""
    found: list[Syllable] = []
    now = 0.08
    for sentence in re.findall(r"[^.!?\n]+[.!?\n]*", text) or ["a"]:
        asks = sentence.rstrip().endswith("?")
        groups = re.findall(r"[^\W\d_]+|\d|[,;:.!?\n]", sentence.lower()) or ["a"]
        for place, group in enumerate(groups):
            if group in PAUSES:
                now += PAUSES[group] / pace
                continue
            melody = _melody(place / len(groups), asks)
            now = _add_word(found, group, now, melody, pace)
            if now > LONGEST_SECONDS:
                return found
    return found or [Syllable(0.08, 0.2, "a", "", 1.0)]


def _add_word(found: list[Syllable], word: str, now: float, melody: float, pace: float) -> float:
    vowels = re.findall(r"([^aeiouy]*)([aeiouy]+)", word) or [(word[:1], "e")]
    for onset, vowel in vowels:
        seconds = (0.105 + 0.035 * min(3, len(vowel)) + 0.012 * len(onset)) / pace
        found.append(Syllable(now, seconds, vowel[0], onset[-1:], melody))
        now += seconds * 0.94
    return now + 0.06 / pace


def _melody(place: float, asks: bool) -> float:
    if asks:
        return 0.95 + 0.42 * place**2
    return 1.13 - 0.26 * place + 0.05 * math.sin(place * 19)


def _vowel_table(vowel: str, pitch: float, tract: float) -> list[float]:
    strengths = []
    for number in range(1, int(RATE / 2 / pitch / 1.5)):
        hertz = number * pitch
        resonance = sum(
            share * math.exp(-(((hertz - formant * tract) / (90 + formant * 0.06)) ** 2))
            for formant, share in zip(FORMANTS[vowel], (1.0, 0.5, 0.22), strict=True)
        )
        strengths.append((0.06 + resonance) / number**0.45)
    return wave_table(strengths)


def _sing(samples: array[float], syllable: Syllable, table: list[float], pitch: float) -> None:
    add_tone(
        samples,
        table,
        start=syllable.start,
        seconds=syllable.seconds,
        hertz=pitch * syllable.melody,
        loud=0.8,
        attack=0.025,
        release=0.06,
        glide=0.94,
    )


def _hiss(samples: array[float], start: float, voice: random.Random) -> None:
    begin = max(0, round((start - 0.045) * RATE))
    count = round(0.07 * RATE)
    before = 0.0
    for position in range(count):
        value = voice.uniform(-1, 1)
        shape = math.sin(math.pi * position / count)
        samples[begin + position] += (value - before) * 0.09 * shape
        before = value
