"""Gates under two at once: a rate limit that somebody has just heard of is never forgotten."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from rivya_bridge.tasks import gates
from rivya_bridge.tasks.models import Gate

pytestmark = pytest.mark.django_db

NAME = gates.bucket_gate("acc")


def test_it_works() -> None:
    until = timezone.now() + timedelta(seconds=3)
    gates.close_gate(NAME, until, "rate_limited", "slow down", is_longest=True)
    assert gates.pass_gates("acc", timezone.now()).wait_until == until


@pytest.mark.parametrize(("is_longest", "stays"), [(True, True), (False, False)])
def test_a_later_time_stays_if_wished(is_longest: bool, stays: bool) -> None:
    now = timezone.now()
    late, soon = now + timedelta(seconds=30), now + timedelta(seconds=3)
    gates.close_gate(NAME, late, "rate_limited", "first")
    gates.close_gate(NAME, soon, "rate_limited", "second", is_longest=is_longest)
    gate = Gate.objects.get(name=NAME)
    assert gate.closed_until == (late if stays else soon)
    assert (gate.failures, gate.text) == (2, "second")


def test_a_time_from_a_clock_that_has_jumped_does_not_stay() -> None:
    now = timezone.now()
    gates.close_gate(NAME, now + timedelta(days=1), "rate_limited", "", is_longest=True)
    until = now + timedelta(seconds=3)
    gates.close_gate(NAME, until, "rate_limited", "", is_longest=True)
    assert Gate.objects.get(name=NAME).closed_until == until


def test_a_gate_that_another_removes_meanwhile_is_closed_all_the_same() -> None:
    """An answer to another request forgets the expired gate between our look at it and our write."""
    now = timezone.now()
    gates.close_gate(NAME, now - timedelta(seconds=1), "rate_limited", "expired")
    removed: list[bool] = []

    def another(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if sql.startswith("UPDATE") and Gate._meta.db_table in sql and not removed:
            removed.append(True)
            gates.note_answer("acc")
        return execute(sql, params, many, context)

    until = now + timedelta(seconds=3)
    with connection.execute_wrapper(another):
        gates.close_gate(NAME, until, "rate_limited", "again", is_longest=True)
    assert removed
    assert Gate.objects.get(name=NAME).closed_until == until
