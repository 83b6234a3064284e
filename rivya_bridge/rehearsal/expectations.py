"""What an accepted result says of the next one: its category, count, types and sizes.

A result of a model is never byte for byte the same twice, so each size has some room: width and height
a fiftieth, a duration a tenth or half a second, bytes and characters a factor. Pure functions over
facts; how far two results are apart is not theirs but `measuring`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

COUNT, TYPE, SIZE, DISTANCE = "count", "type", "size", "distance"
COUNTS = (COUNT, TYPE, SIZE, DISTANCE)

# The largest distance that passes, by kind of result. As `likeness` measures it, another encoding of
# one picture stays below 0.03, the same scene painted by another model lies around 0.45, and pictures
# of different prompts lie above 0.55.
TOLERANCES: dict[str, float] = {"image": 0.3, "video": 0.3, "audio": 0.3, "chat": 0.4}

PIXEL_ROOM = 0.02
SECONDS_ROOM, LEAST_SECONDS_ROOM = 0.1, 0.5
BYTES_FACTOR = 8
CHARACTERS_FACTOR, LEAST_CHARACTERS_ROOM = 2, 40
UNITS = {
    "width": " pixels", "height": " pixels", "duration_seconds": " s", "size_bytes": " bytes",
    "characters": " characters",
}  # fmt: skip


class FileFacts(Protocol):
    """What is known of a stored file without opening it."""

    kind: Any
    mime_type: Any
    size_bytes: Any
    width: Any
    height: Any
    duration_seconds: Any


@dataclass(frozen=True, slots=True)
class Result:
    """What a run or a job brought: files in order, or text."""

    files: tuple[Any, ...] = ()
    text: str = ""

    @property
    def kind(self) -> str:
        """image, video, audio or chat; "" where nothing came."""
        return str(self.files[0].kind) if self.files else "chat" if self.text else ""

    @property
    def parts(self) -> tuple[Any, ...]:
        """What is compared with its partner, one by one."""
        return self.files or (self.text,)

    @property
    def count(self) -> int:
        return len(self.files) or int(bool(self.text))

    def __bool__(self) -> bool:
        return bool(self.count)


def expected_of(result: Result) -> dict[str, Any]:
    """What a result like this one is held to, as JSON."""
    expected: dict[str, Any] = {"category": result.kind, "count": result.count}
    if result.files:
        expected["mime_types"] = sorted({file.mime_type for file in result.files})
        expected |= {
            name: [min(low for low, _ in spans), max(high for _, high in spans)]
            for name in ("width", "height", "duration_seconds", "size_bytes")
            if (spans := [_span(name, value) for value in _values(result.files, name)])
        }
    elif result.text:
        expected["characters"] = list(_span("characters", len(result.text)))
    return expected


def _values(files: Sequence[FileFacts], name: str) -> list[float]:
    return [value for file in files if (value := getattr(file, name)) is not None]


def _span(name: str, value: float) -> tuple[float, float]:
    """The least and the most of one size around `value`."""
    if name in ("width", "height"):
        pixels = max(1, round(value * PIXEL_ROOM))
        return value - pixels, value + pixels
    if name == "duration_seconds":
        seconds = max(LEAST_SECONDS_ROOM, value * SECONDS_ROOM)
        return round(max(0.0, value - seconds), 2), round(value + seconds, 2)
    if name == "size_bytes":
        return int(value // BYTES_FACTOR), int(value * BYTES_FACTOR)
    room = max(LEAST_CHARACTERS_ROOM, value / CHARACTERS_FACTOR)
    return int(max(1, value - room)), int(max(value + room, value * CHARACTERS_FACTOR))


def unmet(expected: Mapping[str, Any], result: Result, counts: Sequence[str]) -> list[str]:
    """One sentence for each expectation that the result does not meet, of those that count."""
    if result.kind != expected.get("category"):
        return [f"It is {result.kind or 'nothing'} instead of {expected.get('category')}."]
    sentences = []
    if COUNT in counts and result.count != expected.get("count"):
        sentences.append(f"{result.count} results came instead of {expected.get('count')}.")
    if TYPE in counts:
        sentences += _types(expected.get("mime_types"), result.files)
    if SIZE in counts:
        sentences += _sizes(expected, result)
    return sentences


def _types(allowed: Sequence[str] | None, files: Sequence[FileFacts]) -> list[str]:
    others = sorted({file.mime_type for file in files} - set(allowed or ()))
    if not allowed or not others:
        return []
    return [f"The type is {', '.join(others)} instead of {', '.join(allowed)}."]


def _sizes(expected: Mapping[str, Any], result: Result) -> list[str]:
    sentences = []
    for name, unit in UNITS.items():
        if name not in expected:
            continue
        low, high = expected[name]
        values = _values(result.files, name) if name != "characters" else [len(result.text)]
        wrong = next((value for value in values if not low <= value <= high), None)
        if wrong is not None:
            words = name.removesuffix("_seconds").replace("size_bytes", "size")
            sentences.append(
                f"The {words} is {_number(wrong)}{unit}, not {_number(low)} to {_number(high)}."
            )
    return sentences


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
