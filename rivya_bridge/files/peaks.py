"""The shape and the loudness of a sound, measured from its samples."""

import array
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.resampler import AudioResampler
from av.container import InputContainer

RATE = 8000
BINS = 400
# What lies behind is neither drawn nor measured; it still plays.
MAX_SECONDS = 3600
FULL_SCALE = 32768
SILENCE_DB = -90.0


@dataclass(frozen=True, slots=True)
class Shape:
    """`peaks`: BINS numbers from 0 to 1, the loudest sample of each part. `level_db`: RMS in dBFS."""

    peaks: tuple[float, ...]
    level_db: float


def measure(container: InputContainer) -> Shape | None:
    """Reads all samples of the first sound stream; None when there are none.

    Raises av.FFmpegError where the stream is damaged.
    """
    window = RATE // 20
    loudest: list[int] = []
    squares, count = 0.0, 0
    for samples in _windows(container, window):
        loudest.append(max(abs(min(samples)), abs(max(samples))))
        squares += float(sum(sample * sample for sample in samples))
        count += len(samples)
    if not count:
        return None
    return Shape(tuple(_binned(loudest)), _decibels(squares / count))


def _windows(container: InputContainer, size: int) -> Iterator["array.array[int]"]:
    """Runs of `size` samples, mono at RATE; the last may be shorter."""
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    waiting: array.array[int] = array.array("h")
    left = MAX_SECONDS * RATE
    for frame in container.decode(container.streams.audio[0]):
        for part in resampler.resample(frame):
            waiting.frombytes(bytes(part.planes[0])[: part.samples * 2])
        while len(waiting) >= size:
            yield waiting[:size]
            del waiting[:size]
            left -= size
        if left <= 0:
            return
    if waiting:
        yield waiting


def _binned(loudest: list[int]) -> Iterator[float]:
    for number in range(BINS):
        start = number * len(loudest) // BINS
        end = max(start + 1, (number + 1) * len(loudest) // BINS)
        yield round(max(loudest[start:end]) / FULL_SCALE, 3)


def _decibels(mean_square: float) -> float:
    if mean_square <= 0:
        return SILENCE_DB
    return max(SILENCE_DB, round(10 * math.log10(mean_square / FULL_SCALE**2), 2))


def draw(peaks: tuple[float, ...]) -> str:
    """The peaks as an SVG picture, mirrored around its middle; 800 x 120 units."""
    step = 800 / len(peaks)
    bars = "".join(
        f"M{number * step + step / 2:.1f} {60 - height:.1f}V{60 + height:.1f}"
        for number, height in enumerate(max(0.6, peak * 58) for peak in peaks)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 120" width="800" height="120" '
        'preserveAspectRatio="none">'
        f'<path d="{bars}" stroke="#7f8c3a" stroke-width="{step * 0.7:.2f}" fill="none"/></svg>'
    )


def measure_file(path: Path, demuxer: str | None = None) -> Shape | None:
    """`measure` of a file on disk. Raises av.FFmpegError, OSError."""
    with av.open(str(path), "r", format=demuxer, metadata_errors="replace") as container:
        return measure(container) if container.streams.audio else None
