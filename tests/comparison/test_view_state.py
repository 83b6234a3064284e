"""The board's state in an address: kept where it makes sense, left out where it does not."""

import pytest

from rivya_bridge.comparison.view_state import LENGTH, kept_state, read_state


def test_every_part_of_a_boards_state_is_read() -> None:
    query = "view=wipe&pair=AC&zoom=4.25&x=0.3&y=0.65&wipe=40&gain=16"
    assert kept_state(query) == query
    players = {"t": "1.25", "rate": "0.5", "heard": "B", "offsets": "0,-0.5", "loop": "1"}
    assert read_state(players) == players


@pytest.mark.parametrize(
    "query",
    [
        "view=melt",
        "pair=AZ",
        "pair=A",
        "zoom=1e9",
        "zoom=",
        "x=<script>",
        "gain=2",
        "run=00000000-0000-0000-0000-000000000000",
        "offsets=1",
        "baseline=12",
        "next=//evil.example",
        "zoom=4\n",
    ],
)
def test_what_is_no_state_of_a_board_is_left_out(query: str) -> None:
    assert kept_state(query) == ""


def test_a_state_that_is_too_long_is_not_kept() -> None:
    assert kept_state("&".join(["view=wipe"] * 400)) == "view=wipe"
    assert len(kept_state("view=wipe&" + "x" * 10_000)) <= LENGTH
