"""The sandbox's own page in a browser: a fault is switched on and off, by keyboard, on any width."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from rivya_bridge.sandbox.serve import RunningSandbox, running_sandbox
from tests.browser.watch import watched_context

pytestmark = pytest.mark.browser
FULL = {"Authorization": "Bearer rvya_sk_sandbox_full"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running_sandbox(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["desk", "phone"])
def home(
    browser: Browser, sandbox: RunningSandbox, request: pytest.FixtureRequest
) -> Iterator[Page]:
    width, scheme = request.param
    context = watched_context(
        browser,
        base_url=sandbox.base_url,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
    )
    page = context.new_page()
    page.goto("/")
    yield page
    httpx.delete(f"{sandbox.base_url}/_sandbox/scenarios").raise_for_status()
    context.close()


def test_a_fault_is_switched_on_and_off_by_keyboard(home: Page, sandbox: RunningSandbox) -> None:
    home.get_by_label("Scenario").select_option("rate_limited")
    home.get_by_label("Settings").fill("times=5")
    home.keyboard.press("Enter")
    faults = home.get_by_role("region", name="Faults that are on")

    expect(faults.get_by_role("row", name="rate_limited")).to_contain_text("times=5")
    credits = f"{sandbox.base_url}/api/v1/credits"
    assert httpx.get(credits, headers=FULL).status_code == 429
    assert Axe().run(home).response["violations"] == []
    assert home.evaluate("document.documentElement.scrollWidth <= innerWidth")

    home.get_by_role("button", name="Switch rate_limited off").press("Enter")

    expect(home.get_by_text("No fault is switched on.")).to_be_visible()
    assert httpx.get(credits, headers=FULL).status_code == 200


def test_a_mistake_says_what_to_do_and_keeps_what_was_typed(home: Page) -> None:
    home.get_by_label("Settings").fill("times=soon")
    home.get_by_role("button", name="Switch on").click()

    expect(home.get_by_role("alert")).to_contain_text("times must be a whole number")
    expect(home.get_by_label("Settings")).to_have_value("times=soon")
