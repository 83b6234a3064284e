"""What a file is, by its bytes."""

import struct
import zlib

import pytest

from rivya_bridge.files import media
from rivya_bridge.files.media import NotMedia, inspect


def test_it_works(picture, on_disk):
    found = inspect(on_disk(picture("PNG", (1280, 640))))
    assert (found.kind, found.mime_type) == ("image", "image/png")
    assert (found.width, found.height) == (1280, 640)
    assert [(one.width, one.height) for one in found.previews] == [
        (640, 320),
        (320, 160),
        (160, 80),
    ]
    assert found.previews[0].webp[:4] == b"RIFF"


@pytest.mark.parametrize(
    ("format", "mime"),
    [("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif"), ("AVIF", "image/avif")],
)
def test_each_picture_format_is_known_by_its_bytes(picture, on_disk, format, mime):
    assert inspect(on_disk(picture(format))).mime_type == mime


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_gets_a_preview(picture, on_disk, mode):
    format = "JPEG" if mode == "CMYK" else "PNG"
    assert inspect(on_disk(picture(format, mode=mode, colour=None))).previews[0].width == 64


def test_a_turned_photo_is_measured_upright(picture, on_disk):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    found = inspect(on_disk(picture("JPEG", (64, 48), exif=exif)))
    assert (found.width, found.height) == (48, 64)


@pytest.mark.parametrize(
    ("format", "codec", "mime"),
    [
        ("mp4", "libx264", "video/mp4"),
        ("mov", "libx264", "video/quicktime"),
        ("webm", "libvpx-vp9", "video/webm"),
        ("matroska", "libx264", "video/x-matroska"),
    ],
)
def test_each_video_format_is_measured(clip, on_disk, format, codec, mime):
    found = inspect(on_disk(clip(format, codec)))
    assert (found.kind, found.mime_type) == ("video", mime)
    assert (found.width, found.height) == (64, 48)
    assert found.duration_seconds == pytest.approx(2, abs=0.1)
    assert found.previews[0].width == 64


@pytest.mark.parametrize(
    ("format", "codec", "mime"),
    [
        ("mp3", "libmp3lame", "audio/mpeg"),
        ("mp4", "aac", "audio/mp4"),
        ("ipod", "aac", "audio/mp4"),
        ("wav", "pcm_s16le", "audio/wav"),
        ("adts", "aac", "audio/aac"),
        ("ogg", "libopus", "audio/ogg"),
        ("flac", "flac", "audio/flac"),
    ],
)
def test_each_sound_format_is_measured(sound, on_disk, format, codec, mime):
    found = inspect(on_disk(sound(format, codec)))
    assert (found.kind, found.mime_type) == ("audio", mime)
    assert found.duration_seconds == pytest.approx(1, abs=0.15)
    assert found.previews == ()


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a<script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
        b"\xff\xd8\xff\xe0<html>",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"ID3\x04\x00\x00\x00\x00\x00\x00<html>",
        b"\x00\x00\x00\x18ftypmp42" + b"<html>" * 20,
        b"\x1aE\xdf\xa3" + b"<html>" * 20,
        b"OggS" + b"\0" * 90,
        b"fLaC" + b"\0" * 90,
    ],
)
def test_something_that_only_begins_like_media_is_refused(on_disk, content):
    with pytest.raises(NotMedia, match="Allowed are pictures"):
        inspect(on_disk(content))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!doctype html><p>hello", "web page"),
        (b"\xef\xbb\xbf <html>", "web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "SVG drawing"),
        (b"<?xml version='1.0'?>\n<svg/>", "SVG drawing"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"just words", "no picture, video or sound"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "no picture, video or sound"),
        (b"BM" + b"\0" * 60, "image/bmp"),
    ],
)
def test_what_is_no_media_is_refused_with_its_name(on_disk, content, words):
    with pytest.raises(NotMedia, match=words) as refusal:
        inspect(on_disk(content))
    assert "Allowed are pictures (JPEG" in str(refusal.value)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(on_disk):
    with pytest.raises(NotMedia, match="the limit is 80 million"):
        inspect(on_disk(_png_claiming(20_000, 20_000)))
    with pytest.raises(NotMedia, match="the limit is 80 million"):
        inspect(on_disk(_png_claiming(9_200, 9_200)))


def test_a_video_of_too_many_pixels_is_refused(clip, on_disk, monkeypatch):
    monkeypatch.setattr(media, "MAX_PIXELS", 64 * 47)
    with pytest.raises(NotMedia, match="64 × 48 pixels"):
        inspect(on_disk(clip()))


def test_a_cut_picture_is_refused(picture, on_disk):
    with pytest.raises(NotMedia, match="cannot be decoded"):
        inspect(on_disk(picture("PNG", (640, 480), "RGB")[:-40]))


def _png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
