"""What a page does beside what it shows: errors, refusals by policy, foreign requests, shifts."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
MOST_SHIFT = 0.01
# Shifts that follow a person's own press within half a second are answers, not surprises.
_RECORDER = """
window.__shift = 0; window.__violations = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium, kept from calling home."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))


def watched_context(browser: Browser, **options: Any) -> BrowserContext:
    """A browser context whose pages count their layout shifts and policy violations."""
    context = browser.new_context(**options)
    context.set_default_timeout(15_000)
    if options.get("java_script_enabled", True):
        context.add_init_script(_RECORDER)
    return context


@dataclass
class Watch:
    """Listens to one page; `complaints` empties what was heard since the last call."""

    page: Page
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.heard.append(f"script error: {error}"))
        self.page.on("request", self._request)
        self.page.on("requestfailed", self._failed)

    def complaints(self, *, refused: bool = False) -> list[str]:
        """Everything that a quiet page does not do; `refused` allows the answer itself to be an error."""
        heard, self.heard = self.heard, []
        if refused:
            heard = [line for line in heard if "Failed to load resource" not in line]
        heard += [f"policy violation: {v}" for v in self.page.evaluate("window.__violations")]
        shift = self.shift()
        if shift >= MOST_SHIFT:
            heard.append(f"layout shift of {shift:.4f}")
        return heard

    def shift(self) -> float:
        """The sum of the layout shifts of the page so far."""
        return float(self.page.evaluate("window.__shift"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.heard.append(f"request to {request.url}")

    def _failed(self, request: Request) -> None:
        # A page that is left gives up what it was still loading.
        if request.failure != "net::ERR_ABORTED":
            self.heard.append(f"request failed: {request.url} ({request.failure})")


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )
