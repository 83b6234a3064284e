"""Identifiers sort as they were made, whatever the clock does."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from rivya_bridge.identifiers import new_id


def test_many_of_one_moment_stand_in_the_order_of_making(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now)

    made = [new_id() for _ in range(5_000)]

    assert made == sorted(made)
    assert len(set(made)) == 5_000


def test_a_clock_that_steps_back_a_little_disorders_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = new_id()
    now = time.time_ns() - 300_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now)

    assert new_id() > first


def test_it_is_version_7_and_carries_its_milliseconds() -> None:
    at = datetime(2026, 3, 1, 12, 30, 15, 250_500, tzinfo=UTC)
    made = new_id(at)

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == round(at.timestamp() * 1000 - 0.5)
    assert new_id(at.replace(microsecond=250_700)) > made
