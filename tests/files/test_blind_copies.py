"""A copy for blind votes carries what is seen and heard, and nothing of who made it."""

import io

import av
import pytest
from PIL import Image, ImageChops, PngImagePlugin

from rivya_bridge.files.decoding.asking import write_blind

SECRET = b"grok-imagine-secret"


@pytest.fixture
def copied(on_disk, tmp_path):
    def copy(content: bytes) -> tuple[str, bytes]:
        assert SECRET in content
        target = tmp_path / "copy"
        return write_blind(on_disk(content), target), target.read_bytes()

    return copy


def test_a_picture_becomes_webp_without_loss_and_without_its_texts(copied):
    image = Image.effect_noise((97, 61), 80).convert("RGB")
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", SECRET.decode())
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=texts)
    mime, content = copied(out.getvalue())
    assert mime == "image/webp"
    assert SECRET not in content
    with Image.open(io.BytesIO(content)) as shown:
        assert ImageChops.difference(shown.convert("RGB"), image).getbbox() is None


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_exif_goes_and_the_picture_stands_upright(copied, format):
    exif = Image.Exif()
    exif[0x0131] = SECRET.decode()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, format, exif=exif)
    mime, content = copied(out.getvalue())
    assert (mime, SECRET in content, b"Exif" in content) == ("image/webp", False, False)
    with Image.open(io.BytesIO(content)) as shown:
        assert shown.size == (48, 64)


@pytest.mark.parametrize(
    ("format", "codec", "mime"),
    [("mp4", "libx264", "video/mp4"), ("webm", "libvpx-vp9", "video/webm")],
)
def test_a_clip_keeps_its_frames_and_loses_its_tags(copied, format, codec, mime):
    out = io.BytesIO()
    with av.open(out, "w", format=format) as container:
        container.metadata.update({"title": SECRET.decode(), "comment": SECRET.decode()})
        stream = container.add_stream(codec, rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(12):
            frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), "orange"))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    found, content = copied(out.getvalue())
    assert (found, SECRET in content) == (mime, False)
    with av.open(io.BytesIO(content)) as shown:
        assert len(list(shown.decode(video=0))) == 12


@pytest.mark.parametrize(
    ("format", "codec", "mime"),
    [
        ("mp3", "libmp3lame", "audio/mpeg"),
        ("ipod", "aac", "audio/mp4"),
        ("wav", "pcm_s16le", "audio/wav"),
        ("ogg", "libopus", "audio/ogg"),
        ("flac", "flac", "audio/flac"),
    ],
)
def test_a_sound_keeps_its_samples_and_loses_its_tags(sound, copied, on_disk, format, codec, mime):
    plain = sound(format, codec)
    out = io.BytesIO()
    with av.open(io.BytesIO(plain)) as source, av.open(out, "w", format=format) as tagged:
        tagged.metadata.update({"title": SECRET.decode(), "artist": SECRET.decode()})
        stream = tagged.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                tagged.mux(packet)
    found, content = copied(out.getvalue())
    assert (found, SECRET in content) == (mime, False)
    with av.open(io.BytesIO(content)) as shown:
        assert sum(frame.samples for frame in shown.decode(audio=0)) > 40_000
