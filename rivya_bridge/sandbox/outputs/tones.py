"""Samples, wave tables and encoders: the workbench of all sounds.

Samples are floats around -1 to 1 at 22,050 a second, mono.
"""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Sequence

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

RATE = 22_050
TABLE = 512
CHUNK = 1024


def silence(seconds: float) -> array[float]:
    """That many seconds of nothing."""
    return array("d", bytes(8 * max(1, round(seconds * RATE))))


def wave_table(strengths: Sequence[float]) -> list[float]:
    """One period of a tone whose partials have these strengths, at most 1 loud."""
    table = [
        sum(
            strength * math.sin(2 * math.pi * (number + 1) * step / TABLE)
            for number, strength in enumerate(strengths)
            if strength > 0.002
        )
        for step in range(TABLE)
    ]
    loudest = max(map(abs, table)) or 1.0
    return [value / loudest for value in table]


def add_tone(
    target: array[float],
    table: list[float],
    *,
    start: float,
    seconds: float,
    hertz: float,
    loud: float,
    attack: float = 0.02,
    release: float = 0.08,
    glide: float = 1.0,
    fade: float = 0.0,
) -> None:
    """Mix a tone into `target`; `glide` is the pitch at its end by that at its start.

    `fade` is how fast it dies away, as a share lost in each second (natural logarithm).
    """
    first = round(start * RATE)
    count = min(round(seconds * RATE), len(target) - first)
    rising, falling = max(1, round(attack * RATE)), max(1, round(release * RATE))
    step = hertz * TABLE / RATE
    bend = glide ** (1 / max(1, count))
    dying = math.exp(-fade / RATE)
    phase, level = 0.0, loud
    for position in range(count):
        envelope = min(1.0, position / rising, (count - position) / falling)
        target[first + position] += table[int(phase) % TABLE] * level * envelope
        phase += step
        step *= bend
        level *= dying


def add_echo(target: array[float], seconds: float, share: float) -> None:
    """Mix one fainter repetition of all samples into them."""
    shift = round(seconds * RATE)
    repeated = [value * share for value in target[: len(target) - shift]]
    for position, value in enumerate(repeated, shift):
        target[position] += value


def as_pcm(samples: Sequence[float], peak: float = 0.8) -> bytes:
    """16-bit little-endian PCM, scaled so that the loudest sample has `peak`."""
    loudest = max(max(samples), -min(samples)) or 1.0
    scale = peak * 32767 / loudest
    return array("h", [int(value * scale) for value in samples]).tobytes()


def add_audio_stream(container: OutputContainer, codec: str, rate: int) -> AudioStream:
    """A mono stream in the container."""
    stream = container.add_stream(codec, rate=rate, layout="mono")
    if not isinstance(stream, AudioStream):
        raise TypeError(f"{codec} is no audio codec.")
    return stream


def encode_audio(container: OutputContainer, stream: AudioStream, samples: Sequence[float]) -> None:
    """Encode all samples into the stream, whatever rate and format it has."""
    resampler = av.AudioResampler(format=stream.format, layout="mono", rate=stream.rate)
    pcm = as_pcm(samples)
    for begin in range(0, len(pcm), CHUNK * 2):
        piece = pcm[begin : begin + CHUNK * 2]
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(piece) // 2)
        frame.planes[0].update(piece.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate = RATE
        frame.pts = begin // 2
        for ready in resampler.resample(frame):
            container.mux(stream.encode(ready))
    for ready in resampler.resample(None):
        container.mux(stream.encode(ready))
    container.mux(stream.encode())


def encoded(
    samples: Sequence[float], kind: str, codec: str, rate: int, bits_per_second: int | None = None
) -> bytes:
    """A whole audio file of container `kind`."""
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as container:
        stream = add_audio_stream(container, codec, rate)
        if bits_per_second is not None:
            stream.bit_rate = bits_per_second
        encode_audio(container, stream, samples)
    return out.getvalue()
