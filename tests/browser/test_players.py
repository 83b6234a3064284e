"""The boards of clips and sounds in a real browser: one clock for all panes.

How well panes keep together while they really play depends on how busy the machine is, and is measured by
`benchmarks/playback.py`; here stands what the board decides.
"""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.boards import board_of, clip, opened, sound
from tests.browser.product import Product
from tests.browser.watch import Watch

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]

DRIFTS = """() => { const { board } = document.getElementById("board");
    return board.players.map((player, index) => player.currentTime - board.wanted(index)); }"""
# Ready to play, paused at one second of the common clock.
READY = """() => { const { board } = document.getElementById("board");
    if (board.length() < 3) return false;
    if (board.time !== 1) board.seek(1);
    return board.players.every((player) => !player.seeking && player.readyState >= 3); }"""
# What one player does when the common clock is that much further than it is.
CORRECTED = """([index, ahead]) => { const { board } = document.getElementById("board");
    const player = board.players[index];
    board.time = 1 + ahead;
    board.correct(index);
    const done = [player.playbackRate, player.currentTime, player.paused];
    board.pause();
    return done; }"""
# Puts the next pane's player elsewhere and switches to it, all while they play: where both stand.
SWITCHED = """([letter, off]) => { const { board } = document.getElementById("board");
    if (!board.isPlaying || board.time < 1) return false;
    const heard = () => board.players.find((player) => !player.muted);
    const next = board.players[board.panes.findIndex((pane) => pane.dataset.letter === letter)];
    const before = heard().currentTime;
    next.currentTime = before + off;
    board.hear(letter);
    return [before, heard().currentTime, heard() === next]; }"""


def test_clips_are_brought_to_the_common_clock(
    open_page: OpenPage, product: Product, tmp_path: Path, watch: Callable[[Page], Watch]
) -> None:
    rates = (24, 25, 12)
    files = [clip(tmp_path / f"{rate}.webm", 4, rate, "navy") for rate in rates]
    page = opened(open_page(product), product, board_of(product, "video", "veo3-1-fast", files))
    watching = watch(page)
    about = functools.partial(pytest.approx, abs=0.01)
    for index in range(3):
        # In time: left alone. A tenth of a second late: hurried. A whole second late: moved.
        for ahead, does in ((0, [1, about(1), False]), (0.1, [about(1.06), about(1), False])):
            page.wait_for_function(READY)
            assert page.evaluate(CORRECTED, [index, ahead]) == does
        page.wait_for_function(READY)
        assert page.evaluate(CORRECTED, [index, 1])[1] == about(2)
    assert watching.complaints() == []


def test_pausing_and_stepping_show_the_same_moment_in_every_pane(
    open_page: OpenPage, product: Product, tmp_path: Path, watch: Callable[[Page], Watch]
) -> None:
    files = [clip(tmp_path / f"{rate}.webm", 6, rate, "maroon") for rate in (24, 25, 12)]
    page = opened(open_page(product), product, board_of(product, "video", "veo3-1-fast", files))
    watching = watch(page)
    page.wait_for_function("() => document.getElementById('board').board.length() > 5")
    page.locator(".pane [data-offset]").nth(2).fill("0.5")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("() => document.getElementById('board').board.time > 1", timeout=60_000)
    page.get_by_role("button", name="Pause", exact=True).click()
    assert page.evaluate(DRIFTS) == [pytest.approx(0, abs=1 / 25)] * 3
    page.get_by_role("button", name="One frame on").click()
    before = page.evaluate("document.getElementById('board').board.time")
    page.keyboard.press(".")
    after = page.evaluate("document.getElementById('board').board.time")
    assert after - before == pytest.approx(1 / 25, abs=1e-6)
    assert page.evaluate(DRIFTS) == [pytest.approx(0, abs=1 / 25)] * 3
    assert watching.complaints() == []


def test_switching_what_is_heard_keeps_the_position(
    open_page: OpenPage, product: Product, tmp_path: Path, watch: Callable[[Page], Watch]
) -> None:
    files = [sound(tmp_path / f"{one}.wav", 60, loud) for one, loud in (("a", 0.8), ("b", 0.1))]
    path = board_of(product, "audio", "elevenlabs-turbo-2-5", files)
    page = opened(open_page(product), product, path)
    watching = watch(page)
    page.wait_for_function("() => document.getElementById('board').board.length() > 59")
    peaks = page.locator(".media-peaks")
    assert peaks.count() == 2
    assert peaks.evaluate_all("(all) => all.every((one) => one.naturalWidth === 800)")
    page.keyboard.press(" ")
    for letter, off in (("B", 0.2), ("A", -0.4), ("B", 0), ("A", 0.9)):
        switched = page.wait_for_function(SWITCHED, arg=[letter, off], timeout=60_000)
        before, after, is_heard = switched.json_value()
        assert is_heard
        assert after == pytest.approx(before, abs=0.05)
    page.keyboard.press("b")
    heard = page.evaluate(
        "document.getElementById('board').board.players.map((player) => player.muted)"
    )
    assert heard == [True, False]
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
