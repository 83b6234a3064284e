"""Recording in a browser: files that are sent at once, and pages that open from a disk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Product
from tests.browser.watch import Watch
from tests.sharing.making import noise

pytestmark = pytest.mark.browser


@pytest.fixture
def form(open_page: OpenPage, filled_product: Product) -> Page:
    """The form of a Studio run of the demo's first experiment."""
    page = open_page(filled_product)
    page.goto("/experiments/")
    page.locator("main tbody a:has-text('Bottle')").first.click()
    page.get_by_role("link", name="Record a Studio run").click()
    page.locator("#id_results").wait_for()
    return page


def pictures(folder: Path, count: int, start: int = 0) -> list[Path]:
    paths = [folder / f"take-{number}.png" for number in range(start, start + count)]
    for number, path in enumerate(paths, start=start):
        path.write_bytes(noise(100 + number, (320, 240)))
    return paths


def test_files_are_sent_at_once_and_each_becomes_a_run(form: Page, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"<html>")
    form.locator("#id_results").set_input_files([*pictures(tmp_path, 3), bad])
    kept = form.locator("#kept-results li[data-kept]")
    expect(kept).to_have_count(3)
    refused = form.locator("li[data-refused]")
    expect(refused).to_contain_text("bad.png: The file is a web page")
    expect(form.locator("#kept-results [data-said]")).not_to_be_empty()
    # By keyboard: the focus comes back to the field, not to the top of the page.
    form.get_by_role("button", name="Remove bad.png").focus()
    form.keyboard.press("Enter")
    expect(form.locator("li[data-refused]")).to_have_count(0)
    expect(form.locator("#id_results")).to_be_focused()
    form.get_by_role("button", name="Remove take-1.png").press("Enter")
    expect(kept).to_have_count(2)
    form.get_by_label("One run for each file").check()
    form.locator("#id_prompt").fill("Two takes of one prompt")
    form.locator("#id_prompt").press("Control+Enter")
    form.wait_for_url("**/experiments/*/")
    expect(form.get_by_text("2 runs are recorded, one for each result.")).to_be_visible()


def test_another_model_keeps_the_files_and_a_refused_form_too(form: Page, tmp_path: Path) -> None:
    form.locator("#id_results").set_input_files(pictures(tmp_path, 1, start=10))
    kept = form.locator("#kept-results li[data-kept]")
    expect(kept).to_have_count(1)
    form.locator("#id_model").evaluate("(select) => { select.dataset.typedInto = 'yes'; }")
    with form.expect_response(lambda answer: "record/?" in answer.url):
        form.locator("#id_model").select_option("z-image")
    expect(form.locator("#run-main input[name=model]")).to_have_value("z-image")
    # The list itself stays, so that who types a model's name slowly is not begun anew.
    expect(form.locator("#id_model")).to_have_attribute("data-typed-into", "yes")
    expect(kept).to_have_count(1)
    form.locator("#id_credits").fill("-3")
    form.get_by_role("button", name="Record the run").click()
    expect(form.locator(".callout[data-kind=error]")).to_be_visible()
    expect(kept).to_have_count(1)
    form.locator("#id_credits").fill("3")
    form.locator("#id_prompt").fill("A bottle")
    form.get_by_role("button", name="Record the run").click()
    form.wait_for_url("**/runs/*/")
    expect(form.get_by_role("link", name="Record another like it")).to_be_visible()


PASTE = """async () => {
  const canvas = new OffscreenCanvas(80, 60);
  canvas.getContext("2d").fillRect(10, 10, Math.random() * 40 + 10, 20);
  const blob = await canvas.convertToBlob();
  const data = new DataTransfer();
  data.items.add(new File([blob], "pasted.png", { type: "image/png" }));
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  const drop = new DataTransfer();
  drop.items.add(new File([blob], "dropped.png", { type: "image/png" }));
  document.querySelector("#kept-references [data-dropzone]").dispatchEvent(
    new DragEvent("drop", { dataTransfer: drop, bubbles: true, cancelable: true }));
}"""


def test_what_is_pasted_is_a_result_and_what_is_dropped_goes_where_it_fell(form: Page) -> None:
    form.evaluate(PASTE)
    expect(form.locator("#kept-results li[data-kept]")).to_have_count(1)
    expect(form.locator("#kept-references li[data-kept]")).to_have_count(1)


def test_a_form_waits_for_its_files_and_one_may_be_called_off(form: Page, tmp_path: Path) -> None:
    """The files' answers are held back here: the form is pressed, and goes once they have come."""
    held: list[object] = []
    form.route("**/files/keep/", lambda route: held.append(route))
    form.locator("#id_results").set_input_files(pictures(tmp_path, 3, start=20))
    expect(form.locator("#kept-results progress")).to_have_count(3)
    form.locator("#id_prompt").fill("A bottle that waits")
    form.get_by_role("button", name="Record the run").click()
    expect(form.locator("#run-main")).to_have_attribute("aria-busy", "true")
    form.get_by_role("button", name="Remove take-22.png").click()
    expect(form.locator("#kept-results progress")).to_have_count(2)
    for route in held:
        route.continue_()  # type: ignore[attr-defined]
    form.wait_for_url("**/runs/*/")
    expect(form.locator("figcaption, p.small").filter(has_text="take-2").first).to_be_visible()


def test_a_lost_connection_offers_to_send_again(form: Page, tmp_path: Path) -> None:
    form.route("**/files/keep/", lambda route: route.abort())
    form.locator("#id_results").set_input_files(pictures(tmp_path, 1, start=30))
    again = form.get_by_role("button", name="Send it again")
    expect(again).to_be_visible()
    form.unroute("**/files/keep/")
    again.click()
    expect(form.locator("#kept-results li[data-kept]")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_exported_pages_open_from_a_disk_without_a_network(
    browser: Browser,
    open_page: OpenPage,
    filled_product: Product,
    watch: Callable[[Page], Watch],
    tmp_path: Path,
    scheme: str,
) -> None:
    page = open_page(filled_product)
    page.goto("/comparisons/")
    comparison = page.locator("main tbody a").first.get_attribute("href")
    page.goto("/experiments/")
    experiment = page.locator("main tbody a:has-text('Bottle')").first.get_attribute("href")
    for name, path in (
        ("comparison", f"{comparison}export.html"),
        ("findings", f"{experiment}findings.html"),
    ):
        file = tmp_path / f"{name}.html"
        file.write_bytes(page.request.get(filled_product.base_url + path).body())
        context = browser.new_context(offline=True, color_scheme=scheme)  # type: ignore[arg-type]
        alone = context.new_page()
        asked: list[str] = []
        heard: list[str] = []
        alone.on("request", lambda one, asked=asked: asked.append(one.url[:60]))  # type: ignore[misc]
        alone.on("console", lambda one, heard=heard: heard.append(one.text))  # type: ignore[misc]
        alone.goto(f"file://{file}")
        broken = "[...document.images].filter((one) => !one.complete || !one.naturalWidth).length"
        assert alone.evaluate(broken) == 0
        assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
        assert len([url for url in asked if url.startswith("file:")]) == 1
        assert heard == []
        found = Axe().run(alone, options={"resultTypes": ["violations"]}).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        for width in (1440, 390):
            alone.set_viewport_size({"width": width, "height": 844})
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert alone.evaluate(wide) <= 0
        assert alone.pdf()[:4] == b"%PDF"
        context.close()
