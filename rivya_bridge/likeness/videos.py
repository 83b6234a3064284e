"""Distance of two videos: pictures at the same relative places, length, and size."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from rivya_bridge.files.media import MAX_PIXELS, NotMedia, first_video, opened_recording
from rivya_bridge.likeness.distance import Distance, combined, percent, ratio_gap
from rivya_bridge.likeness.pictures import PicturePrint, picture_distance, print_of
from rivya_bridge.likeness.sounds import seconds_of

SAMPLES = 6
# Between two places where decoding can begin lie seldom more frames than that.
FRAMES_PER_SAMPLE = 300
SMALL = 64


@dataclass(frozen=True, slots=True)
class VideoPrint:
    frames: tuple[PicturePrint, ...]
    seconds: float | None

    @property
    def size(self) -> tuple[int, int]:
        return self.frames[0].width, self.frames[0].height


def read_video(path: Path) -> VideoPrint:
    """Decodes at most 1,800 frames of it. Raises NotMedia, OSError, MemoryError."""
    with opened_recording(path) as container:
        stream = first_video(container)
        if stream is None:
            raise NotMedia("The file holds no moving picture.")
        seconds = container.duration / 1_000_000 if container.duration else None
        frames = tuple(_print(frame) for frame in _samples(container, stream, seconds))
    if not frames:
        raise NotMedia("The file's video has no frames that can be decoded.")
    return VideoPrint(frames, seconds)


def _samples(
    container: InputContainer, stream: VideoStream, seconds: float | None
) -> Iterator[VideoFrame]:
    """Frames in the middle of equal parts; the first one alone where the length is not known."""
    if not seconds:
        yield from _frame_at(container, stream, 0.0)
        return
    for number in range(SAMPLES):
        at = (number + 0.5) / SAMPLES * seconds
        container.seek(int(at * 1_000_000), backward=True)
        yield from _frame_at(container, stream, at)


def _frame_at(container: InputContainer, stream: VideoStream, at: float) -> Iterator[VideoFrame]:
    """The frame that is shown then, or the last one that was reached on the way."""
    chosen = None
    for number, frame in enumerate(container.decode(stream), start=1):
        if frame.width * frame.height > MAX_PIXELS:
            raise NotMedia(f"A frame has {frame.width} × {frame.height} pixels; that is too many.")
        chosen = frame
        if (frame.time or 0.0) >= at or number >= FRAMES_PER_SAMPLE:
            break
    if chosen is not None:
        yield chosen


def _print(frame: VideoFrame) -> PicturePrint:
    image = frame.to_image(width=SMALL, height=SMALL, interpolation="AREA")  # type: ignore[no-untyped-call]
    size = (frame.width, frame.height)
    if frame.rotation:
        image = image.rotate(frame.rotation, expand=True)
        size = size if frame.rotation % 180 == 0 else size[::-1]
    return print_of(image, size)


def video_distance(a: VideoPrint, b: VideoPrint) -> Distance:
    pairs = [picture_distance(x, y) for x, y in zip(a.frames, b.frames, strict=False)]
    parts = {
        name: sum(pair.parts[name] for pair in pairs) / len(pairs)
        for name in ("composition", "colour", "proportions")
    }
    parts["length"] = ratio_gap(a.seconds or 0, b.seconds or 0)
    detail = (
        f"{len(pairs)} frames: composition {percent(parts['composition'])}, colours "
        f"{percent(parts['colour'])} apart; {seconds_of(a.seconds)} and {seconds_of(b.seconds)}"
    )
    return combined("video", parts, detail + _sizes(a.size, b.size))


def _sizes(a: tuple[int, int], b: tuple[int, int]) -> str:
    if a == b:
        return "; same size"
    return f"; {a[0]} × {a[1]} and {b[0]} × {b[1]} pixels"
