"""Distance of two sounds: length, level, and how loudness moves over time.

The level is RMS in dBFS and the course the peaks of 400 equal parts, as the vault measures both. The
course is compared part by part, relative to each sound's own loudest part, so that a quieter copy
differs in level alone.
"""

from dataclasses import dataclass
from pathlib import Path

from rivya_bridge.files.media import NotMedia, opened_recording
from rivya_bridge.files.peaks import Shape, measure
from rivya_bridge.likeness.distance import Distance, combined, percent, ratio_gap

# A level difference, in decibels, from which levels count as unrelated.
LEVEL_DB = 40.0
# The mean difference of loudness, of a full deflection of 1, from which courses count as unrelated:
# that of two independent sounds whose loudness is spread evenly is a third.
COURSE = 1 / 3


@dataclass(frozen=True, slots=True)
class SoundPrint:
    shape: Shape
    seconds: float | None


def read_sound(path: Path) -> SoundPrint:
    """Measures at most an hour of it. Raises NotMedia, OSError, MemoryError."""
    with opened_recording(path) as container:
        if not container.streams.audio:
            raise NotMedia("The file holds no sound.")
        seconds = container.duration / 1_000_000 if container.duration else None
        shape = measure(container)
    if shape is None:
        raise NotMedia("The file's sound has no samples.")
    return SoundPrint(shape, seconds)


def sound_distance(a: SoundPrint, b: SoundPrint) -> Distance:
    parts = {
        "length": ratio_gap(a.seconds or 0, b.seconds or 0),
        "level": min(1.0, abs(a.shape.level_db - b.shape.level_db) / LEVEL_DB),
        "course": _course_gap(a.shape.peaks, b.shape.peaks),
    }
    detail = (
        f"{a.shape.level_db:.1f} and {b.shape.level_db:.1f} dBFS, "
        f"{seconds_of(a.seconds)} and {seconds_of(b.seconds)}; "
        f"loudness over time {percent(parts['course'])} apart"
    )
    return combined("audio", parts, detail)


def _course_gap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    gaps = [abs(p - q) for p, q in zip(_relative(a), _relative(b), strict=True)]
    return min(1.0, sum(gaps) / len(gaps) / COURSE)


def _relative(peaks: tuple[float, ...]) -> list[float]:
    loudest = max(peaks)
    return [peak / loudest for peak in peaks] if loudest > 0 else list(peaks)


def seconds_of(seconds: float | None) -> str:
    return "unknown length" if seconds is None else f"{seconds:.1f} s"
