"""A rehearsal as a person does it: golden cases, the estimate on the button, the verdict on the board."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Product

pytestmark = pytest.mark.browser


def _template(page: Page) -> str:
    page.goto("/templates/")
    return str(page.locator("main tbody a").first.get_attribute("href"))


def _make_golden(page: Page, template: str) -> None:
    """One case at least; other tests of this workspace may have made more."""
    page.goto(f"{template}golden/")
    if not page.locator("main .case").count():
        page.locator("main .candidate input[type=checkbox]").first.check()
        page.get_by_role("button", name="Make the ticked ones golden").click()
    expect(page.locator("main .case").first).to_be_visible()


def _ended(page: Page) -> None:
    page.locator("#rehearsal[hx-get]").wait_for(state="detached", timeout=60_000)


def test_a_version_is_rehearsed_and_seen_beside_what_was_accepted(
    open_page: OpenPage, filled_product: Product
) -> None:
    page = open_page(filled_product)
    template = _template(page)
    _make_golden(page, template)
    page.get_by_role("navigation", name="Rehearsal").get_by_role("link", name="Rehearsals").click()
    page.get_by_role("button", name=re.compile(r"Rehearse version \d+ ≈ \d+ credits")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dress rehearsal of version")
    _ended(page)
    expect(page.locator(".stats .verdict")).to_have_text("passed")
    page.locator(".case-name").first.click()
    expect(page.locator("#board .pane")).to_have_count(2)
    expect(page.get_by_text("Identical: the same content to the last byte.")).to_be_visible()
    page.get_by_role("button", name="Difference").click()
    expect(page.locator("[data-single]")).to_be_visible()


def test_it_works_without_script(open_page: OpenPage, filled_product: Product) -> None:
    page = open_page(filled_product, java_script_enabled=False)
    template = _template(page)
    _make_golden(page, template)
    page.goto(f"{template}rehearsals/")
    page.get_by_role("button", name=re.compile("Rehearse version")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dress rehearsal of version")
    page.locator(".case-name").first.click()
    expect(page.locator("#board .pane").first).to_be_visible()
    page.goto(f"{template}drift/")
    page.get_by_label("Times").fill("0 5 2 2 *")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator("main tbody a").first).to_be_visible()
