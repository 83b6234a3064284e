"""The boards in a real browser: pictures under one zoom, clips and sounds under one clock."""

import io
import math
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page

from tests.browser.product import Product

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]

VIEWS = {"w": "wipe", "b": "blink", "d": "difference", "s": "side"}


def picture(path: Path, size: tuple[int, int], colour: str) -> Path:
    image = Image.new("RGB", size, colour)
    draw = ImageDraw.Draw(image)
    for step in range(10):
        at = size[0] * step / 10, size[1] * step / 10
        draw.rectangle((*at, at[0] + 12, at[1] + 12), fill="black")
    image.save(path)
    return path


def clip(path: Path, seconds: float, rate: int, colour: str) -> Path:
    with av.open(str(path), "w", format="webm") as container:
        stream = container.add_stream("libvpx-vp9", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        stream.options = {"deadline": "realtime", "cpu-used": "8"}
        for number in range(int(seconds * rate)):
            image = Image.new("RGB", (160, 90), colour)
            ImageDraw.Draw(image).rectangle((number % 150, 20, number % 150 + 8, 60), fill="white")
            frame = av.VideoFrame.from_image(image)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def sound(path: Path, seconds: float, loudness: float) -> Path:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        samples = (
            int(32000 * loudness * math.sin(number / 3)) for number in range(int(8000 * seconds))
        )
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    path.write_bytes(out.getvalue())
    return path


def board_of(page: Page, product: Product, category: str, model: str, files: list[Path]) -> str:
    """Records one Studio run per file in a new experiment; the path of their board."""
    page.goto(f"{product.base_url}/experiments/new/")
    page.get_by_label("Title").fill(f"Board of {category}")
    page.get_by_label("Category").select_option(category)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/experiments/*-*/")
    experiment = page.url
    for file in files:
        page.goto(f"{experiment}record/?model={model}")
        page.get_by_label("Prompt", exact=False).first.fill("One prompt")
        page.locator("input[type=file][name=results]").set_input_files(file)
        page.get_by_role("button", name="Record").last.click()
        page.wait_for_url("**/runs/*/")
    page.goto(experiment)
    runs = [box.get_attribute("value") for box in page.locator("input[name=run]").all()]
    return "/compare/?" + "&".join(f"run={run}" for run in reversed(runs))


@pytest.fixture(scope="package")
def boards(product: Product) -> dict[str, str]:
    """Paths of boards by kind; filled by the first test that needs one."""
    return {}


def middle_points(page: Page) -> list[tuple[float, float]]:
    """The relative point of each picture that stands in the middle of its frame, as the browser lays
    it out."""
    return page.evaluate(
        """() => [...document.querySelectorAll("#board .pane .media-frame")].map((frame) => {
            const box = frame.getBoundingClientRect();
            const image = frame.querySelector("img").getBoundingClientRect();
            return [(box.x + box.width / 2 - image.x) / image.width,
                    (box.y + box.height / 2 - image.y) / image.height];
        })"""
    )
