"""A sweep of 64 cells in the browser: priced, started, left, returned to, half retried, compared."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.product import Product
from tests.browser.test_every_page import _violations
from tests.browser.watch import overflow

pytestmark = pytest.mark.browser

PROMPTS = [
    "A brass compass on a sea chart, morning light",
    "Two foxes crossing a frozen river at dusk",
    "A street market in the rain, red umbrellas",
    "A glass greenhouse at night, lit from within",
    "An old tram climbing a hill between lemon trees",
    "A bowl of blue plums on raw linen",
    "A lighthouse keeper reading by a round window",
    "A kite shaped like a heron over a beach",
]
MODELS = ["flux-2-pro", "gpt-image-2", "midjourney", "nano-banana"]
TIMEOUT = 240_000


def sandbox_of(product: Product) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{product.environment['SANDBOX_PORT']}")


def new_experiment(page: Page, title: str) -> str:
    page.goto("/experiments/new/")
    page.get_by_label("Title").fill(title)
    page.locator("main button.button-primary[type=submit]").click()
    page.wait_for_url(re.compile(r"/experiments/[0-9a-f-]{36}/$"))
    return page.url


def price(page: Page) -> Any:
    return page.locator("#sweep-start")


@contextmanager
def answered(page: Page) -> Iterator[None]:
    """Waits for the answer of what is pressed, and until it stands in the page."""
    with page.expect_response(lambda answer: "/sweep/" in answer.url):
        yield
    busy = page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")
    expect(busy).to_have_count(0)


def fill(page: Page, prompts: list[str], models: list[str], picture: Path | None) -> None:
    """The form as a person fills it; each change of models or files brings the form anew."""
    ticked = page.locator("input[name=models]:checked")
    names = ticked.evaluate_all("list => list.map((one) => one.value)")
    for name in dict.fromkeys([*models, *names]):
        tick = page.locator(f'input[name=models][value="{name}"]')
        if tick.is_checked() != (name in models):
            with answered(page):
                tick.set_checked(name in models)
    with answered(page):
        page.locator("#id_prompt").fill("\n---\n".join(prompts))
    if picture:
        with answered(page):
            page.locator("input[type=file][name=references]").set_input_files(picture)
        with answered(page):
            page.get_by_label("With and without references").check()


class HeldBack:
    """Keeps what a page sends to an address on its way until `release`."""

    def __init__(self, page: Page, address: str = "**/sweep/") -> None:
        self._page = page
        self._routes: list[Route] = []
        self._is_open = False
        page.route(address, self._answer)

    @property
    def count(self) -> int:
        return len(self._routes)

    def _answer(self, route: Route) -> None:
        if self._is_open or route.request.method == "GET":
            route.continue_()
        else:
            self._routes.append(route)

    def wait_for_one(self) -> None:
        for _ in range(600):
            if self._routes:
                return
            self._page.wait_for_timeout(50)
        raise AssertionError("The page sent nothing.")

    def release(self) -> None:
        self._is_open = True
        for route in self._routes:
            route.continue_()


def test_what_is_typed_while_an_answer_is_on_its_way_stays(product, open_page, watch, picture):
    page = open_page(product)
    seen = watch(page)
    new_experiment(page, "Typed meanwhile")
    page.get_by_role("link", name="Sweep", exact=True).click()
    fill(page, ["A cup"], ["z-image"], None)
    late = HeldBack(page)
    page.locator('input[name=models][value="flux-2-pro"]').check()
    late.wait_for_one()
    ratio = page.locator("#id_param-aspectratio")
    page.locator("#id_prompt").fill("A cup, typed meanwhile")
    page.locator("#id_search_1").fill("cup")
    page.locator("#id_by_1").fill("jar")
    page.locator("#id_references").set_input_files(picture)
    page.get_by_label("With and without references").check()
    ratio.press_sequentially("1:1, 16")
    late.release()
    ratio.press_sequentially(":9")
    expect(page.locator("#id_param-resolution")).to_be_visible()  # of the model that was ticked
    expect(price(page)).to_have_text("12 runs ≈ 44 credits")
    expect(ratio).to_be_focused()
    ratio.press_sequentially(", 9:16")
    expect(price(page)).to_have_text("18 runs ≈ 66 credits")
    expect(ratio).to_have_value("1:1, 16:9, 9:16")
    expect(page.locator("#id_prompt")).to_have_value("A cup, typed meanwhile")
    expect(page.locator("#id_by_1")).to_have_value("jar")
    expect(page.locator("li[data-kept]")).to_have_count(1)
    # A field whose model is taken away under one's fingers keeps what is written, and says so.
    resolution = page.locator("#id_param-resolution")
    late = HeldBack(page)
    page.locator('input[name=models][value="flux-2-pro"]').uncheck()
    late.wait_for_one()
    resolution.press_sequentially("1K, ")
    late.release()
    resolution.press_sequentially("2K")
    expect(page.get_by_text("No chosen model has it")).to_be_visible()
    expect(resolution).to_be_focused()
    expect(resolution).to_have_value("1K, 2K")
    assert seen.complaints() == []


def test_a_sweep_of_64_cells(product, open_page, watch, picture):
    page = open_page(product)
    seen = watch(page)
    experiment = new_experiment(page, "Which model for the almanac?")
    page.get_by_role("link", name="Sweep", exact=True).click()
    fill(page, PROMPTS, MODELS, picture)
    expect(price(page)).to_have_text("64 runs ≈ 224 credits")
    with sandbox_of(product) as sandbox:
        before = sandbox.get("/_sandbox/journal").json()
        fault = {"scenario": "task_failed", "times": 12}
        assert sandbox.post("/_sandbox/scenarios", json=fault).status_code < 300
        price(page).click()
        page.wait_for_url(re.compile(r"/sweeps/[0-9a-f-]{36}/$"))
        sweep = page.url
        expect(page.locator(".sweep-cell")).to_have_count(32)
        page.goto("/experiments/")  # left, and returned to
        page.goto(sweep)
        expect(page.locator("#sweep-head")).to_contain_text("finished", timeout=TIMEOUT)
        failed = page.locator("#sweep-retry-all")
        expect(failed).to_contain_text("Run the 12 failed ones again · ≈ ")
        retry_half(page)
        expect(page.locator("#sweep-head")).to_contain_text("finished", timeout=TIMEOUT)
        charged = credits_on(page)
        journal = sandbox.get("/_sandbox/journal").json()
    assert charged == spent(journal) - spent(before)
    expect(page.locator("#sweep-retry-all")).to_contain_text("Run the 6 failed ones again")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert _violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert overflow(page) == 0
    page.set_viewport_size({"width": 1280, "height": 900})
    compare_across_facets(page, sweep)
    compare_without_script(open_page(product, java_script_enabled=False), sweep)
    page.goto(f"{experiment}stability/references/")
    expect(page.locator("main tbody tr")).to_have_count(32)
    assert seen.complaints() == []


def retry_half(page: Page) -> None:
    """Six of the failed cells, one by one, wherever they lie."""
    left = 6
    for value in ("0", "1"):
        page.locator("select[name=v2]").select_option(value)
        page.wait_for_url(re.compile(f"v2={value}"))
        buttons = page.get_by_role("button", name=re.compile("Run again"))
        while left and buttons.count():
            number = buttons.first.get_attribute("value")
            buttons.first.click()
            expect(page.locator(f"#retry-{number}")).to_have_count(0)
            left -= 1
    assert left == 0


def credits_on(page: Page) -> int:
    text = page.locator(".stat", has_text="Credits charged").locator(".stat-value").inner_text()
    return int(re.sub(r"\D", "", text))


def spent(journal: dict[str, Any]) -> int:
    return int(journal["charged_credits"])


def show_references(page: Page, value: str) -> None:
    """The facet: cells without references, or those with."""
    page.locator("select[name=v2]").select_option(value)
    page.wait_for_url(re.compile(f"v2={value}"))


def compare_across_facets(page: Page, sweep: str) -> None:
    """Ticked while the tray's first answer is held back, by mouse and by key, with two values shown."""
    late = HeldBack(page, "**/tray/")
    page.goto(f"{sweep}?v2=0")
    boxes = page.locator(".sweep-table .compare-box")
    boxes.nth(0).check()
    page.locator(".sweep-table td a:has(img)").nth(1).focus()
    page.keyboard.press("c")
    expect(boxes.nth(1)).to_be_checked()
    show_references(page, "1")
    boxes.nth(2).check()
    show_references(page, "0")
    expect(boxes.nth(0)).to_be_checked()
    expect(boxes.nth(1)).to_be_checked()
    assert late.count == 1  # the others wait, so that no two change the tray at once
    late.release()
    tray = page.get_by_role("region", name="Compare tray")
    expect(tray).to_contain_text("3 of 6")
    page.goto("/experiments/")
    page.goto(f"{sweep}?v2=1")
    expect(page.locator(".compare-box:checked")).to_have_count(1)
    page.locator(".compare-box:checked").uncheck()
    expect(tray).to_contain_text("2 of 6")
    page.keyboard.press("v")
    page.wait_for_url(re.compile("/compare/"))
    expect(page.locator(".pane")).to_have_count(2)


def compare_without_script(page: Page, sweep: str) -> None:
    page.goto(f"{sweep}?v2=0")
    boxes = page.locator(".sweep-table .compare-box")
    boxes.nth(0).check()
    page.get_by_role("button", name="Keep the ticked for later").click()
    page.locator("select[name=v2]").select_option("1")
    page.get_by_role("button", name="Show").click()
    boxes.nth(1).check()
    page.get_by_role("button", name="Compare the ticked cells").click()
    expect(page.locator(".pane")).to_have_count(2)
    page.goto(f"{sweep}?v2=0")
    expect(boxes.nth(0)).to_be_checked()
