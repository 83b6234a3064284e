"""The compare tray in a browser: with script, by keyboard, and without script."""

import json
import re
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
experiment = create_experiment(title="A tray")
for path in json.loads(GIVEN):
    record_studio_run(experiment, model_id="z-image", params={}, prompt=f"Prompt {path[-5]}",
                      references=[], results=[store_result(Path(path), Path(path).name)])
print("experiment", f"/experiments/{experiment.pk}/")
"""


@pytest.fixture(scope="module")
def experiment(product: Product, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of an experiment with seven results."""
    folder: Path = tmp_path_factory.mktemp("tray")
    files = []
    for number in range(7):
        path = folder / f"{number}.png"
        Image.new("RGB", (320, 240), (30 * number, 120, 90)).save(path)
        files.append(str(path))
    given = RECORD.replace("GIVEN", repr(json.dumps(files)))
    printed = product.manage("shell", "-v", "0", "-c", given)
    return next(line.split()[1] for line in printed.splitlines() if line.startswith("experiment "))


def tick(page: Page, number: int):
    return page.get_by_role("checkbox", name=re.compile(rf"compare run {number}$"))


def tray(page: Page):
    return page.get_by_role("region", name="Compare tray")


def test_it_follows_from_page_to_page_and_opens_the_board(
    open_page: OpenPage, product: Product, experiment: str
) -> None:
    page = open_page(product)
    page.goto(experiment)
    watching = Watch(page)
    expect(tray(page)).to_be_hidden()
    tick(page, 3).check()
    expect(tray(page)).to_contain_text("1 of 6")
    tick(page, 5).check()
    expect(tray(page)).to_contain_text("2 of 6")
    page.reload()
    expect(tick(page, 3)).to_be_checked()
    tick(page, 5).uncheck()
    expect(tray(page)).to_contain_text("1 of 6")
    page.get_by_role("link", name=re.compile("^6 · ")).click()
    page.get_by_role("button", name="Add to compare").click()
    expect(page.get_by_role("button", name="In the compare tray")).to_be_visible()
    expect(tray(page)).to_contain_text("run 6")
    page.goto(f"{experiment}review/")
    expect(tick(page, 6)).to_be_checked()
    tick(page, 1).check()
    expect(tray(page)).to_contain_text("3 of 6")
    tray(page).get_by_role("button", name="Take run 6 out of the tray").click()
    expect(tray(page)).to_contain_text("2 of 6")
    expect(tick(page, 6)).not_to_be_checked()
    tray(page).get_by_role("link", name="Side by side").click()
    expect(page.locator(".pane")).to_have_count(2)
    expect(page.locator(".pane-head").first).to_contain_text("run 3")
    assert watching.complaints() == []
    tray(page).get_by_role("button", name="Empty").click()
    expect(tray(page)).to_be_hidden()


def test_it_works_by_keyboard_alone(open_page: OpenPage, product: Product, experiment: str) -> None:
    page = open_page(product)
    page.goto(f"{experiment}review/")
    for key in ("c", "j", "c"):
        page.keyboard.press(key)
    expect(tray(page)).to_contain_text("2 of 6")
    page.goto(experiment)
    page.keyboard.press("v")
    page.wait_for_url("**/compare/?run=*&run=*")
    expect(page.locator(".pane")).to_have_count(2)


def test_the_seventh_is_refused_with_a_sentence_and_stays_unticked(
    open_page: OpenPage, product: Product, experiment: str
) -> None:
    page = open_page(product)
    page.goto(experiment)
    for number in range(1, 7):
        tick(page, number).check()
        expect(tray(page)).to_contain_text(f"{number} of 6")
    tick(page, 7).click()
    expect(tray(page)).to_contain_text("take one out first")
    expect(tick(page, 7)).not_to_be_checked()
    expect(tray(page)).to_contain_text("6 of 6")


def test_without_script_ticks_are_kept_and_taken_out_by_buttons(
    open_page: OpenPage, product: Product, experiment: str
) -> None:
    page = open_page(product, java_script_enabled=False)
    page.goto(experiment)
    tick(page, 2).check()
    tick(page, 4).check()
    page.get_by_role("button", name="Keep the ticked for later").click()
    expect(tray(page)).to_contain_text("2 of 6")
    expect(tick(page, 4)).to_be_checked()
    tray(page).get_by_role("button", name="Take run 4 out of the tray").click()
    expect(tick(page, 4)).not_to_be_checked()
    tick(page, 1).check()
    page.get_by_role("button", name="Compare the ticked runs").click()
    expect(page.locator(".pane")).to_have_count(2)


def test_it_covers_nothing_on_a_phone(
    open_page: OpenPage, product: Product, experiment: str
) -> None:
    page = open_page(product, viewport={"width": 390, "height": 844})
    page.goto(experiment)
    for number in range(1, 7):
        tick(page, number).check()
    expect(tray(page)).to_contain_text("6 of 6")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    foot = page.locator(".footer").bounding_box()
    bar = tray(page).bounding_box()
    assert foot is not None and bar is not None
    assert foot["y"] + foot["height"] <= bar["y"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
