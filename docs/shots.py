"""Screenshots of every page, wide and narrow, light and dark; exits 1 when a page misbehaves.

./run shots [FOLDER]     PNG files into FOLDER, or into a new temporary folder
./run shots --docs       the few pictures of the documentation, into docs/screenshots/
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.pages import Shot, act, empty_pages, filled_pages, see_everything
from tests.browser.product import Product, running_product
from tests.browser.watch import Watch, launch, overflow, watched_context

DOCS = Path(__file__).resolve().parent / "screenshots"
WIDTHS = {"wide": (1440, 900), "narrow": (390, 844)}
SCHEMES = ("light", "dark")
MOST_BYTES = 120_000
# The controls of a video turn a wheel when they are new, even if nothing is loaded.
SPINNER_MS = 2_500

# Page of the documentation: (name, width, scheme, height in CSS pixels).
CHOSEN = {
    "home": ("home", "wide", "light", 900),
    "experiment": ("experiment", "wide", "light", 1150),
    "run-form": ("run-continue", "wide", "light", 960),
    "compare": ("board", "wide", "dark", 1100),
    "promote": ("promote-variables", "wide", "light", 1250),
    "template": ("template", "wide", "light", 900),
    "task": ("task", "wide", "dark", 1250),
    "phone": ("experiment", "narrow", "light", 844),
}


class Gallery:
    """Takes the pictures and keeps what the pages complained about."""

    def __init__(self, browser: Browser, product: Product, folder: Path) -> None:
        self.browser = browser
        self.product = product
        self.folder = folder
        self.complaints: list[str] = []
        self.storage = self._sign_in()

    def _sign_in(self) -> Path:
        path = self.folder / ".session.json"
        context = self.browser.new_context()
        context.new_page().goto(self.product.first_link)
        context.storage_state(path=path)
        context.close()
        return path

    def context(self, width: str, scheme: str, *, signed_in: bool = True) -> BrowserContext:
        size = WIDTHS[width]
        return watched_context(
            self.browser,
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
            storage_state=self.storage if signed_in else None,
        )

    def take_all(self, shots: list[Shot], *, signed_in: bool = True) -> None:
        for width, scheme in ((w, s) for w in WIDTHS for s in SCHEMES):
            context = self.context(width, scheme, signed_in=signed_in)
            for shot in shots:
                page = self.open(context, shot, width)
                path = self.folder / f"{shot.name}-{width}-{scheme}.png"
                page.screenshot(path=path, full_page=True)
                page.close()
            context.close()

    def open(self, context: BrowserContext, shot: Shot, width: str) -> Page:
        page = context.new_page()
        watch = Watch(page)
        page.goto(self.product.base_url + shot.path)
        if shot.act:
            act(page, shot.act)
        see_everything(page)
        page.wait_for_load_state("networkidle")
        heard = watch.complaints(refused=shot.is_refusal)
        if width == "narrow" and (wider := overflow(page)) > 0:
            heard.append(f"{wider} px wider than the window")
        self.complaints += [f"{shot.name} ({width}): {line}" for line in heard]
        print(f"{shot.name:24} {width:7} shift {watch.shift():.4f}")
        return page


def take_docs(gallery: Gallery, shots: list[Shot]) -> Iterator[tuple[Path, int]]:
    """The chosen few as WebP, each under the limit; gives path and size in bytes."""
    DOCS.mkdir(exist_ok=True)
    by_name = {shot.name: shot for shot in shots}
    for file_name, (name, width, scheme, height) in CHOSEN.items():
        context = gallery.context(width, scheme)
        page = gallery.open(context, by_name[name], width)
        size = WIDTHS[width]
        page.set_viewport_size({"width": size[0], "height": height})
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(SPINNER_MS)
        picture = Image.open(BytesIO(page.screenshot()))
        path = DOCS / f"{file_name}.webp"
        yield path, _save_small(picture, path)
        context.close()


def _save_small(picture: Image.Image, path: Path) -> int:
    for quality in (82, 74, 66, 58):
        picture.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size <= MOST_BYTES:
            break
    return path.stat().st_size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="where the PNG files go")
    parser.add_argument("--docs", action="store_true", help="write docs/screenshots/ instead")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="bridge-shots-"))
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="bridge-shots-data-") as data,
        running_product(Path(data)) as product,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        gallery = Gallery(browser, product, folder)
        if not options.docs:
            gallery.take_all([Shot("sign-in", "/sign-in/")], signed_in=False)
            gallery.take_all(empty_pages())
        product.manage("demo")
        context = gallery.context("wide", "light")
        shots = filled_pages(context.new_page(), product.base_url)
        context.close()
        if options.docs:
            for path, size in take_docs(gallery, shots):
                print(f"{path.name}: {size / 1000:.0f} kB")
        else:
            gallery.take_all(shots)
            print(f"The pictures are in {folder}")
        browser.close()
    for line in gallery.complaints:
        print(line, file=sys.stderr)
    return 1 if gallery.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
