"""Every board and every page of judging: readable by assistive technology, light and dark, wide and
narrow."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.boards import board_of, clip, opened, picture, sound
from tests.browser.conftest import OpenPage
from tests.browser.product import Product
from tests.browser.test_every_page import _violations as violations
from tests.browser.watch import Watch, overflow

pytestmark = pytest.mark.browser
VIEWS = ("side", "wipe", "blink", "difference")


@pytest.fixture(scope="module")
def boards(product: Product, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The paths of one board of each kind, and of every view of pictures."""
    folder: Path = tmp_path_factory.mktemp("reach")
    sizes = {"a": ((640, 480), "teal"), "b": ((480, 640), "orange"), "c": ((300, 300), "navy")}
    files = [picture(folder / f"{name}.png", *rest) for name, rest in sizes.items()]
    pictures = board_of(product, "image", "grok-imagine", files)
    clips = [clip(folder / f"{rate}.webm", 2, rate, "navy") for rate in (24, 25)]
    sounds = [sound(folder / f"{one}.wav", 2, loud) for one, loud in (("a", 0.8), ("b", 0.2))]
    found = {f"pictures, {view}": f"{pictures}&view={view}" for view in VIEWS}
    found["clips"] = board_of(product, "video", "veo3-1-fast", clips)
    found["sounds"] = board_of(product, "audio", "elevenlabs-turbo-2-5", sounds)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_board_is_accessible_quiet_and_fits(
    open_page: OpenPage, product: Product, boards: dict[str, str], scheme: str, width: int
) -> None:
    page = open_page(
        product,
        color_scheme=scheme,
        reduced_motion="reduce",
        viewport={"width": width, "height": 844},
    )
    watching, bad = Watch(page), {}
    for name, path in boards.items():
        opened(page, product, path)
        heard = [*violations(page), *watching.complaints()]
        if (wider := overflow(page)) > 0:
            heard.append(f"{wider} px too wide")
        if heard:
            bad[name] = heard
    assert bad == {}


@pytest.mark.parametrize("name", ["pictures, wipe", "pictures, difference", "clips"])
def test_a_board_that_comes_slowly_stands_still(
    open_page: OpenPage, product: Product, boards: dict[str, str], name: str
) -> None:
    page = open_page(product, viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 50, "downloadThroughput": 20_000, "uploadThroughput": -1},
    )
    watching = Watch(page)
    opened(page, product, boards[name])
    assert watching.shift() < 0.001


def pages_of_judging(page: Page, product: Product, board: str) -> list[str]:
    page.goto(product.base_url + board)
    experiment = str(page.locator(".eyebrow a").first.get_attribute("href"))
    page.goto(f"{product.base_url}{experiment}ranking/")
    page.get_by_role("button", name="Vote on a pair").first.click()
    page.wait_for_url("**/ballots/*/")
    ballot = re.sub(r"^https?://[^/]+", "", page.url)
    page.goto(product.base_url + "/files/")
    about = str(page.locator("a[href$='/about/']").first.get_attribute("href"))
    return [
        ballot,
        f"{experiment}ranking/",
        f"{experiment}review/",
        "/files/",
        about,
        "/files/unused/",
        experiment,
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_every_page_of_judging_is_accessible_quiet_and_fits(
    open_page: OpenPage, product: Product, boards: dict[str, str], scheme: str, width: int
) -> None:
    page = open_page(
        product,
        color_scheme=scheme,
        reduced_motion="reduce",
        viewport={"width": width, "height": 844},
    )
    watching, bad = Watch(page), {}
    for path in pages_of_judging(page, product, boards["pictures, side"]):
        page.goto(product.base_url + path)
        heard = [*violations(page), *watching.complaints()]
        if (wider := overflow(page)) > 0:
            heard.append(f"{wider} px too wide")
        if heard:
            bad[path] = heard
    assert bad == {}
