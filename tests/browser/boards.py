"""Boards for tests: media of known content, recorded as Studio runs of the running product."""

import io
import json
import math
import struct
import wave
from pathlib import Path

import av
from PIL import Image, ImageDraw
from playwright.sync_api import Page

from tests.browser.product import Product


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


RECORD = """
import json
from pathlib import Path
from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.experiments.services import create_experiment, record_studio_run
from rivya_bridge.files.services import store_result

ensure_catalog()
category, model, params, *paths = json.loads(GIVEN)
experiment = create_experiment(title=f"Board of {category}", category=category)
runs = [
    record_studio_run(experiment, model_id=model, prompt=f"Prompt of {Path(path).stem}", params=params,
                      references=[], results=[store_result(Path(path), Path(path).name)])
    for path in paths
]
print("board", "/compare/?" + "&".join(f"run={run.pk}" for run in runs))
"""


def board_of(product: Product, category: str, model: str, files: list[Path]) -> str:
    """Records one Studio run per file in a new experiment; the path of their board."""
    params = {"voice": "TX3LPaxmHKxFdv7VOQHJ"} if category == "audio" else {}
    given = json.dumps([category, model, params, *map(str, files)])
    printed = product.manage("shell", "-v", "0", "-c", RECORD.replace("GIVEN", repr(given)))
    return next(line.split()[1] for line in printed.splitlines() if line.startswith("board "))


def opened(page: Page, product: Product, path: str) -> Page:
    page.goto(product.base_url + path)
    page.wait_for_function("() => document.getElementById('board').board !== undefined")
    return page


def middle_points(page: Page) -> list[list[float]]:
    """Which relative point of each picture stands in the middle of its frame, as laid out."""
    points: list[list[float]] = page.evaluate(
        """() => [...document.querySelectorAll("#board .pane .media-frame")].map((frame) => {
            const box = frame.getBoundingClientRect();
            const image = frame.querySelector("img").getBoundingClientRect();
            return [(box.x + box.width / 2 - image.x) / image.width,
                    (box.y + box.height / 2 - image.y) / image.height];
        })"""
    )
    return points
