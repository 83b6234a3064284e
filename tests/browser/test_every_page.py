"""Every page in light and dark: readable by assistive technology, quiet, steady, and never too wide."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.pages import Shot, act, empty_pages, filled_pages, see_everything
from tests.browser.product import Product
from tests.browser.watch import Watch, overflow

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def shots(browser: Browser, filled_product: Product) -> list[Shot]:
    """The pages of the demo's workspace."""
    page = browser.new_page()
    page.goto(filled_product.sign_in_link())
    found = filled_pages(page, filled_product.base_url)
    page.close()
    return found


def _visit(page: Page, shots: list[Shot]) -> Iterator[Shot]:
    for shot in shots:
        page.goto(shot.path)
        if shot.act:
            act(page, shot.act)
        yield shot


def _violations(page: Page, *rules: str) -> list[str]:
    """Grave violations of all rules, or of the given ones."""
    options: dict[str, Any] = {"resultTypes": ["violations"]} | (
        {"runOnly": rules} if rules else {}
    )
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(("scheme", "rules"), [("light", ()), ("dark", ("color-contrast",))])
def test_pages_are_accessible(
    open_page: OpenPage,
    filled_product: Product,
    shots: list[Shot],
    scheme: str,
    rules: tuple[str, ...],
) -> None:
    """In the dark only colours differ."""
    page = open_page(filled_product, color_scheme=scheme, reduced_motion="reduce")
    bad = {s.name: found for s in _visit(page, shots) if (found := _violations(page, *rules))}
    assert bad == {}


def test_a_nameless_button_and_pale_words_are_grave(open_page: OpenPage, product: Product) -> None:
    page = open_page(product)
    page.evaluate(
        """() => {
          const words = document.createElement("p");
          words.textContent = "pale";
          words.style.color = "#ddd";
          document.querySelector("main").append(document.createElement("button"), words);
        }"""
    )
    assert [line.split(":")[0] for line in _violations(page)] == ["button-name", "color-contrast"]
    assert len(_violations(page, "color-contrast")) == 1


def test_empty_pages_are_accessible(open_page: OpenPage, product: Product) -> None:
    page = open_page(product, reduced_motion="reduce")
    bad = {s.name: found for s in _visit(page, empty_pages()) if (found := _violations(page))}
    assert bad == {}


@pytest.mark.parametrize("width", [1440, 390])
def test_quiet(open_page: OpenPage, filled_product: Product, shots: list[Shot], width: int) -> None:
    """No console errors, no policy violations, nothing leaves the machine, nothing jumps or sticks
    out."""
    page = open_page(filled_product, viewport={"width": width, "height": 844})
    watch = Watch(page)
    bad = {}
    for shot in _visit(page, shots):
        see_everything(page)
        heard = watch.complaints(refused=shot.is_refusal)
        if (wider := overflow(page)) > 0:
            heard.append(f"{wider} px too wide")
        if heard:
            bad[shot.name] = heard
    assert bad == {}


def test_a_title_of_one_long_word_is_not_wider_than_a_phone(
    open_page: OpenPage, filled_product: Product
) -> None:
    page = open_page(filled_product, viewport={"width": 390, "height": 844})
    title = "Donaudampfschifffahrt" * 7
    page.goto("/experiments/new/")
    page.get_by_label("Title").fill(title)
    page.locator("main button.button-primary[type=submit]").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    wider = {page.url: overflow(page)}
    for path in (f"{page.url}edit/", f"{page.url}record/", "/experiments/"):
        page.goto(path)
        expect(page.get_by_text(title).first).to_be_visible()
        wider[path] = overflow(page)
    assert set(wider.values()) == {0}, wider


def test_a_shift_and_a_policy_violation_are_heard(open_page: OpenPage, product: Product) -> None:
    page = open_page(product)
    watch = Watch(page)
    page.evaluate(
        """async () => {
          await new Promise((done) => setTimeout(done, 600));
          const block = document.createElement("div");
          block.style.height = "400px";
          document.querySelector("main").prepend(block);
          const image = new Image();
          image.src = "https://example.invalid/a.png";
          document.body.append(image);
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        }"""
    )
    page.wait_for_function("window.__shift > 0.01 && window.__violations.length > 0")
    heard = " ".join(watch.complaints())
    assert "layout shift" in heard and "img-src" in heard
