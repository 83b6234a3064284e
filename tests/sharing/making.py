"""Bytes to send: pictures and archives."""

import io
import random
import zipfile

from PIL import Image


def png(colour: object = "teal", size: tuple[int, int] = (24, 18)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")  # type: ignore[arg-type]
    return out.getvalue()


def noise(seed: int, size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture that no other test has."""
    pixels = random.Random(seed).randbytes(size[0] * size[1] * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", size, pixels).save(out, "PNG")
    return out.getvalue()


def make_zip(members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()
