"""The main job from the first experiment to the task that explains a job, by mouse and by keyboard."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Product
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser

MODEL = "grok-imagine"
PROMPT = "Studio photograph of a green glass bottle on wet slate"
STUDIO_PROMPT = "Studio photograph of a green glass bottle on raw linen"
LIVE = 60_000

PASTE = """([name]) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  canvas.getContext("2d").fillRect(8, 8, 40, 40);
  const bytes = Uint8Array.from(atob(canvas.toDataURL().split(",")[1]), (c) => c.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], name, { type: "image/png" }));
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""


def _select_words(field: Locator, words: str) -> None:
    field.evaluate(
        """(area, words) => {
          const from = area.value.indexOf(words);
          area.focus();
          area.setSelectionRange(from, from + words.length);
        }""",
        words,
    )


def _expect_explained_task(page: Page, words: str) -> None:
    """The task page tells what was sent, what came back and what it cost."""
    for heading in ("Timeline", "Request", "Response", "Credits"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("Rivya accepted it as")
    expect(page.locator(".code", has_text="exactly as sent")).to_contain_text(words)
    expect(page.locator(".code", has_text="last answer")).to_contain_text('"final_credits": 4')
    expect(page.locator(".table", has_text="Balance after")).to_contain_text("charged")


def test_main_job_by_mouse(open_page: OpenPage, product: Product, picture: Path) -> None:
    page = open_page(product)
    watch = Watch(page)

    page.get_by_role("link", name="New experiment").first.click()
    page.get_by_label("Title").fill("Bottle by mouse")
    page.get_by_label("Question").fill("Does a reference picture help?")
    page.get_by_role("button", name="Start the experiment").click()
    experiment = page.url

    page.get_by_role("link", name="Run through the API").first.click()
    page.get_by_label("Prompt").fill(PROMPT)
    page.get_by_label("Model", exact=True).select_option(MODEL)
    run = page.get_by_role("button", name="Run · about 4 credits")
    expect(run).to_be_visible()
    expect(page.get_by_label("Prompt")).to_have_value(PROMPT)
    page.get_by_label("Reference files").set_input_files(picture)
    expect(page.get_by_role("list", name="Chosen files")).to_contain_text("bottle.png")
    assert watch.complaints() == []
    run.click()
    expect(page.locator("#run .status").first).to_have_text("succeeded", timeout=LIVE)
    expect(page.locator("#run img").first).to_be_visible()
    page.get_by_role("button", name="5 of 5").click()
    expect(page.get_by_role("button", name="5 of 5")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("button", name="Accepted")).to_have_attribute("aria-pressed", "true")
    assert watch.complaints() == []
    run_url = page.url

    page.goto(experiment)
    page.get_by_role("link", name="Record a Studio run").first.click()
    page.get_by_label("Model", exact=True).select_option(MODEL)
    expect(page.get_by_role("heading", name="Grok Imagine", exact=True)).to_be_visible()
    page.get_by_label("Results").set_input_files(picture)
    page.evaluate(PASTE, ["pasted.png"])
    expect(
        page.get_by_role("list", name="Chosen files").first.get_by_role("listitem")
    ).to_have_count(2)
    page.get_by_label("Prompt").fill(STUDIO_PROMPT)
    page.get_by_role("button", name="Record the run").click()
    expect(page.locator("#run .media img")).to_have_count(2)

    page.goto(experiment)
    for box in page.get_by_role("checkbox", name="compare").all():
        box.check()
    page.get_by_role("button", name="Compare the ticked runs").click()
    rows = page.locator(".matrix tbody tr")
    expect(rows.filter(has_text="references").locator("td[data-changed]")).to_have_count(1)
    expect(rows.filter(has_text="prompt").locator("ins")).to_have_text(["wet", "slate"])
    expect(rows.filter(has_text="model")).to_have_count(0)
    assert watch.complaints() == []

    page.goto(run_url)
    page.get_by_role("link", name="Promote to a template").click()
    prompt = page.get_by_label("Prompt")
    _select_words(prompt, "green glass bottle")
    page.get_by_role("button", name="Make the selected words a variable").click()
    expect(page.locator("#variables .var")).to_have_text("glass_bottle")
    expect(prompt).to_have_value(PROMPT.replace("green glass bottle", "{{ glass_bottle }}"))
    page.keyboard.type("product")
    page.get_by_label("Why this run").fill("It kept the shape.")
    expect(page.locator("#variables .var")).to_have_text("product")
    expect(page.locator("#variables").get_by_label("Default")).to_have_value("green glass bottle")
    assert watch.complaints() == []
    page.get_by_role("button", name="Promote", exact=True).click()

    page.get_by_label("product").fill("white ceramic cup")
    page.get_by_role("button", name="Start the job").click()
    expect(page.locator("#job .status").first).to_have_text("succeeded", timeout=LIVE)
    expect(page.locator("#job img").first).to_be_visible()
    assert watch.complaints() == []
    page.get_by_role("link", name="Its task history").click()
    _expect_explained_task(page, "white ceramic cup on wet slate")
    assert watch.complaints() == []


def _tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the element has the focus, as a person without a mouse would."""
    expect(target).to_be_visible()
    for _ in range(90):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {target}")


def _follow(page: Page, name: str, role: str = "link") -> None:
    _tab_to(page, page.get_by_role(role, name=name).first)  # type: ignore[arg-type]
    page.keyboard.press("Enter")


def _type_into(page: Page, label: str, text: str) -> None:
    _tab_to(page, page.get_by_label(label).first)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_main_job_by_keyboard(open_page: OpenPage, product: Product) -> None:
    page = open_page(product)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()

    page.keyboard.press("Control+k")
    page.keyboard.type("new exp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/experiments/new/")
    _type_into(page, "Title", "Bottle by keyboard")
    page.keyboard.press("Control+Enter")

    _follow(page, "Run through the API")
    _tab_to(page, page.get_by_label("Model", exact=True))
    page.keyboard.type("Grok Imagine")
    expect(page.get_by_role("button", name="Run · about 4 credits")).to_be_visible()
    expect(page.get_by_label("Model", exact=True)).to_be_focused()
    _type_into(page, "Prompt", PROMPT)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#run .status").first).to_have_text("succeeded", timeout=LIVE)
    _follow(page, "Accept", "button")
    expect(page.get_by_role("button", name="Accepted")).to_be_focused()

    _follow(page, "Continue from this")
    _tab_to(page, page.get_by_label("Prompt", exact=True))
    page.keyboard.press("Control+End")
    page.keyboard.type(", at dusk")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#run .status").first).to_be_visible()

    _follow(page, "Bottle by keyboard")
    for number in (2, 1):
        _tab_to(page, page.get_by_role("checkbox", name=f"compare run {number}"))
        page.keyboard.press("Space")
    # The second run is still at work: its card comes anew while it stands ticked.
    expect(page.locator(".run-card .status").first).to_have_text("succeeded", timeout=LIVE)
    expect(page.get_by_role("checkbox", name="compare run 2")).to_be_checked()
    expect(page.get_by_role("checkbox", name="compare run 1")).to_be_focused()
    _follow(page, "Compare the ticked runs", "button")
    expect(page.locator(".matrix ins, .matrix del").first).to_be_visible()
    page.locator(".pane-head a").last.focus()
    page.keyboard.press("Enter")

    _follow(page, "Promote to a template")
    _tab_to(page, page.get_by_label("Prompt"))
    page.keyboard.press("Control+End")
    for _ in "wet slate":
        page.keyboard.press("Shift+ArrowLeft")
    _follow(page, "Make the selected words a variable", "button")
    expect(page.locator("#variables .var")).to_have_text("wet_slate")
    expect(page.get_by_label("Prompt")).to_be_focused()
    page.keyboard.press("Control+Enter")

    _type_into(page, "wet_slate", "raw linen")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#job .status").first).to_have_text("succeeded", timeout=LIVE)
    _follow(page, "Its task history")
    _expect_explained_task(page, "bottle on raw linen")
