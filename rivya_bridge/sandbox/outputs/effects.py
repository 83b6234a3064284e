"""Sound effects: filtered noise, shaped by what the prompt speaks of."""

from __future__ import annotations

import math
import random
from array import array
from dataclasses import dataclass

from .tones import RATE, add_tone, silence, wave_table


@dataclass(frozen=True)
class Noise:
    """Colour of a noise: centre in hertz, how far and how often it swings, how it ends."""

    hertz: float
    swing: float
    swings_per_second: float
    damping: float
    fade: float = 0.0
    drops: float = 0.0


NOISES: dict[str, Noise] = {
    "rain": Noise(3200, 0.1, 0.4, 0.9, drops=40),
    "wind": Noise(480, 0.55, 0.35, 0.25),
    "wave": Noise(700, 0.7, 0.22, 0.8),
    "ocean": Noise(700, 0.7, 0.2, 0.8),
    "sea": Noise(700, 0.7, 0.2, 0.8),
    "thunder": Noise(110, 0.5, 0.9, 0.7, fade=0.9),
    "explosion": Noise(140, 0.4, 0.5, 0.8, fade=1.5),
    "fire": Noise(900, 0.2, 1.5, 0.9, drops=25),
    "engine": Noise(120, 0.1, 9.0, 0.15),
    "door": Noise(240, 0.3, 2.0, 0.3, fade=4.0),
    "click": Noise(2400, 0.1, 1.0, 0.2, fade=14.0),
    "whoosh": Noise(900, 0.8, 0.5, 0.3),
    "forest": Noise(1500, 0.4, 0.3, 0.5, drops=3),
    "city": Noise(260, 0.3, 0.5, 0.8),
}
BELLS = ("bell", "chime", "ding", "notification", "glass", "magic", "sparkle", "coin")


def effect(prompt: str, seconds: float, chance: random.Random) -> array[float]:
    """That many seconds of sound."""
    words = prompt.lower()
    samples = silence(seconds)
    if any(word in words for word in BELLS):
        _ring(samples, seconds, chance)
        return samples
    named = [noise for word, noise in NOISES.items() if word in words]
    for noise in named[:2] or [_any_noise(chance)]:
        _blow(samples, noise, chance)
        _drip(samples, noise.drops, chance)
    return samples


def _any_noise(chance: random.Random) -> Noise:
    return Noise(
        hertz=chance.uniform(250, 1800),
        swing=chance.uniform(0.3, 0.8),
        swings_per_second=chance.uniform(0.2, 2.5),
        damping=chance.uniform(0.12, 0.6),
    )


def _blow(samples: array[float], noise: Noise, chance: random.Random) -> None:
    """White noise through a state-variable filter whose centre swings."""
    low = band = 0.0
    edge = round(0.03 * RATE)
    count = len(samples)
    phase = chance.uniform(0, 6.283)
    tuned = 0.0
    white = [value / 127.5 - 1 for value in chance.randbytes(count)]
    for position, value in enumerate(white):
        if position % 64 == 0:
            turn = math.sin(phase + position / RATE * noise.swings_per_second * 6.283)
            hertz = min(4500.0, noise.hertz * 2 ** (2 * noise.swing * turn))
            tuned = 2 * math.sin(math.pi * hertz / RATE)
            level = (0.65 + 0.35 * turn) * math.exp(-noise.fade * position / RATE)
        low += tuned * band
        band += tuned * (value - low - noise.damping * band)
        soft = min(1.0, position / edge, (count - position) / edge)
        samples[position] += (band + low * 0.5) * level * soft


def _drip(samples: array[float], per_second: float, chance: random.Random) -> None:
    table = wave_table((1.0, 0.3))
    seconds = len(samples) / RATE
    for _ in range(round(per_second * seconds)):
        add_tone(
            samples,
            table,
            start=chance.uniform(0, max(0.01, seconds - 0.05)),
            seconds=0.03,
            hertz=chance.uniform(900, 3400),
            loud=chance.uniform(0.05, 0.3),
            attack=0.001,
            release=0.02,
            glide=1.4,
        )


def _ring(samples: array[float], seconds: float, chance: random.Random) -> None:
    base = chance.uniform(420, 900)
    table = wave_table((1.0,))
    for strike in range(max(1, round(seconds / 1.6))):
        for partial, loud in ((1.0, 0.5), (2.0, 0.3), (2.76, 0.22), (5.4, 0.1)):
            add_tone(
                samples,
                table,
                start=strike * 1.6,
                seconds=min(2.4, seconds - strike * 1.6),
                hertz=base * partial,
                loud=loud,
                attack=0.002,
                fade=1.8 + partial,
            )
