"""Small real media, made when they are needed."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests import media


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """picture("PNG", (w, h), mode="RGB", **save options) -> bytes."""

    def make(
        format: str = "PNG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any
    ) -> bytes:
        out = io.BytesIO()
        colour = options.pop("colour", "teal")
        Image.new(mode, size, colour).save(out, format, **options)
        return out.getvalue()

    return make


@pytest.fixture
def clip() -> Callable[..., bytes]:
    return media.clip


@pytest.fixture
def sound() -> Callable[..., bytes]:
    return media.sound


@pytest.fixture
def on_disk(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes bytes to a file without any telling name."""

    def write(content: bytes) -> Path:
        path = tmp_path / "bytes"
        path.write_bytes(content)
        return path

    return write
