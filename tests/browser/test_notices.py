"""A person adds an endpoint in the browser; the running product posts to it, signed."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from standardwebhooks.webhooks import Webhook

from tests.browser.product import running_product
from tests.sandbox.webhook_receiver import receiving

pytestmark = pytest.mark.browser


def test_it_works(browser: Browser, tmp_path: Path) -> None:
    """The whole way with every process: page, worker, socket, page."""
    with (
        receiving() as receiver,
        running_product(tmp_path, BRIDGE_LOCAL_WEBHOOKS="yes") as product,
    ):
        context = browser.new_context(
            base_url=product.base_url,
            permissions=["notifications"],
            viewport={"width": 1280, "height": 900},
        )
        page = context.new_page()
        page.goto(product.sign_in_link())
        page.goto("/notices/")
        page.get_by_role("button", name="Show notifications").click()
        expect(page.get_by_role("button", name="Stop notifications")).to_be_visible()
        page.get_by_label("Where to").fill(receiver.url)
        page.get_by_role("button", name="Tell it").click()
        shown = page.get_by_text(re.compile("whsec_"))
        secret = re.findall(r"whsec_[\w+/=]+", shown.inner_text())[0]
        page.get_by_role("button", name="Send a test").click()
        callback = receiver.arrived.get(timeout=30)
        Webhook(secret).verify(callback.body, callback.headers)
        assert callback.event["type"] == "test"
        page.get_by_role("link", name="A test of Rivya Bridge").click()
        taken = page.get_by_text("taken, 204")
        for _ in range(50):  # the worker writes it down a moment after it was taken
            if taken.is_visible():
                break
            page.reload()
        expect(taken).to_be_visible()
        for path in ("/notices/", page.url, page.locator(".eyebrow a").last.get_attribute("href")):
            for width, scheme in ((1280, "light"), (390, "dark")):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(path)
                assert Axe().run(page).response["violations"] == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        context.close()
