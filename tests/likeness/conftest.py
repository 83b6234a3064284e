"""Small real media that differ in what is to be told apart."""

import io
import math
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image, ImageDraw


def scene(
    size: tuple[int, int] = (320, 240), sun: float = 0.3, sky: str = "skyblue"
) -> Image.Image:
    """A landscape; `sun` says where from the left it stands."""
    image = Image.new("RGB", size, sky)
    draw = ImageDraw.Draw(image)
    wide, high = size
    draw.polygon([(0, high), (wide * 0.4, high * 0.4), (wide * 0.9, high)], fill="darkgreen")
    radius = high * 0.15
    x, y = wide * sun, high * 0.25
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill="gold")
    draw.rectangle([0, high * 0.85, wide, high], fill="saddlebrown")
    return image


def stripes(size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Something else altogether."""
    image = Image.new("RGB", size, "black")
    draw = ImageDraw.Draw(image)
    for x in range(0, size[0], 40):
        draw.rectangle([x, 0, x + 19, size[1]], fill="crimson" if x % 80 else "white")
    return image


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """saved(image, "a.png", **options) -> path."""

    def save(image: Image.Image, name: str, **options: object) -> Path:
        path = tmp_path / name
        image.save(path, **options)
        return path

    return save


@pytest.fixture
def tone(tmp_path: Path) -> Callable[..., Path]:
    """tone("a.wav", seconds, loudness 0..1, is_pulsed) -> path."""

    def make(name: str, seconds: float = 1, loudness: float = 0.5, is_pulsed: bool = False) -> Path:
        rate = 16_000
        values = (
            int(32_000 * loudness * math.sin(n / 6) * (not is_pulsed or n // 4000 % 2))
            for n in range(int(rate * seconds))
        )
        path = tmp_path / name
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(struct.pack(f"<{int(rate * seconds)}h", *values))
        return path

    return make


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """film("a.mp4", images, codec) -> path of a video of a second for each picture, 8 a second."""

    def make(name: str, images: list[Image.Image], crf: str = "18") -> Path:
        out = io.BytesIO()
        with av.open(out, "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=8, options={"crf": crf})
            stream.width, stream.height, stream.pix_fmt = *images[0].size, "yuv420p"
            for number in range(8 * len(images)):
                frame = av.VideoFrame.from_image(images[number // 8])
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        path = tmp_path / name
        path.write_bytes(out.getvalue())
        return path

    return make
