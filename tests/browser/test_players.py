"""The boards of clips and sounds in a real browser: one clock for all panes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.boards import board_of, clip, opened, sound
from tests.browser.product import Product
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
# Half a minute of playing takes half a minute: asked for by name, and short without.
SECONDS = 30 if os.environ.get("LONG_PLAYBACK") == "1" else 4

DRIFTS = """() => { const board = document.getElementById("board").board;
    return board.players.map((player, index) => player.currentTime - board.wanted(index)); }"""


def test_clips_stay_within_a_frame_of_each_other(
    open_page: OpenPage, product: Product, tmp_path: Path, watch: Callable[[Page], Watch]
) -> None:
    """LONG_PLAYBACK=1 plays for half a minute, else a few seconds."""
    rates = (24, 25, 12)
    files = [clip(tmp_path / f"{rate}.webm", SECONDS + 2, rate, "navy") for rate in rates]
    path = board_of(product, "video", "veo3-1-fast", files)
    page = opened(open_page(product), product, path)
    watching = watch(page)
    page.wait_for_function(f"() => document.getElementById('board').board.length() > {SECONDS}")
    page.locator(".pane [data-offset]").nth(2).fill("0.5")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(
        f"() => document.getElementById('board').board.time > {SECONDS}", timeout=240_000
    )
    # While they run: how far each stands from where the common clock has it, less than a frame.
    running = page.evaluate(DRIFTS)
    assert max(map(abs, running)) < 1 / 25
    page.get_by_role("button", name="Pause", exact=True).click()
    drifts = page.evaluate(DRIFTS)
    assert max(map(abs, drifts)) < 1 / 25
    page.get_by_role("button", name="One frame on").click()
    before = page.evaluate("document.getElementById('board').board.time")
    page.keyboard.press(".")
    after = page.evaluate("document.getElementById('board').board.time")
    assert after - before == pytest.approx(1 / 25, abs=1e-6)
    assert watching.complaints() == []


def test_clips_play_together_while_they_run(
    open_page: OpenPage, product: Product, tmp_path: Path
) -> None:
    files = [clip(tmp_path / f"{rate}.webm", 8, rate, "maroon") for rate in (25, 24)]
    page = opened(open_page(product), product, board_of(product, "video", "veo3-1-fast", files))
    page.wait_for_function("() => document.getElementById('board').board.length() > 7")
    page.get_by_role("button", name="Play", exact=True).click()
    spread = page.evaluate(
        """() => new Promise((done) => {
            const { board } = document.getElementById("board");
            const seen = [];
            const look = () => {
                const [one, other] = board.players;
                if (board.time > 2) seen.push(Math.abs(one.currentTime - other.currentTime));
                if (board.time > 6) done(seen.sort((a, b) => a - b)); else setTimeout(look, 50);
            };
            look();
        })"""
    )
    assert spread[int(len(spread) * 0.95)] < 1 / 24


def test_switching_what_is_heard_keeps_the_position(
    open_page: OpenPage, product: Product, tmp_path: Path, watch: Callable[[Page], Watch]
) -> None:
    files = [sound(tmp_path / f"{one}.wav", 5, loud) for one, loud in (("a", 0.8), ("b", 0.1))]
    path = board_of(product, "audio", "elevenlabs-turbo-2-5", files)
    page = opened(open_page(product), product, path)
    watching = watch(page)
    page.wait_for_function("() => document.getElementById('board').board.length() > 4")
    peaks = page.locator(".media-peaks")
    assert peaks.count() == 2
    assert peaks.evaluate_all("(all) => all.every((one) => one.naturalWidth === 800)")
    page.keyboard.press(" ")
    page.wait_for_function("() => document.getElementById('board').board.time > 1", timeout=60_000)
    page.keyboard.press("b")
    heard = page.evaluate(
        "document.getElementById('board').board.players.map((player) => player.muted)"
    )
    assert heard == [True, False]
    gap = page.evaluate(
        """() => { const [a, b] = document.getElementById("board").board.players;
        return Math.abs(a.currentTime - b.currentTime); }"""
    )
    assert gap < 0.05
    page.get_by_label("Match loudness").check()
    volumes = page.evaluate(
        "document.getElementById('board').board.players.map((player) => player.volume)"
    )
    assert volumes == pytest.approx([0.125, 1], rel=0.02)
    assert watching.complaints() == []


def test_the_address_shows_the_same_moment_to_another_browser(
    open_page: OpenPage, product: Product, tmp_path: Path
) -> None:
    files = [clip(tmp_path / f"{rate}.webm", 4, rate, "navy") for rate in (24, 25)]
    page = opened(open_page(product), product, board_of(product, "video", "veo3-1-fast", files))
    page.wait_for_function("() => document.getElementById('board').board.length() > 3")
    page.evaluate("document.getElementById('board').board.seek(1.6)")
    page.keyboard.press("b")
    page.get_by_label("Speed").select_option("0.5")
    page.locator(".pane [data-offset]").nth(1).fill("0.25")
    page.wait_for_url("**offsets=0%2C0.25**")
    address = page.url.removeprefix(product.base_url)
    page.reload()
    other = opened(open_page(product), product, address)
    state = """() => { const { board } = document.getElementById("board");
        return [board.time, board.rate, board.heard, ...board.offsets]; }"""
    for shown in (page, other):
        shown.wait_for_function("() => document.getElementById('board').board?.length() > 3")
        assert shown.evaluate(state) == [1.6, 0.5, "B", 0, 0.25]


def test_switching_a_track_while_it_plays_keeps_the_position(
    open_page: OpenPage, product: Product, tmp_path: Path
) -> None:
    files = [sound(tmp_path / f"{one}.wav", 8, 0.5) for one in "abc"]
    path = board_of(product, "audio", "elevenlabs-turbo-2-5", files)
    page = opened(open_page(product), product, path)
    page.wait_for_function("() => document.getElementById('board').board.length() > 7")
    page.keyboard.press(" ")
    page.wait_for_function("() => document.getElementById('board').board.time > 1", timeout=60_000)
    gaps = []
    for letter in "bcab":
        before, after = page.evaluate(
            """(letter) => { const { board } = document.getElementById("board");
            const heard = () => board.players.find((player) => !player.muted).currentTime;
            const before = heard(); board.hear(letter); return [before, heard()]; }""",
            letter.upper(),
        )
        gaps.append(abs(after - before))
    assert max(gaps) < 0.05
