"""The band that says where a picture comes from."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from .brief import Brief

TITLE = "SANDBOX"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=16)
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def band(brief: Brief, size: tuple[int, int]) -> Image.Image:
    """A half transparent strip for the lower edge: the mark and the prompt's beginning.

    It does not name the model: results are also voted on by people who must not know it.
    """
    high = max(16, min(44, round(max(size) * 0.034)))
    strip = Image.new("RGBA", (size[0], high), (12, 13, 18, 150))
    draw = ImageDraw.Draw(strip)
    font = _font(round(high * 0.52))
    margin = high // 3
    draw.text((margin, high / 2), TITLE, font=font, fill=(255, 255, 255, 240), anchor="lm")
    start = margin * 3 + draw.textlength(TITLE, font=font)
    words = _fitting(draw, brief.prompt, font, size[0] - start - margin)
    draw.text((start, high / 2), words, font=font, fill=(222, 225, 232, 200), anchor="lm")
    return strip


def put_band(image: Image.Image, strip: Image.Image) -> None:
    """Lay the strip over the lower edge of an RGB image."""
    image.paste(strip, (0, image.height - strip.height), strip)


def _fitting(draw: ImageDraw.ImageDraw, prompt: str, font: Font, room: float) -> str:
    """As many letters of the prompt as fit; letters outside of Latin-1 are left out."""
    text = " ".join(prompt[:300].encode("latin-1", "ignore").decode("latin-1").split())
    text = "".join(letter for letter in text if letter.isprintable())
    if draw.textlength(text, font=font) <= room:
        return text
    while text and draw.textlength(text + "…", font=font) > room:
        text = text[:-1]
    return text.rstrip() + "…" if len(text) > 3 else ""
