"""The boards in a real browser: pictures under one zoom, clips and sounds under one clock."""

import io
import json
import math
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.browser.product import Product
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


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
    record_studio_run(experiment, model_id=model, prompt="One prompt", params=params,
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


@pytest.fixture(scope="module")
def pictures(product: Product, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The board of three pictures of unequal size."""
    folder = tmp_path_factory.mktemp("pictures")
    sizes = {"a": ((640, 480), "teal"), "b": ((1280, 720), "orange"), "c": ((300, 500), "teal")}
    files = [picture(folder / f"{name}.png", *rest) for name, rest in sizes.items()]
    return board_of(product, "image", "grok-imagine", files)


def opened(page: Page, product: Product, path: str) -> Page:
    page.goto(product.base_url + path)
    page.wait_for_function("() => document.getElementById('board').board !== undefined")
    return page


def test_zoom_shows_the_same_relative_point_of_unequal_pictures(
    open_page: OpenPage, product: Product, pictures: str, watch: Callable[[Page], Watch]
) -> None:
    page = opened(open_page(product), product, pictures)
    watching = watch(page)
    page.evaluate("document.getElementById('board').board.look({ zoom: 4, x: 0.3, y: 0.65 })")
    expect(page.locator("[data-zoom-readout]")).to_have_text("400 %")
    for x, y in middle_points(page):
        assert (x, y) == pytest.approx((0.3, 0.65), abs=1e-3)
    page.locator(".pane .media-frame").first.hover()
    page.mouse.down()
    page.mouse.move(400, 300)
    page.mouse.move(430, 320)
    page.mouse.up()
    moved = middle_points(page)
    assert moved[0] != pytest.approx([0.3, 0.65], abs=1e-3)
    for point in moved[1:]:
        assert point == pytest.approx(moved[0], abs=1e-3)
    assert watching.complaints() == []


def test_zooming_with_the_wheel_keeps_the_point_under_the_pointer(
    open_page: OpenPage, product: Product, pictures: str
) -> None:
    page = opened(open_page(product), product, pictures)
    page.locator(".pane .media-frame").nth(1).focus()
    box = page.locator(".pane .media-frame").nth(1).bounding_box()
    assert box is not None
    at = box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.5
    under = """([x, y]) => {
        const box = document.querySelectorAll("#board .pane img")[1].getBoundingClientRect();
        return [(x - box.x) / box.width, (y - box.y) / box.height];
    }"""
    before = page.evaluate(under, at)
    page.mouse.move(*at)
    page.mouse.wheel(0, -600)
    page.wait_for_function("() => document.getElementById('board').board.view.zoom > 2")
    assert page.evaluate(under, at) == pytest.approx(before, abs=2e-3)


def test_every_view_works_by_keyboard_alone(
    open_page: OpenPage, product: Product, pictures: str, watch: Callable[[Page], Watch]
) -> None:
    page = opened(open_page(product), product, pictures)
    watching = watch(page)
    single = page.locator("[data-single]")
    page.keyboard.press("w")
    expect(single).to_have_attribute("data-mode", "wipe")
    expect(single).to_be_visible()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator("[data-wipe]")).to_have_value("40")
    clip_path = "getComputedStyle(document.querySelector('[data-over]')).clipPath"
    assert page.evaluate(clip_path) == "inset(0px 0px 0px 40%)"
    page.keyboard.press("b")
    page.keyboard.press(" ")
    expect(page.locator("[data-blink-toggle]")).to_have_text("Blink")
    shown = single.evaluate("(one) => one.hasAttribute('data-shows-over')")
    page.keyboard.press(" ")
    page.keyboard.press(" ")
    assert single.evaluate("(one) => one.hasAttribute('data-shows-over')") != shown
    page.keyboard.press("d")
    expect(page.locator("[data-note]")).to_contain_text("of the pixels differ")
    page.keyboard.press("]")
    expect(single.locator("[data-left]")).to_have_text("A − C")
    page.keyboard.press("s")
    expect(single).to_be_hidden()
    assert watching.complaints() == []


def test_difference_counts_the_pixels_that_differ(
    open_page: OpenPage, product: Product, tmp_path: Path
) -> None:
    one = Image.new("RGB", (400, 400), "white")
    one.save(tmp_path / "white.png")
    one.paste("black", (0, 0, 100, 400))
    one.save(tmp_path / "quarter.png")
    path = board_of(
        product, "image", "grok-imagine", [tmp_path / "white.png", tmp_path / "quarter.png"]
    )
    page = opened(open_page(product), product, path + "&view=difference")
    expect(page.locator("[data-note]")).to_contain_text("25.0 % of the pixels differ, by 25.0 %")


def test_the_address_shows_the_same_board_to_another_browser(
    open_page: OpenPage, product: Product, pictures: str
) -> None:
    page = opened(open_page(product), product, pictures)
    page.keyboard.press("w")
    page.keyboard.press("]")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.wait_for_url("**view=wipe**zoom=**")
    other = opened(open_page(product), product, page.url.removeprefix(product.base_url))
    for shown in (page, other):
        expect(shown.locator("[data-single]")).to_have_attribute("data-mode", "wipe")
        expect(shown.locator("[data-right]")).to_have_text("C")
        expect(shown.locator("[data-zoom-readout]")).to_have_text("156 %")


def test_a_kept_comparison_opens_as_it_was_left(
    open_page: OpenPage, product: Product, pictures: str
) -> None:
    page = opened(open_page(product), product, pictures)
    page.keyboard.press("d")
    page.wait_for_url("**view=difference**")
    page.get_by_role("button", name="Keep it").click()
    page.wait_for_url("**/comparisons/*/")
    expect(page.locator("[data-single]")).to_have_attribute("data-mode", "difference")


def test_clips_stay_within_a_frame_of_each_other(
    open_page: OpenPage, product: Product, tmp_path: Path, watch: Callable[[Page], Watch]
) -> None:
    files = [clip(tmp_path / f"{rate}.webm", 6, rate, "navy") for rate in (24, 25, 12)]
    path = board_of(product, "video", "veo3-1-fast", files)
    page = opened(open_page(product), product, path)
    watching = watch(page)
    page.wait_for_function("() => document.getElementById('board').board.length() > 5")
    page.locator(".pane [data-offset]").nth(2).fill("0.5")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("() => document.getElementById('board').board.time > 4", timeout=60_000)
    page.get_by_role("button", name="Pause", exact=True).click()
    drifts = page.evaluate(
        """() => { const board = document.getElementById("board").board;
        return board.players.map((player, index) => player.currentTime - board.wanted(index)); }"""
    )
    assert max(map(abs, drifts)) < 1 / 25
    page.get_by_role("button", name="One frame on").click()
    before = page.evaluate("document.getElementById('board').board.time")
    page.keyboard.press(".")
    after = page.evaluate("document.getElementById('board').board.time")
    assert after - before == pytest.approx(1 / 25, abs=1e-6)
    assert watching.complaints() == []


def test_clips_play_together_while_they_run(
    open_page: OpenPage, product: Product, tmp_path: Path
) -> None:
    files = [clip(tmp_path / f"{rate}.webm", 8, rate, "maroon") for rate in (25, 24)]
    page = opened(open_page(product), product, board_of(product, "video", "veo3-1-fast", files))
    page.wait_for_function("() => document.getElementById('board').board.length() > 7")
    page.get_by_role("button", name="Play", exact=True).click()
    spread = page.evaluate(
        """() => new Promise((done) => {
            const { board } = document.getElementById("board");
            const seen = [];
            const look = () => {
                const [one, other] = board.players;
                if (board.time > 2) seen.push(Math.abs(one.currentTime - other.currentTime));
                if (board.time > 6) done(seen.sort((a, b) => a - b)); else setTimeout(look, 50);
            };
            look();
        })"""
    )
    assert spread[int(len(spread) * 0.95)] < 1 / 24


def test_switching_what_is_heard_keeps_the_position(
    open_page: OpenPage, product: Product, tmp_path: Path, watch: Callable[[Page], Watch]
) -> None:
    files = [sound(tmp_path / f"{one}.wav", 5, loud) for one, loud in (("a", 0.8), ("b", 0.1))]
    path = board_of(product, "audio", "elevenlabs-turbo-2-5", files)
    page = opened(open_page(product), product, path)
    watching = watch(page)
    page.wait_for_function("() => document.getElementById('board').board.length() > 4")
    peaks = page.locator(".media-peaks")
    assert peaks.count() == 2
    assert peaks.evaluate_all("(all) => all.every((one) => one.naturalWidth === 800)")
    page.keyboard.press(" ")
    page.wait_for_function("() => document.getElementById('board').board.time > 1", timeout=60_000)
    page.keyboard.press("b")
    heard = page.evaluate(
        "document.getElementById('board').board.players.map((player) => player.muted)"
    )
    assert heard == [True, False]
    gap = page.evaluate(
        """() => { const [a, b] = document.getElementById("board").board.players;
        return Math.abs(a.currentTime - b.currentTime); }"""
    )
    assert gap < 0.05
    page.get_by_label("Match loudness").check()
    volumes = page.evaluate(
        "document.getElementById('board').board.players.map((player) => player.volume)"
    )
    assert volumes == pytest.approx([0.125, 1], rel=0.02)
    assert watching.complaints() == []


def test_the_board_is_usable_on_a_phone(
    open_page: OpenPage, product: Product, pictures: str
) -> None:
    page = open_page(product, viewport={"width": 390, "height": 844})
    opened(page, product, pictures)
    page.get_by_role("button", name="Wipe").click()
    expect(page.locator("[data-single]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
