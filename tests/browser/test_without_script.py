"""Every form of the main pages works in a browser without JavaScript."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Product

pytestmark = pytest.mark.browser


@pytest.fixture
def page(open_page: OpenPage, filled_product: Product) -> Page:
    return open_page(filled_product, java_script_enabled=False)


def _open_bottle(page: Page) -> None:
    page.goto("/experiments/")
    page.get_by_role("link", name="Bottle on wet slate").click()


def test_an_experiment_is_started_and_a_run_is_sent(page: Page) -> None:
    page.goto("/experiments/new/")
    page.get_by_label("Title").fill("Without script")
    page.get_by_role("button", name="Start the experiment").click()
    page.get_by_role("link", name="Run through the API").first.click()
    page.get_by_label("Model", exact=True).select_option("z-image")
    page.get_by_role("button", name="Show its form").click()
    page.get_by_label("Prompt").fill("A paper boat on a still lake")
    page.get_by_role("button", name="Run · about 1 credit").click()
    expect(page.get_by_role("heading", name="Z-Image")).to_be_visible()
    expect(page.locator("#run .status").first).to_have_text(re.compile("queued|submitting|running"))


def test_lists_are_filtered(page: Page) -> None:
    page.goto("/experiments/")
    page.get_by_label("Search experiments").fill("lighthouse")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto("/tasks/")
    page.get_by_label("Model").select_option("z-image")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr").first).to_contain_text("z-image")
    expect(page.locator("tbody tr").filter(has_text="grok-imagine")).to_have_count(0)


def test_runs_are_compared_and_judged(page: Page) -> None:
    _open_bottle(page)
    for number in (1, 2, 6):
        page.get_by_role("checkbox", name=re.compile(rf"compare run {number}$")).check()
    page.get_by_role("button", name="Compare the ticked runs").click()
    expect(page.locator(".pane")).to_have_count(3)
    page.get_by_role("link", name="Baseline C").click()
    expect(page.locator(".matrix thead th[data-baseline]")).to_contain_text("C")
    page.locator(".pane-head a").first.click()
    page.get_by_role("button", name="3 of 5").click()
    expect(page.get_by_role("button", name="3 of 5")).to_have_attribute("aria-pressed", "true")


def test_variables_are_shown_before_promoting(page: Page) -> None:
    _open_bottle(page)
    page.get_by_role("link", name=re.compile("^6 · ")).click()
    page.get_by_role("link", name="Promote to a template").click()
    expect(page.get_by_role("button", name="Make the selected words")).to_be_hidden()
    prompt = page.get_by_label("Prompt")
    prompt.fill(prompt.input_value().replace("wet slate", "{{ surface }}"))
    page.get_by_role("button", name="Show its variables").click()
    expect(page.locator("#variables .var")).to_have_text("surface")
    expect(page.locator("#variables").get_by_label("Default")).to_have_value("wet slate")
    expect(prompt).to_have_value(re.compile("surface"))


def test_a_job_is_checked_and_started(page: Page) -> None:
    page.goto("/templates/")
    page.get_by_role("link", name="Product on a surface").click()
    page.get_by_label("surface").fill("old oak")
    page.get_by_role("button", name="Check without spending").click()
    expect(page.get_by_text("Nothing stands in the way")).to_be_visible()
    page.get_by_role("button", name="Start the job").click()
    expect(page.get_by_role("heading", name=re.compile("^Job"))).to_be_visible()
    expect(page.locator("#job .prompt")).to_contain_text("old oak")
