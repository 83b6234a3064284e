"""Small real clips and sounds, made when they are needed."""

import io
import math
import struct

import av
from PIL import Image


def clip(
    format: str = "mp4",
    codec: str = "libx264",
    frames: int = 24,
    size: tuple[int, int] = (64, 48),
) -> bytes:
    """clip("mp4", codec="libx264", frames=24, size=(64, 48)) -> bytes at 12 frames a second."""
    out = io.BytesIO()
    image = Image.new("RGB", size, "orange")
    with av.open(out, "w", format=format) as container:
        stream = container.add_stream(codec, rate=12)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_image(image)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def sound(format: str = "mp3", codec: str = "libmp3lame", seconds: float = 1.0) -> bytes:
    """sound("mp3", codec="libmp3lame", seconds=1.0) -> bytes of a tone."""
    out = io.BytesIO()
    rate = 48_000
    count = int(rate * seconds)
    wave = (int(9000 * math.sin(i / 16)) for i in range(count))
    samples = struct.pack(f"<{count}h", *wave)
    with av.open(out, "w", format=format) as container:
        stream = container.add_stream(codec, rate=rate)
        frame = av.AudioFrame(format="s16", layout="mono", samples=count)
        frame.planes[0].update(samples.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler(
            format=stream.format, layout=stream.layout, rate=rate, frame_size=1024
        )
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode())
    return out.getvalue()
