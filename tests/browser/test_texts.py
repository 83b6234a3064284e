"""The board of answers in a browser: words marked, columns that scroll together."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.boards import opened
from tests.browser.conftest import OpenPage
from tests.browser.product import Product
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser

RECORD = """
import json
from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.experiments.services import create_experiment, record_studio_run

ensure_catalog()
experiment = create_experiment(title="Answers", category="chat")
runs = [
    record_studio_run(experiment, model_id="gpt-5-2-chat", prompt=prompt, params={}, references=[],
                      results=[], result_text=text)
    for prompt, text in json.loads(GIVEN)
]
print("board", "/compare/?" + "&".join(f"run={run.pk}" for run in runs))
"""


@pytest.fixture(scope="module")
def answers(product: Product) -> str:
    """The board of three answers, the second twice as long."""
    lines = [f"Line {number} of the answer stands here." for number in range(120)]
    changed = [line.replace("stands", "rests") if "7" in line else line for line in lines]
    given = [
        ("Say it plainly", "\n".join(lines)),
        ("Say it plainly", "\n".join([*changed, *changed])),
        ("Say it shortly", "\n".join(lines[:100])),
    ]
    code = RECORD.replace("GIVEN", repr(json.dumps(given)))
    printed = product.manage("shell", "-v", "0", "-c", code)
    return next(line.split()[1] for line in printed.splitlines() if line.startswith("board "))


def shares(page: Page) -> list[float]:
    """How far each column is scrolled, from 0 to 1."""
    found: list[float] = page.evaluate(
        """() => [...document.querySelectorAll(".pane .media-text")].map(
            (text) => text.scrollTop / (text.scrollHeight - text.clientHeight))"""
    )
    return found


SETTLED = """() => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"""


def scroll(page: Page, column: int, share: float) -> None:
    page.evaluate(
        """([column, share]) => {
            const text = document.querySelectorAll(".pane .media-text")[column];
            text.scrollTop = share * (text.scrollHeight - text.clientHeight);
        }""",
        [column, share],
    )
    page.evaluate(SETTLED)


def test_columns_scroll_together_in_proportion_or_alone(
    open_page: OpenPage, product: Product, answers: str
) -> None:
    page = open_page(product)
    opened(page, product, answers)
    watching = Watch(page)
    scroll(page, 0, 0.5)
    assert shares(page) == pytest.approx([0.5] * 3, abs=0.01)
    scroll(page, 1, 1.0)
    assert shares(page) == pytest.approx([1.0] * 3, abs=0.01)
    page.keyboard.press("l")
    page.wait_for_url("**scroll=alone**")
    scroll(page, 2, 0.25)
    assert shares(page) == pytest.approx([1.0, 1.0, 0.25], abs=0.01)
    page.reload()
    expect(page.get_by_label("Scroll together")).not_to_be_checked()
    assert watching.complaints() == []


def test_marks_follow_the_baseline_and_can_be_left_out(
    open_page: OpenPage, product: Product, answers: str
) -> None:
    page = open_page(product)
    opened(page, product, answers)
    second = page.get_by_role("region", name="Answer B")
    expect(second.locator("ins").first).to_have_text("rests")
    expect(page.locator(".pane-prompt del")).to_have_text("plainly")
    page.get_by_role("link", name="Baseline B").click()
    expect(page.get_by_role("region", name="Answer A").locator("ins").first).to_have_text("stands")
    expect(second.locator("ins")).to_have_count(0)
    page.keyboard.press("d")
    page.wait_for_url("**text=plain**")
    expect(page.locator(".pane ins")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("link", name="As written")).to_have_attribute("aria-current", "true")


def test_it_reads_without_script(open_page: OpenPage, product: Product, answers: str) -> None:
    page = open_page(product, java_script_enabled=False)
    page.goto(answers)
    page.get_by_role("link", name="Baseline C").click()
    expect(page.locator(".pane-prompt ins").first).to_have_text("plainly")
    page.get_by_role("link", name="As written").click()
    expect(page.locator(".pane ins")).to_have_count(0)
    expect(page.get_by_label("Scroll together")).to_be_hidden()
