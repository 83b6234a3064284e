"""What a cron expression means in a zone: two years in five zones, and the hours that are odd."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest

from rivya_bridge.automation.timing import (
    check_cron,
    check_zone,
    describe_cron,
    first_after,
    times_after,
)

ZONES = [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata",
]  # fmt: skip
START = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)


def all_times(cron: str, zone: str) -> list[datetime]:
    return list(takewhile(lambda at: at < END, times_after(cron, zone, START)))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 0 * * *", "15,45 1,2,3 * * *"])
def test_every_day_has_its_times_once_whatever_the_clock_does(cron, zone):
    times = all_times(cron, zone)
    assert times == sorted(set(times))
    days = Counter(at.astimezone(ZoneInfo(zone)).date() for at in times)
    per_day = 6 if "," in cron else 1
    whole = {day: count for day, count in days.items() if START.date() < day < END.date()}
    assert set(whole.values()) <= {per_day, per_day - 1, per_day - 2}
    # Where an hour is skipped two times may fall together behind the gap; else each day has all.
    assert sum(count != per_day for count in whole.values()) <= (4 if "," in cron else 0)
    assert len(whole) == 729


@pytest.mark.parametrize("zone", ZONES)
def test_every_hour_means_every_hour_that_passes(zone):
    times = all_times("0 * * * *", zone)
    gaps = {after - before for before, after in pairwise(times)}
    assert gaps <= {timedelta(hours=1), timedelta(minutes=30), timedelta(minutes=90)}
    assert len(times) >= 2 * 365 * 24 - 4


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cron", ["30 2 * * *", "15,45 1,2,3 * * *"])
def test_going_on_from_any_time_gives_the_same_times_as_one_pass(cron, zone):
    found, at = [], START
    while (at := first_after(cron, zone, at)) and at < END:
        found.append(at)
    assert found == all_times(cron, zone)
    assert len(found) > 700


def test_a_skipped_time_moves_behind_the_gap_and_a_double_one_comes_once():
    spring = datetime(2026, 3, 29, tzinfo=UTC)
    assert first_after("30 2 * * *", "Europe/Berlin", spring) == spring.replace(hour=1)
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    both = list(islice(times_after("30 2 * * *", "Europe/Berlin", autumn), 2))
    assert both == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 26, 1, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    "cron",
    ["", "* * * *", "* * * * * *", "61 * * * *", "0 0 31 2 *", "a b c d e", None, "0 0 30 2 *",
     "1" * 130 + " * * * *"],
)  # fmt: skip
def test_what_is_no_expression_is_refused_with_an_example(cron):
    problems = []
    assert check_cron(problems, cron) == ""
    assert "30 9 * * 1-5" in problems[0].message


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("61 25 * * *", "minute '61' must be 0 to 59; hour '25' must be 0 to 23."),
        (
            "0 0 32 13 8",
            "day of the month '32' must be 1 to 31; month '13' must be 1 to 12; weekday",
        ),
        ("0 0 30 2 *", "it names no day that exists"),
        ("1" * 5_000 + " * * * *", "it has more than 120 characters"),
        ("* * * *", "it needs five fields"),
    ],
)
def test_each_field_that_is_wrong_is_named_with_its_limits(cron, words):
    problems = []
    check_cron(problems, cron)
    assert words in problems[0].message


def test_an_expression_is_said_in_words():
    assert describe_cron("30 9 * * 1-5") == "At 09:30 on Monday through Friday"


@pytest.mark.parametrize("zone", ["", "Berlin", "../etc/passwd", None, "Mars/Olympus", "a\0b"])
def test_what_is_no_zone_is_refused(zone):
    problems = []
    check_zone(problems, zone)
    assert [problem.field for problem in problems] == ["zone"]
