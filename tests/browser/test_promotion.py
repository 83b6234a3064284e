"""A stranger's way: from ten recorded runs to a finished first job with what the pages say alone."""

import json
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Product
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser

LIVE = 60_000
ROWS = [
    ("red cup", "wet slate"), ("blue bottle", "raw linen"), ("paper lantern", "oak"),
    ("two pears", "marble"), ("tin robot", "sand"), ("old clock", "wet slate"),
    ("green vase", "raw linen"), ("wool scarf", "oak"), ("sea shell", "marble"), ("pot", "sand"),
]  # fmt: skip
RECORD = """
import json
from pathlib import Path
from rivya_bridge.catalog.services import ensure_catalog
from rivya_bridge.experiments.services import create_experiment, record_studio_run
from rivya_bridge.files.services import store_result

ensure_catalog()
title, rows = json.loads(GIVEN)
experiment = create_experiment(title=title, category="image")
for subject, surface, path in rows:
    record_studio_run(
        experiment, model_id="z-image", params={}, references=[], credits=4,
        prompt=f"Studio photograph of a {subject} on {surface}, soft window light",
        results=[store_result(Path(path), Path(path).name)],
    )
"""


def record_ten(product: Product, folder: Path, title: str) -> None:
    rows = []
    for number, (subject, surface) in enumerate(ROWS):
        path = folder / f"{number}.png"
        Image.new("RGB", (64, 48), (20 * number, 90, 120)).save(path)
        rows.append([subject, surface, str(path)])
    given = repr(json.dumps([title, rows]))
    product.manage("shell", "-v", "0", "-c", RECORD.replace("GIVEN", given))


def click(page: Page, role: str, name: str, clicked: list[str]) -> None:
    page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
    clicked.append(name)


def test_four_clicks_from_ten_recorded_runs_to_a_finished_job(
    open_page: OpenPage, product: Product, tmp_path: Path
) -> None:
    record_ten(product, tmp_path, "Things on surfaces")
    page = open_page(product)
    watch, clicked = Watch(page), list[str]()
    page.goto(product.base_url)
    click(page, "link", "Things on surfaces", clicked)
    click(page, "link", "Promote", clicked)
    expect(page.locator("#variables .var")).to_have_text(["subject", "surface"])
    expect(page.locator("#previews")).to_contain_text("All 10 runs would be sent exactly as before")
    assert watch.complaints() == []
    click(page, "button", "Promote as it stands", clicked)
    expect(page.get_by_role("status")).to_contain_text("start its first job below")
    click(page, "button", "Start the job", clicked)
    expect(page.locator("#job .status").first).to_have_text("succeeded", timeout=LIVE)
    expect(page.locator("#job img").first).to_be_visible()
    assert watch.complaints() == []
    assert len(clicked) == 4


def test_previews_follow_what_is_changed_without_a_press(
    open_page: OpenPage, product: Product, tmp_path: Path
) -> None:
    record_ten(product, tmp_path, "Followed at once")
    page = open_page(product)
    watch = Watch(page)
    page.goto(product.base_url)
    click(page, "link", "Followed at once", [])
    click(page, "link", "Promote", [])
    default = page.locator("#id_variable-subject-default")
    expect(default).to_have_value("pot")
    page.locator("#id_variable-subject-type").select_option("number")
    expect(page.locator("#previews")).to_contain_text("must be a number")
    page.locator("#id_variable-subject-type").select_option("text")
    expect(page.locator("#previews")).to_contain_text("exactly as before")
    expect(default).to_have_value("pot")
    assert watch.complaints() == []
