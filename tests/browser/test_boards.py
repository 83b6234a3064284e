"""The boards of pictures in a real browser: one zoom for pictures of unequal size."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.boards import board_of, middle_points, opened, picture
from tests.browser.product import Product
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def pictures(product: Product, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The board of three pictures of unequal size."""
    folder = tmp_path_factory.mktemp("pictures")
    sizes = {"a": ((640, 480), "teal"), "b": ((1280, 720), "orange"), "c": ((300, 500), "teal")}
    files = [picture(folder / f"{name}.png", *rest) for name, rest in sizes.items()]
    return board_of(product, "image", "grok-imagine", files)


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


def test_the_same_point_is_shown_after_a_reload_and_in_another_window(
    open_page: OpenPage, product: Product, pictures: str
) -> None:
    page = opened(open_page(product), product, pictures + "&zoom=4&x=0.35&y=0.6")
    page.reload()
    other = opened(
        open_page(product, viewport={"width": 900, "height": 700}),
        product,
        page.url.removeprefix(product.base_url),
    )
    for shown in (page, other):
        expect(shown.locator("[data-zoom-readout]")).to_have_text("400 %")
        for point in middle_points(shown):
            assert point == pytest.approx([0.35, 0.6], abs=1e-3)


def test_two_fingers_zoom_and_one_moves(
    open_page: OpenPage, product: Product, pictures: str
) -> None:
    page = open_page(product, viewport={"width": 390, "height": 844}, has_touch=True)
    opened(page, product, pictures)
    frame = page.locator(".pane .media-frame").first
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        spots = [{"x": px, "y": py, "id": number} for number, (px, py) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": spots})

    fingers("touchStart", (x - 20, y), (x + 20, y))
    for spread in (30, 45, 60, 80):
        fingers("touchMove", (x - spread, y), (x + spread, y))
    fingers("touchEnd")
    zoom = page.evaluate("document.getElementById('board').board.view.zoom")
    assert zoom > 2
    before = middle_points(page)[0]
    fingers("touchStart", (x, y))
    for step in (15, 30, 45):
        fingers("touchMove", (x - step, y))
    fingers("touchEnd")
    after = middle_points(page)
    assert after[0][0] > before[0] + 0.01
    for point in after[1:]:
        assert point == pytest.approx(after[0], abs=2e-3)
    assert page.evaluate("document.getElementById('board').board.view.zoom") == zoom


def test_the_board_is_usable_on_a_phone(
    open_page: OpenPage, product: Product, pictures: str
) -> None:
    page = open_page(product, viewport={"width": 390, "height": 844})
    opened(page, product, pictures)
    page.get_by_role("button", name="Wipe").click()
    expect(page.locator("[data-single]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
