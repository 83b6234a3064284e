"""Every page of the product: where it is and how to bring it into the state worth looking at."""

from dataclasses import dataclass

from playwright.sync_api import Page


@dataclass
class Shot:
    """One page: its name, its path, and what to do before it is looked at."""

    name: str
    path: str
    act: str = ""
    is_refusal: bool = False


def empty_pages() -> list[Shot]:
    """Before anything was done."""
    return [
        Shot("home-empty", "/"),
        Shot("experiments-empty", "/experiments/"),
        Shot("templates-empty", "/templates/"),
        Shot("tasks-empty", "/tasks/"),
    ]


def filled_pages(page: Page, base_url: str) -> list[Shot]:
    """Every page of the demo's workspace; the addresses are read from the pages themselves."""

    def first(start: str, selector: str) -> str:
        page.goto(base_url + start)
        return str(page.locator(selector).first.get_attribute("href"))

    row = "main tbody a"
    experiment = first("/experiments/", f"{row}:has-text('Bottle')")
    video = first("/experiments/", f"{row}:has-text('Lighthouse')")
    comparison = first("/comparisons/", row)
    run = first(comparison, ".pane .pane-head a")
    page.goto(base_url + comparison)
    board = "/compare/?" + "&".join(
        f"run={field.get_attribute('value')}" for field in page.locator("input[name=run]").all()[:4]
    )
    template = first("/templates/", row)
    job = first(template, f"{row}[href^='/jobs/']")
    task = first(job, "main a[href^='/tasks/']")
    return [
        Shot("home", "/"),
        Shot("experiments", "/experiments/"),
        Shot("experiments-none", "/experiments/?q=nothing-like-this"),
        Shot("experiment-new", "/experiments/new/"),
        Shot("experiment-new-errors", "/experiments/new/", act="submit", is_refusal=True),
        Shot("experiment", experiment),
        Shot("experiment-video", video),
        Shot("experiment-edit", f"{experiment}edit/"),
        Shot("record-studio", f"{experiment}record/"),
        Shot("run-api", f"{experiment}run/"),
        Shot("run-api-errors", f"{experiment}run/", act="submit", is_refusal=True),
        Shot("run", run),
        Shot("run-continue", f"{experiment}run/?from={run.strip('/').split('/')[-1]}"),
        Shot("board", board),
        Shot("comparison", comparison),
        Shot("comparisons", "/comparisons/"),
        Shot("review", f"{experiment}review/?pile=all"),
        Shot("ranking", f"{experiment}ranking/"),
        Shot("promote", f"{run}promote/"),
        Shot("promote-variables", f"{run}promote/", act="variables"),
        Shot("readiness", f"{experiment}readiness/"),
        Shot("decide", "/decide/"),
        Shot("decide-rules", "/decide/rules/"),
        Shot("templates", "/templates/"),
        Shot("template", template),
        Shot("template-check", template, act="check"),
        Shot("import", "/import-template/"),
        Shot("import-errors", "/import-template/", act="submit", is_refusal=True),
        Shot("versions", f"{template}versions/"),
        Shot("version", f"{template}versions/1/"),
        Shot("version-edit", f"{template}versions/1/edit/"),
        Shot("version-edit-errors", f"{template}versions/1/edit/", act="submit", is_refusal=True),
        Shot("version-diff", f"{template}versions/compare/?from=1&to=1"),
        Shot("ladder", f"{template}ladder/"),
        Shot("job", job),
        Shot("tasks", "/tasks/"),
        Shot("task", task),
        Shot("webhooks", "/webhooks/"),
        Shot("notices", "/notices/"),
        Shot("notices-errors", "/notices/", act="submit", is_refusal=True),
        Shot("credits", "/credits/"),
        Shot("files", "/files/"),
        Shot("file", first("/files/", "main a[href$='/about/']")),
        Shot("files-unused", "/files/unused/"),
        Shot("models", "/models/"),
        Shot("model", "/models/flux-2-pro/"),
        Shot("model-changes", "/models/changes/"),
        Shot("connection", "/connection/"),
        Shot("connection-add", "/connection/new/"),
        Shot("connection-add-errors", "/connection/new/", act="submit", is_refusal=True),
        Shot("error", "/nothing/here/", is_refusal=True),
        Shot("help", "/", act="help"),
    ]


def act(page: Page, what: str) -> None:
    """Bring a page into the state that is looked at."""
    if what == "submit":
        page.locator("main form[method=post] button.button-primary[type=submit]").click()
        page.locator(".field-error, .callout[data-kind=error]").first.wait_for()
    elif what == "variables":
        prompt = page.locator("#id_prompt")
        words = prompt.input_value()
        prompt.fill(words.replace("green glass bottle", "{{ subject }}", 1))
        page.locator("button[name=preview]").click()
        page.locator("#variables .var").first.wait_for()
    elif what == "check":
        page.locator("button[name=check]").click()
        page.locator(".callout[data-kind=success]").wait_for()
    elif what == "help":
        page.keyboard.press("?")
        page.locator("dialog[open]").wait_for()


def see_everything(page: Page) -> None:
    """Scroll once to the end, so that lazy pictures load, and wait until all have."""
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function("[...document.images].every((i) => i.complete || i.loading === 'lazy')")
    page.evaluate("scrollTo(0, 0)")
