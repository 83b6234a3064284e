"""Reviewing a pile and voting blindly, without the mouse."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Product
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser

RECORD = """
import json
from pathlib import Path
from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.experiments.services import create_experiment, record_studio_run
from rivya_bridge.files.services import store_result

ensure_catalog()
experiment = create_experiment(title="A pile")
for number, path in enumerate(json.loads(GIVEN)):
    record_studio_run(experiment, model_id=["z-image", "grok-imagine"][number % 2], params={},
                      prompt=f"One prompt of {number // 2}", references=[],
                      results=[store_result(Path(path), Path(path).name)])
print("experiment", f"/experiments/{experiment.pk}/")
"""
COUNT = """
from rivya_bridge.experiments.models import Run
runs = Run.objects.filter(experiment__title="A pile")
print("counts", runs.filter(verdict="accepted").count(), runs.filter(verdict="rejected").count(),
      runs.filter(rating=4).count())
"""


@pytest.fixture(scope="module")
def pile(product: Product, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of an experiment with fifty results."""
    folder: Path = tmp_path_factory.mktemp("pile")
    files = []
    for number in range(50):
        files.append(str(folder / f"{number}.png"))
        Image.new("RGB", (48, 36), (number * 5, 90, 200 - number * 3)).save(files[-1])
    code = RECORD.replace("GIVEN", repr(json.dumps(files)))
    printed = product.manage("shell", "-v", "0", "-c", code)
    return next(line.split()[1] for line in printed.splitlines() if line.startswith("experiment"))


def test_fifty_results_are_reviewed_without_the_mouse(
    open_page: OpenPage, product: Product, pile: str, watch: Callable[[Page], Watch]
) -> None:
    page = open_page(product)
    page.goto(f"{product.base_url}{pile}review/")
    watching = watch(page)
    cards = page.locator(".review-card")
    expect(cards).to_have_count(50)
    for number in range(50):
        expect(cards.nth(number)).to_be_focused()
        if number % 5 == 4:
            page.keyboard.press("4")
            expect(cards.nth(number)).to_have_attribute("data-rating", "4")
        page.keyboard.press("x" if number % 2 else "p")
        expect(cards.nth(number)).to_have_attribute(
            "data-verdict", "rejected" if number % 2 else "accepted"
        )
    page.keyboard.press("z")
    expect(cards.nth(49)).to_have_attribute("data-verdict", "")
    assert "counts 25 24 10" in product.manage("shell", "-v", "0", "-c", COUNT)
    page.keyboard.press("k")
    for _ in range(2):
        page.keyboard.press("c")
        page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare/?**")
    assert watching.complaints() == []


def test_pairs_are_voted_on_without_the_mouse(
    open_page: OpenPage, product: Product, pile: str, watch: Callable[[Page], Watch]
) -> None:
    page = open_page(product)
    page.goto(f"{product.base_url}{pile}ranking/")
    page.get_by_role("button", name="Vote on a pair").first.press("Enter")
    watching = watch(page)
    for key in "abtna":
        page.wait_for_url("**/ballots/*/")
        before = page.url
        page.keyboard.press(key)
        page.wait_for_url(lambda url, before=before: url != before)
    expect(page.locator("main")).to_contain_text("5 votes so far")
    page.keyboard.press("z")
    expect(page.locator("main")).to_contain_text("4 votes so far")
    page.get_by_role("link", name="Done").press("Enter")
    expect(page.locator("main")).to_contain_text("4 votes on")
    assert watching.complaints() == []
