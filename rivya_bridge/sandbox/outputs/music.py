"""Music: a small progression with bass, pad and a plucked tune."""

from __future__ import annotations

import random
from array import array

from .tones import add_echo, add_tone, silence, wave_table

PROGRESSIONS = (
    (0, 5, 3, 4),
    (0, 3, 4, 0),
    (5, 3, 0, 4),
    (0, 4, 5, 3),
    (0, 2, 3, 4),
)
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
SAD = ("sad", "dark", "night", "rain", "storm", "melancholy", "slow", "noir", "minor", "lonely")
FAST = ("fast", "dance", "happy", "upbeat", "energetic", "party", "techno", "punk", "drum")
PAD = (1.0, 0.42, 0.2, 0.12, 0.05)
PLUCK = (1.0, 0.55, 0.33, 0.2, 0.14, 0.08)
BASS = (1.0, 0.3, 0.08)


def play(prompt: str, chance: random.Random) -> array[float]:
    """Four chords, twice where the beat is fast; about 8 to 10 seconds."""
    words = prompt.lower()
    scale = MINOR if any(word in words for word in SAD) else MAJOR
    is_fast = any(word in words for word in FAST)
    beat = 60 / (chance.uniform(118, 132) if is_fast else chance.uniform(84, 98))
    chords = chance.choice(PROGRESSIONS) * (2 if is_fast else 1)
    root = chance.randrange(-5, 5)
    samples = silence(len(chords) * 4 * beat * (0.5 if is_fast else 1) + 1.2)
    bar = 4 * beat * (0.5 if is_fast else 1)
    tables = wave_table(PAD), wave_table(PLUCK), wave_table(BASS)
    for number, degree in enumerate(chords):
        _pad(samples, tables[0], scale, root, degree, number * bar, bar)
        _bass(samples, tables[2], scale, root, degree, number * bar, bar)
    _tune(samples, tables[1], scale, root, chords, bar, chance)
    add_echo(samples, beat * 0.75, 0.24)
    return samples


def note(scale: tuple[int, ...], root: int, degree: int, octave: int) -> float:
    """Hertz of a step of the scale; octave 4 holds the A of 440 Hz."""
    steps = scale[degree % 7] + 12 * (degree // 7)
    midi = 60 + root + steps + 12 * (octave - 4)
    return 440.0 * float(2.0 ** ((midi - 69) / 12))


def _pad(
    samples: array[float],
    table: list[float],
    scale: tuple[int, ...],
    root: int,
    degree: int,
    start: float,
    bar: float,
) -> None:
    for third in (0, 2, 4):
        hertz = note(scale, root, degree + third, 4)
        length = bar + 0.25
        add_tone(
            samples,
            table,
            start=start,
            seconds=length,
            hertz=hertz,
            loud=0.16,
            attack=0.25,
            release=0.5,
        )


def _bass(
    samples: array[float],
    table: list[float],
    scale: tuple[int, ...],
    root: int,
    degree: int,
    start: float,
    bar: float,
) -> None:
    for place in (0.0, 0.5):
        add_tone(
            samples,
            table,
            start=start + place * bar,
            seconds=bar * 0.45,
            hertz=note(scale, root, degree % 7, 2),
            loud=0.34,
            fade=2.2,
        )


def _tune(
    samples: array[float],
    table: list[float],
    scale: tuple[int, ...],
    root: int,
    chords: tuple[int, ...],
    bar: float,
    chance: random.Random,
) -> None:
    pattern = [chance.choice((0, 2, 4, 7, 9, None)) for _ in range(8)]
    for number, degree in enumerate(chords):
        for place, step in enumerate(pattern):
            if step is None or (place % 2 and chance.random() < 0.35):
                continue
            add_tone(
                samples,
                table,
                start=number * bar + place * bar / 8,
                seconds=min(0.7, bar / 3),
                hertz=note(scale, root, degree + step, 5),
                loud=0.2,
                attack=0.004,
                fade=5.0,
            )
