"""Pictures, clips and sounds: repeatable, different, and made from what was given."""

from __future__ import annotations

import io
from collections.abc import Callable

import av
import httpx
import pytest
from PIL import Image, ImageChops, ImageStat

from rivya_bridge.sandbox.outputs.brief import Brief
from rivya_bridge.sandbox.outputs.picture import render

from .conftest import png

Make = Callable[..., bytes]
PROMPT = "A bottle on wet slate at night"


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image.convert("RGB")


def distance(first: bytes, second: bytes) -> float:
    """Mean difference of the pictures' channels above the band, from 0 to 255."""
    pictures = [
        opened(content).resize((192, 192)).crop((0, 0, 192, 180)) for content in (first, second)
    ]
    return sum(ImageStat.Stat(ImageChops.difference(*pictures)).mean) / 3


def test_it_works(make: Make) -> None:
    picture = opened(make("z-image", PROMPT))

    assert picture.size == (768, 768)
    assert min(ImageStat.Stat(picture).stddev) > 5


def test_the_same_input_gives_the_same_bytes() -> None:
    def drawn() -> bytes:
        params = {"seed": 5, "aspect_ratio": "1:1"}
        return render(Brief("z-image", "image", PROMPT, params, (), 1, "png"))

    assert drawn() == drawn()


@pytest.mark.parametrize(
    ("model", "prompt", "params"),
    [
        ("nano-banana", PROMPT, {}),
        ("wan-2-7-image", "A fox in a sunny meadow", {}),
        ("wan-2-7-image", PROMPT, {"seed": 8}),
    ],
)
def test_model_prompt_and_seed_are_visible(
    make: Make, model: str, prompt: str, params: dict[str, object]
) -> None:
    usual = make("wan-2-7-image", PROMPT)

    assert distance(usual, make(model, prompt, **params)) > 8


def test_other_params_are_visible(make: Make) -> None:
    assert (
        distance(
            make("midjourney", PROMPT, speed="fast"), make("midjourney", PROMPT, speed="turbo")
        )
        > 1
    )


@pytest.mark.parametrize(
    ("model", "params", "size"),
    [
        ("nano-banana-2", {"aspect_ratio": "16:9", "resolution": "2K"}, (1152, 648)),
        ("nano-banana-2", {"aspect_ratio": "1:8"}, (96, 768)),
        ("nano-banana-2", {"aspect_ratio": "8:1"}, (768, 96)),
        ("seedream-4-0", {"image_size": "square_hd"}, (1024, 1024)),
        ("seedream-4-0", {"image_size": "portrait_16_9"}, (432, 768)),
        ("4o-image", {"size": "3:2"}, (768, 512)),
    ],
)
def test_the_size_is_honoured(
    make: Make, model: str, params: dict[str, str], size: tuple[int, int]
) -> None:
    assert opened(make(model, PROMPT, **params)).size == size


def test_the_format_is_honoured(make: Make) -> None:
    assert make("nano-banana-2", PROMPT, output_format="jpg")[:3] == b"\xff\xd8\xff"
    assert make("nano-banana-2", PROMPT, output_format="png")[:4] == b"\x89PNG"


def test_a_reference_is_the_subject(make: Make, upload: Callable[..., httpx.Response]) -> None:
    orange = upload(png((230, 90, 20), 300)).json()["url"]
    item = {"url": orange, "kind": "image", "name": "a.png", "mimeType": "image/png"}
    without = make("nano-banana-2", PROMPT)
    with_it = make("nano-banana-2", PROMPT, referenceMediaItems=[item])

    assert distance(without, with_it) > 15
    assert orange_share(with_it) > 0.1
    assert orange_share(without) < 0.02


def orange_share(content: bytes) -> float:
    """Share of pixels that are clearly orange."""
    small = opened(content).resize((96, 96)).tobytes()
    pixels = zip(small[::3], small[1::3], small[2::3], strict=True)
    found = sum(red > 130 and red > green * 1.5 and green > blue for red, green, blue in pixels)
    return found / (96 * 96)


def test_several_references_all_appear(make: Make, upload: Callable[..., httpx.Response]) -> None:
    colours = ((230, 90, 20), (20, 160, 60), (40, 60, 220))
    items = [{"url": upload(png(colour, 200)).json()["url"], "kind": "image"} for colour in colours]
    picture = opened(make("nano-banana-2", PROMPT, referenceMediaItems=items)).resize((96, 96))
    data = picture.tobytes()
    strongest = [
        sum(
            pixel[channel] > 1.5 * max(pixel[other] for other in range(3) if other != channel)
            for pixel in zip(data[::3], data[1::3], data[2::3], strict=True)
        )
        for channel in range(3)
    ]
    assert min(strongest) > 96 * 96 * 0.02


def test_a_reference_from_elsewhere_is_a_blank_card(make: Make) -> None:
    item = {"url": "https://files.example/a.png", "kind": "image"}

    assert opened(make("nano-banana-2", PROMPT, referenceMediaItems=[item])).width > 0


@pytest.mark.parametrize(
    ("model", "params", "has_sound"),
    [
        ("sora-2", {"aspect_ratio": "portrait"}, False),
        ("seedance-2", {"duration": 15, "generate_audio": "true"}, True),
    ],
)
def test_a_clip_decodes_and_moves(
    make: Make, model: str, params: dict[str, object], has_sound: bool
) -> None:
    with av.open(io.BytesIO(make(model, "Waves at sunset", **params))) as clip:
        seconds = (clip.duration or 0) / 1_000_000
        frames = [frame.to_image() for frame in clip.decode(video=0)]
        is_audible = bool(clip.streams.audio)

    assert 2 <= seconds <= 4.2
    assert is_audible is has_sound
    assert max(frames[0].size) <= 640
    assert (frames[0].height > frames[0].width) is (model == "sora-2")
    assert sum(ImageStat.Stat(ImageChops.difference(frames[0], frames[-1])).mean) > 3


def sounding(content: bytes) -> tuple[str, float, int]:
    """Codec, seconds and the loudest sample of a sound."""
    with av.open(io.BytesIO(content)) as file:
        stream = file.streams.audio[0]
        resampler = av.AudioResampler(format="s16", layout="mono", rate=22_050)
        data = b"".join(
            bytes(piece.planes[0])[: piece.samples * 2]
            for frame in file.decode(stream)
            for piece in resampler.resample(frame)
        )
        levels = memoryview(data).cast("h")
        return stream.codec_context.name, len(levels) / 22_050, max(levels)


@pytest.mark.parametrize(
    ("model", "params", "codec", "seconds"),
    [
        ("elevenlabs-sound-effect-v2", {"duration_seconds": 1.5}, "mp3", 1.5),
        (
            "elevenlabs-sound-effect-v2",
            {"duration_seconds": 4, "output_format": "opus_48000_64"},
            "opus",
            4,
        ),
        (
            "elevenlabs-sound-effect-v2",
            {"duration_seconds": 0.5, "output_format": "pcm_16000"},
            "pcm",
            0.5,
        ),
        ("elevenlabs-turbo-2-5", {"voice": "TX3LPaxmHKxFdv7VOQHJ"}, "mp3", None),
        ("suno-music", {}, "mp3", None),
    ],
)
def test_a_sound_decodes_and_is_audible(
    make: Make, model: str, params: dict[str, object], codec: str, seconds: float | None
) -> None:
    name, length, loudest = sounding(make(model, "A calm rain, is it late?", **params))

    assert codec in name
    assert loudest > 8000
    assert 0.4 < length < 20
    assert seconds is None or length == pytest.approx(seconds, abs=0.15)


def test_speech_follows_its_text(make: Make) -> None:
    voice = {"voice": "TX3LPaxmHKxFdv7VOQHJ"}
    short = sounding(make("elevenlabs-turbo-2-5", "Hello.", **voice))[1]
    long = sounding(make("elevenlabs-turbo-2-5", "Hello, good people of the town.", **voice))[1]

    assert long > short * 1.8


@pytest.mark.parametrize("prompt", ["日本語のプロンプト", "🦊", "¿?", "a" * 900, "\x00\x07"])
def test_any_prompt_can_be_drawn_and_spoken(make: Make, prompt: str) -> None:
    assert opened(make("z-image", prompt)).size == (768, 768)
    assert sounding(make("elevenlabs-sound-effect-v2", prompt, duration_seconds=0.5))[1] > 0.4
    assert make("elevenlabs-turbo-2-5", prompt, voice="TX3LPaxmHKxFdv7VOQHJ")
