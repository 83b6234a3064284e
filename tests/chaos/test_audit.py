"""The audit finds each fault in the histories of a storm, and nothing in those of a clean one."""

from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from tests.chaos.audit import audit
from tests.chaos.bugs import BUGS, put_in
from tests.chaos.faults import Asked
from tests.chaos.histories import Histories, Intent, Made, Row
from tests.chaos.points import POINTS

ROW = Row(
    id="t1",
    job="j1",
    key="k1",
    subject="intent 00000",
    status="succeeded",
    remote_id="g1",
    reason="",
    reason_text="",
    attempts=1,
    lost_steps=0,
    events=((1, "queued"), (2, "accepted"), (3, "succeeded")),
    settled=(1,),
    files=("f" * 64,),
)
MADE = Made("g1", "k1", "succeeded", 1, "intent 00000 on a slate table")
POST = Asked(10.0, "POST", "/api/v1/generations", "k1", "", 10.1)
CLEAN = Histories(
    intents=(Intent(0, "intent 00000", ("j1",)),),
    made=(MADE,),
    requests=(POST,),
    rows=(ROW,),
    jobs=1,
    vendor_balance=99,
    our_balance=99,
    our_reserved=0,
    unexplained=0,
    files_without_row=(),
    broken_files=(),
    integrity="ok",
    secrets_found_in=(),
    acknowledged=("e1",),
    kept=("e1",),
)
LIMIT = Asked(10.0, "GET", "/api/v1/generations/g1", "", "rate_limited", 10.1)

FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "an unanswered wish": ("lost", {"intents": (Intent(0, "intent 00000", ()),)}),
    "a job without a task": (
        "lost",
        {"intents": (Intent(0, "a", ("j1",)), Intent(1, "b", ("j2",))), "jobs": 2},
    ),
    "a success that the vendor does not know": (
        "lost",
        {"made": (replace(MADE, status="failed"),)},
    ),
    "a failure that the vendor did not report": (
        "lost",
        {"rows": (replace(ROW, status="failed", reason="x", reason_text="x"),)},
    ),
    "two jobs for one wish": ("duplicate", {"intents": (Intent(0, "a", ("j1", "j2")),)}),
    "two tasks for one wish": ("duplicate", {"rows": (ROW, replace(ROW, id="t2", job="j2"))}),
    "two generations for one wish": (
        "duplicate",
        {"made": (MADE, replace(MADE, id="g2", key="k2"))},
    ),
    "a generation that nobody asked for": (
        "duplicate",
        {"made": (MADE, Made("g2", "k2", "succeeded", 1, "other"))},
    ),
    "a job that nobody asked for": ("duplicate", {"jobs": 2}),
    "an open task": ("stuck", {"rows": (replace(ROW, status="running"),)}),
    "a charge that was not booked": ("credits", {"rows": (replace(ROW, settled=()),)}),
    "a charge booked twice": ("credits", {"rows": (replace(ROW, settled=(1, 1)),)}),
    "another amount": ("credits", {"rows": (replace(ROW, settled=(2,)),)}),
    "another balance": ("credits", {"our_balance": 98}),
    "a reservation that stays": ("credits", {"our_reserved": 1}),
    "an unexplained movement": ("credits", {"unexplained": 1}),
    "a failure without a reason": (
        "unexplained rows",
        {"rows": (replace(ROW, status="failed"),)},
    ),
    "a gap in a timeline": ("timelines", {"rows": (replace(ROW, events=((1, "a"), (3, "b"))),)}),
    "two ends": (
        "timelines",
        {"rows": (replace(ROW, events=((1, "failed"), (2, "succeeded"))),)},
    ),
    "a success without its file": ("files", {"rows": (replace(ROW, files=("",)),)}),
    "a broken file": ("files", {"broken_files": ("f" * 64,)}),
    "a file without a row": ("files", {"files_without_row": ("e" * 64,)}),
    "a request before its time": (
        "too early or too often",
        {"requests": (LIMIT, replace(POST, at=13.0))},
    ),
    "sendings that nothing explains": ("too early or too often", {"requests": (POST, POST)}),
    "an event that was acknowledged and lost": (
        "webhooks",
        {"acknowledged": ("e1", "e2"), "kept": ("e1",)},
    ),
    "an event that is there twice": (
        "webhooks",
        {"acknowledged": ("e1",), "kept": ("e1", "e1")},
    ),
    "webhooks that never came": ("webhooks", {"acknowledged": (), "kept": ()}),
    "an event that found no task": ("webhooks", {"unmatched": ("e1",)}),
    "a damaged database": ("database", {"integrity": "row 7 missing from index"}),
    "a key in a log": ("secrets", {"secrets_found_in": ("web.log",)}),
}


def test_it_works() -> None:
    assert not any(audit(CLEAN).values())


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_under_its_heading(name: str) -> None:
    heading, change = FAULTS[name]
    assert audit(replace(CLEAN, **change))[heading]


def test_a_request_that_was_on_its_way_is_not_too_early() -> None:
    on_its_way = replace(CLEAN, requests=(LIMIT, replace(POST, at=12.0)))
    after = replace(CLEAN, requests=(LIMIT, replace(POST, at=14.2)))
    assert not audit(on_its_way)["too early or too often"]
    assert not audit(after)["too early or too often"]


@pytest.mark.parametrize(("killed", "findings"), [(10.2, 0), (9.9, 1), (12.7, 1)])
def test_a_rate_limit_may_die_with_the_process_that_heard_of_it(
    killed: float, findings: int
) -> None:
    early = replace(CLEAN, requests=(LIMIT, replace(POST, at=13.0)), killed_at=(killed,))
    assert len(audit(early)["too early or too often"]) == findings


def test_every_crash_point_is_a_place_of_the_product() -> None:
    for point in POINTS.values():
        assert callable(getattr(import_module(point.owner), point.name))


def test_there_are_at_least_ten_seeded_bugs_and_unknown_ones_are_refused() -> None:
    assert len(BUGS) >= 10
    with pytest.raises(KeyError):
        put_in("no such bug")
