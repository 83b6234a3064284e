"""Every page of the product: where it is and how to bring it into the state worth looking at."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.sharing.making import make_zip, png


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
    looked, whole = _looked_at(page, base_url, experiment)
    template = first("/templates/", row)
    job = first(template, f"{row}[href^='/jobs/']")
    task = first(job, "main a[href^='/tasks/']")
    rehearsal = _rehearsed(page, base_url, template)
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
        Shot("import-runs", f"{experiment}import/"),
        Shot("import-runs-errors", f"{experiment}import/", act="submit", is_refusal=True),
        Shot("import-runs-look", looked),
        Shot("import-experiment", "/experiments/import/"),
        Shot("import-experiment-errors", "/experiments/import/", act="submit", is_refusal=True),
        Shot("import-experiment-look", whole),
        Shot("run-api", f"{experiment}run/"),
        Shot("run-api-code", f"{experiment}run/", act="code"),
        Shot("run-api-errors", f"{experiment}run/", act="submit", is_refusal=True),
        Shot("sweep-form", f"{experiment}sweep/"),
        Shot("sweep-form-errors", f"{experiment}sweep/", act="submit", is_refusal=True),
        Shot("sweep-form-from-run", f"{experiment}sweep/?from={run.strip('/').split('/')[-1]}"),
        Shot("sweeps-none", f"{experiment}sweeps/"),
        Shot("stability", f"{experiment}stability/"),
        Shot("references-pairs", f"{experiment}stability/references/"),
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
        Shot("golden", f"{template}golden/"),
        Shot("rehearsals", f"{template}rehearsals/"),
        Shot("rehearsal", rehearsal),
        Shot("rehearsal-case", f"{rehearsal}cases/1/"),
        Shot("drift", f"{template}drift/"),
        Shot("drift-errors", f"{template}drift/", act="drift", is_refusal=True),
        Shot("drift-schedule", _drift_schedule(page, base_url, template)),
        Shot("job", job),
        Shot("tasks", "/tasks/"),
        Shot("inbox", "/inbox/"),
        Shot("task", task),
        Shot("sending", f"{task}sendings/1/"),
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


def _looked_at(page: Page, base_url: str, experiment: str) -> tuple[str, str]:
    """Where runs, and a whole experiment, wait to be imported."""
    table = (
        b"key,model,prompt,results,result_text,rating\none,z-image,A bottle,a.png,,4\n"
        b"two,z-image,Again,,a text,\nthree,no-such,A third,gone.png,,9\n"
    )
    content = make_zip({"runs.csv": table, "a.png": png(), "notes.md": b"x"})
    where = _sent(page, f"{base_url}{experiment}import/", "runs.zip", content)
    whole = page.request.get(f"{base_url}{experiment}export.zip").body()
    return where, _sent(page, f"{base_url}/experiments/import/", "bottle.zip", whole)


def _sent(page: Page, address: str, name: str, content: bytes) -> str:
    page.goto(address)
    file = {"name": name, "mimeType": "application/zip", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Look at it").click()
    page.wait_for_url("**/imports/**")
    return urlsplit(page.url).path


def _rehearsed(page: Page, base_url: str, template: str) -> str:
    """Where a rehearsal of the template has ended; what could be golden is, if nothing was before."""
    page.goto(f"{base_url}{template}golden/")
    if not page.locator("main .case").count():
        for box in page.locator("main .candidate input[type=checkbox]").all():
            box.check()
        page.get_by_role("button", name="Make the ticked ones golden").click()
    page.goto(f"{base_url}{template}rehearsals/")
    if not page.locator("#rehearsals tbody a").count():
        page.get_by_role("button", name="Rehearse version").click()
    else:
        page.locator("#rehearsals tbody a").first.click()
    page.locator("#rehearsal").wait_for()
    page.locator("#rehearsal[hx-get]").wait_for(state="detached", timeout=120_000)
    return page.url.removeprefix(base_url)


def _drift_schedule(page: Page, base_url: str, template: str) -> str:
    """A drift check that runs once a year, made if there is none."""
    page.goto(f"{base_url}{template}drift/")
    row = page.locator("main tbody a[href^='/drift-schedules/']")
    if not row.count():
        page.get_by_label("Times").fill("0 6 1 1 *")
        page.get_by_role("button", name="Switch it on").click()
    return str(row.first.get_attribute("href"))


def act(page: Page, what: str) -> None:
    """Bring a page into the state that is looked at."""
    if what == "code":
        page.get_by_role("button", name="As code").click()
        page.locator("#form-code pre").first.wait_for()
        return
    if what == "submit":
        page.locator("main form[method=post] button.button-primary[type=submit]").click()
        page.locator(".field-error, .callout[data-kind=error]").first.wait_for()
    elif what == "drift":
        page.get_by_label("Times").fill("never")
        page.get_by_role("button", name="Switch it on").click()
        page.locator(".field-error").first.wait_for()
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
