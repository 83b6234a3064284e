"""A running product, a browser, and pages that are watched.

Without Chromium or Playwright's driver these tests are skipped with the reason; with REQUIRE_BROWSER=1
they fail instead.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.browser.product import Product, running_product
from tests.browser.watch import CHROMIUM, Watch, launch, watched_context

OpenPage = Callable[..., Page]
# A busy machine may take long for one page; what never comes fails all the same.
expect.set_options(timeout=30_000)


def _absent(reason: str) -> None:
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with this folder's tests: Playwright keeps an event loop, in which Django's database calls
    of later tests would refuse to run."""
    if not Path(CHROMIUM).exists():
        _absent(f"{CHROMIUM} is absent: install Debian's package chromium.")
    manager = sync_playwright()
    try:
        playwright: Playwright = manager.start()
    except Exception as error:
        _absent(f"Playwright's driver does not start: {error}")
    started = launch(playwright)
    yield started
    started.close()
    playwright.stop()


@pytest.fixture(scope="package")
def product(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """An empty workspace."""
    with running_product(tmp_path_factory.mktemp("product")) as running:
        yield running


@pytest.fixture(scope="package")
def filled_product(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A workspace after the demo; tests may judge and start things there, and delete nothing."""
    with running_product(tmp_path_factory.mktemp("filled")) as running:
        running.manage("demo")
        yield running


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Gives a page of a new browser context that is signed in."""
    contexts = []

    def open_one(product: Product, **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = watched_context(browser, base_url=product.base_url, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(product.sign_in_link())
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def watch() -> Callable[[Page], Watch]:
    return Watch


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small picture to upload."""
    path = tmp_path / "bottle.png"
    Image.new("RGB", (320, 400), "#2f6f4f").save(path)
    return path
