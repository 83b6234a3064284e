"""How well clips and sounds keep together in a browser: `python benchmarks/playback.py [seconds]`.

Starts the product with a data folder of its own and plays three clips of different frame rates, then two
sounds, on their boards in Debian's Chromium. Twenty times a second, while they play, each player's position
is compared with where the board's common clock has it. Prints the 50th, 95th and 100th percentile of the
widest distance between two panes, and the hand-over between two sounds. Ends with 1 when two clips are a
frame or more apart at the 95th percentile, or a hand-over is 50 ms or more.

A browser without a sound card, or a machine that does other things, plays worse than what people have.
"""

import sys
import tempfile
from pathlib import Path
from statistics import quantiles

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser.boards import board_of, clip, opened, sound
from tests.browser.product import running_product
from tests.browser.watch import launch

FRAME_RATES = (24, 25, 12)
FRAME_SECONDS = 1 / 25
HAND_OVER_SECONDS = 0.05
SETTLED_SECONDS = 1  # players start one after the other, and the board brings them together

SPREADS = """([from, to]) => new Promise((done) => {
    const { board } = document.getElementById("board");
    const spreads = [];
    const look = () => {
        const drifts = board.players.map((player, index) => player.currentTime - board.wanted(index));
        if (board.time >= from) spreads.push(Math.max(...drifts) - Math.min(...drifts));
        if (board.time >= to) done(spreads); else setTimeout(look, 50);
    };
    look();
})"""
HAND_OVER = """(letter) => { const { board } = document.getElementById("board");
    const heard = () => board.players.find((player) => !player.muted).currentTime;
    const before = heard(); board.hear(letter); return Math.abs(heard() - before); }"""


def main(seconds: int) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="bridge-playback-") as name,
        sync_playwright() as driver,
    ):
        folder = Path(name)
        clips = [clip(folder / f"{rate}.webm", seconds + 2, rate, "navy") for rate in FRAME_RATES]
        sounds = [sound(folder / f"{one}.wav", seconds + 2, 0.5) for one in "ab"]
        with running_product(folder / "product") as product:
            browser = launch(driver)
            page = browser.new_page(base_url=product.base_url)
            page.goto(product.sign_in_link())
            opened(page, product, board_of(product, "video", "veo3-1-fast", clips))
            widest = told(f"{len(clips)} clips, {seconds} s", played(page, seconds))
            opened(page, product, board_of(product, "audio", "elevenlabs-turbo-2-5", sounds))
            told(f"{len(sounds)} sounds, {seconds} s", played(page, seconds, goes_on=True))
            hand_over = max(page.evaluate(HAND_OVER, letter) for letter in "BABA")
            print(f"{'hand-over':>20}  {hand_over * 1000:.0f} ms at most")
            browser.close()
    return int(widest >= FRAME_SECONDS or hand_over >= HAND_OVER_SECONDS)


def played(page: Page, seconds: int, goes_on: bool = False) -> list[float]:
    """Plays that long; the widest distance between two panes at each look, in seconds."""
    page.wait_for_function(f"() => document.getElementById('board').board.length() > {seconds}")
    page.get_by_role("button", name="Play", exact=True).click()
    page.set_default_timeout(seconds * 4000 + 30_000)
    spreads: list[float] = page.evaluate(SPREADS, [SETTLED_SECONDS, seconds])
    if not goes_on:
        page.get_by_role("button", name="Pause", exact=True).click()
    return spreads


def told(name: str, spreads: list[float]) -> float:
    """Prints the spread of these looks; their 95th percentile in seconds."""
    cuts = quantiles(spreads, n=100)
    print(
        f"{name:>20}  p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, "
        f"most {max(spreads) * 1000:.0f} ms of {len(spreads)} looks"
    )
    return cuts[94]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
