"""The row of the fault matrix about lost answers, against the sandbox over sockets: as many generations and
charges as there are tasks.

The fault matrix asks for 300 tasks: `LOST_ANSWER_TASKS=300`. CI runs fewer.
"""

import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.credits.models import LedgerEntry, Wallet
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.transitions import READ_ALONE
from tests.tasks.conftest import clock  # noqa: F401 - a fixture
from tests.tasks.making import Clock, make_task

pytestmark = pytest.mark.django_db(transaction=True)
TASKS = int(os.environ.get("LOST_ANSWER_TASKS", "48"))
LINES = 8
SENDING = ("queued", "unconfirmed")
# Each meets a sixth of so many sendings as there are tasks, one after the other; those that keep the
# client waiting meet as many as are sent at once.
FAULTS = (
    "reset_before_work",
    "reset_after_work",
    "cut_before_work",
    "cut_after_work",
    "cut_in_answer",
)
WAITS = ("before", "after")


@pytest.fixture
def spoiled(sandbox: Any, transactional_db: None, no_bell: None, settings: Any) -> Any:
    """The sandbox with its faults on."""
    settings.ANSWER_SECONDS = 1.0
    settings.RIVYA_IN_FLIGHT = 1000
    refresh_catalog()
    refresh_wallet()
    skip, each = 0, TASKS // 6
    for name in FAULTS:
        _switch_on(sandbox, name, skip=skip, times=each)
        skip += each
    for when in WAITS:
        _switch_on(sandbox, "no_answer", when=when, skip=skip, times=LINES, seconds=30)
        skip += LINES
    return sandbox


def _switch_on(sandbox: Any, name: str, **settings: Any) -> None:
    body = {"scenario": name, "routes": "create_generation", **settings}
    httpx.post(f"{sandbox.base_url}/_sandbox/scenarios", json=body).raise_for_status()


def carry_all(clock: Clock, statuses: Collection[str]) -> None:  # noqa: F811
    """Several lines at once, round after round, until no task is in one of `statuses`."""

    def line(ids: list[Any]) -> None:
        try:
            for pk in ids:
                advance(pk, statuses)
        finally:
            connection.close()

    with ThreadPoolExecutor(LINES) as pool:
        for _ in range(60):
            open_tasks = Task.objects.filter(status__in=statuses)
            due = open_tasks.filter(due_at__lte=timezone.now()).values_list("pk", flat=True)
            ids = list(due.order_by("pk"))
            list(pool.map(line, [ids[number::LINES] for number in range(LINES)]))
            if not open_tasks.exists():
                return
            clock.move(3)
    raise AssertionError(f"{open_tasks.count()} are still under way")


def test_every_task_is_one_generation_and_one_charge(
    spoiled: Any,
    clock: Clock,  # noqa: F811
) -> None:
    opening = refresh_wallet().current_credits
    model = get_model("z-image")
    tasks = [make_task(model=model, prompt=f"a slate table {number}") for number in range(TASKS)]
    carry_all(clock, SENDING)
    carry_all(clock, READ_ALONE)
    switches = httpx.get(f"{spoiled.base_url}/_sandbox/scenarios").json()["switches"]
    assert len(switches) == len(FAULTS) + len(WAITS)
    assert all(one["requests_met"] == one["settings"]["times"] > 0 for one in switches)
    journal = httpx.get(f"{spoiled.base_url}/_sandbox/journal").json()
    keys = {task.idempotency_key for task in tasks}
    made = journal["by_idempotency_key"]
    assert set(made) == keys
    assert {len(one["generations"]) for one in made.values()} == {1}
    assert journal["generations_count"] == TASKS
    charged = sum(one["charged_credits"] for one in made.values())
    assert charged == journal["charged_credits"] == opening - journal["balance"]
    settled = LedgerEntry.objects.filter(kind="settle")
    assert settled.count() == TASKS
    assert sum(settled.values_list("amount", flat=True)) == charged
    assert sorted(Task.objects.values_list("remote_id", flat=True)) == sorted(
        generation for one in made.values() for generation in one["generations"]
    )
    assert Wallet.objects.get().reserved_credits == 0
