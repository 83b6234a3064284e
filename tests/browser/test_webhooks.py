"""A person makes an endpoint in the browser; the running sandbox calls the running receiver."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.product import running_product

pytestmark = pytest.mark.browser


def test_it_works(browser: Browser, tmp_path: Path) -> None:
    """With every process: page, sandbox, receiver, worker, page."""
    with running_product(tmp_path) as product:
        context = browser.new_context(
            base_url=product.base_url, viewport={"width": 1280, "height": 900}
        )
        page = context.new_page()
        page.goto(product.sign_in_link())
        page.goto("/webhooks/")
        page.get_by_role("button", name="Make an endpoint").click()
        page.get_by_role("button", name="Send a test").click()
        arrived = page.locator("dd", has_text="arrived")
        for _ in range(200):  # the test travels from the sandbox through the receiver
            if arrived.is_visible():
                break
            page.reload()
        expect(arrived).to_be_visible()
        endpoint = page.url
        product.manage("demo")
        page.goto("/webhooks/?state=matched")
        hurried = page.get_by_role("link", name="generation.succeeded")
        for _ in range(200):
            if hurried.count():
                break
            page.reload()
        hurried.first.click()
        expect(page.get_by_text("verified, made")).to_be_visible()
        for path in ("/webhooks/", endpoint, page.url):
            for width, scheme in ((1280, "light"), (390, "dark")):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(path)
                assert Axe().run(page).response["violations"] == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        context.close()
