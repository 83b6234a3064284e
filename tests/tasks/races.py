"""Several at once on one row, round after round; each race gives a sentence for every round that went wrong.

The tests run a few rounds (`RACE_ROUNDS` asks for another number), `benchmarks/races.py` a thousand on
SQLite and on PostgreSQL.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

from django.db import connection
from django.utils import timezone

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.services import create_template, day_budget, set_day_cap, start_job
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import LedgerEntry, Wallet
from rivya_bridge.credits.services import reserve_credits
from rivya_bridge.identifiers import new_id
from rivya_bridge.refusals import Conflict
from rivya_bridge.tasks.models import TERMINAL, Task
from rivya_bridge.tasks.services import cancel_task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.transitions import READ_ALONE, claim
from rivya_bridge.webhooks.models import Endpoint, Event
from rivya_bridge.webhooks.services.matching import match
from tests.tasks.making import fresh, kinds, make_task
from tests.tasks.vendor import Vendor

ROUNDS = int(os.environ.get("RACE_ROUNDS", "0"))
Work = Callable[[], Any]


class Crew:
    """Threads that begin at the same moment, each with a database connection of its own."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(most)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.at_once(*[connection.close] * self._most)
        self._pool.shutdown()

    def at_once(self, *works: Work) -> list[Any]:
        """What each gave back, or the error that it raised, in order."""
        barrier = threading.Barrier(len(works))

        def run(work: Work) -> Any:
            barrier.wait(120)
            try:
                return work()
            except Exception as error:
                return error

        return list(self._pool.map(run, works))


def at_once(*works: Work) -> list[Any]:
    """One round of a crew of its own."""
    with Crew(len(works)) as crew:
        return crew.at_once(*works)


def sixteen_claimers(vendor: Vendor, rounds: int) -> Iterator[str]:
    """One claim of sixteen gets the task, and the fence rises once."""
    with Crew(16) as crew:
        for number in range(rounds):
            task = make_task()
            given = crew.at_once(*[lambda: claim(task.pk, timezone.now())] * 16)  # noqa: B023
            row = fresh(task)
            if sorted(map(_kind, given)) != ["NoneType"] * 15 + ["Task"] or row.fence != 1:
                yield f"round {number}: {given}, fence {row.fence}"
            cancel_task(task.pk)


def _kind(value: object) -> str:
    return type(value).__name__


def cancel_against_finish(vendor: Vendor, rounds: int) -> Iterator[str]:
    """A task at Rivya, or with its results on their way: it ends once and is charged once."""
    with Crew(2) as crew:
        for number in range(rounds):
            task = _at_rivya()
            if number % 2:
                advance(task.pk, READ_ALONE)
            given = crew.at_once(lambda: advance(task.pk), lambda: cancel_task(task.pk))  # noqa: B023
            _carry(task)
            wrong = _wrong_end(task)
            if given[0] is not None or isinstance(given[1], Exception) > _is_late(given[1]):
                wrong.append(f"gave back {given}")
            if wrong:
                yield f"round {number}: {', '.join(wrong)}"


def _is_late(given: object) -> bool:
    """The task had ended before it could be cancelled."""
    return isinstance(given, Conflict)


def webhook_against_reading(vendor: Vendor, rounds: int) -> Iterator[str]:
    """Two events and two readings of one task: its end is written, and its charge booked, once."""
    endpoint = Endpoint.objects.create(
        account=current_connection().account,
        remote_id=f"whend_{new_id().hex}",
        name="Races",
        url="http://127.0.0.1/webhooks/races",
        token=new_id().hex,
        secret="",
    )
    with Crew(4) as crew:
        for number in range(rounds):
            task = _at_rivya()
            events = [_event(endpoint, task) for _ in range(2)]
            heard = [lambda event=event: _hear(event, task) for event in events]  # type: ignore[misc]  # noqa: B023
            read = [lambda: advance(task.pk, READ_ALONE)] * 2  # noqa: B023
            given = crew.at_once(*heard, *read)
            _carry(task)
            wrong = _wrong_end(task)
            if any(isinstance(one, Exception) for one in given):
                wrong.append(f"gave back {given}")
            states = set(Event.objects.filter(task=task).values_list("state", flat=True))
            if states != {"matched"} or fresh(task).status != "succeeded":
                wrong.append(f"events are {states}, the task {fresh(task).status}")
            if wrong:
                yield f"round {number}: {', '.join(wrong)}"


def _event(endpoint: Endpoint, task: Task) -> Event:
    return Event.objects.create(
        endpoint=endpoint,
        event_id=f"evt_{new_id().hex}",
        remote_id=task.remote_id,
        signature="verified",
        state="parked",
        body=b"{}",
        received_at=timezone.now(),
    )


def _hear(event: Event, task: Task) -> None:
    """What the receiver does with an event, and the poller with the news."""
    match([event])
    advance(task.pk, READ_ALONE)


def fifty_reservations_for_ten(vendor: Vendor, rounds: int) -> Iterator[str]:
    """Ten of fifty get their credit, and exactly ten are set aside."""
    account = current_connection().account
    Wallet.objects.get_or_create(account=account)
    wallet = Wallet.objects.filter(account=account)
    before = wallet.values("current_credits", "reserved_credits").get()
    with Crew(50) as crew:
        for number in range(rounds):
            wallet.update(current_credits=10, reserved_credits=0)
            given = crew.at_once(*[lambda: reserve_credits(account, 1)] * 50)
            aside = wallet.values_list("reserved_credits", flat=True).get()
            if sorted(map(str, given)) != ["False"] * 40 + ["True"] * 10 or aside != 10:
                yield f"round {number}: {given.count(True)} of 50 went through, {aside} set aside"
    wallet.update(**before)


def six_jobs_for_a_day_of_two(vendor: Vendor, rounds: int) -> Iterator[str]:
    """Six jobs of a template that may spend two credits today: two are sent, four are held."""
    with Crew(6) as crew:
        for number in range(rounds):
            template = create_template(
                name="Races",
                slug=f"races-{new_id().hex}",
                draft=Draft("z-image", 9, prompt="A cup"),
            ).template
            tasks = [start_job(template, {}, source="api")[0].task for _ in range(6)]
            set_day_cap(template, 2)
            sent = len(vendor.sent)
            crew.at_once(*[lambda task=task: advance(task.pk) for task in tasks])  # type: ignore[misc]
            for task in tasks:  # one that found its database busy is due again
                advance(task.pk)
            found = sorted(fresh(task).status for task in tasks)
            spent = day_budget(template).spent
            if (
                found != ["held"] * 4 + ["running"] * 2
                or len(vendor.sent) - sent != 2
                or spent != 2
            ):
                yield f"round {number}: {found}, {len(vendor.sent) - sent} sent, {spent} spent"
            for task in tasks:
                _carry(task)


RACES: dict[str, Callable[[Vendor, int], Iterator[str]]] = {
    "16 claimers of one task": sixteen_claimers,
    "cancel against finish": cancel_against_finish,
    "webhook against reading": webhook_against_reading,
    "50 reservations for 10 credits": fifty_reservations_for_ten,
    "6 jobs for a template's day of 2": six_jobs_for_a_day_of_two,
}


def _at_rivya() -> Task:
    """A task that Rivya has accepted and that is due to be read."""
    task = make_task()
    advance(task.pk)
    _make_due(task)
    return fresh(task)


def _make_due(task: Task) -> None:
    Task.objects.filter(pk=task.pk, lease_until=None).update(due_at=timezone.now())


def _carry(task: Task) -> None:
    """To its end, or until it is held."""
    for _ in range(10):
        if fresh(task).status in {*TERMINAL, "held"}:
            return
        _make_due(task)
        advance(task.pk)


def _wrong_end(task: Task) -> list[str]:
    """What is not as it must be of a task that has ended at Rivya."""
    wrong = []
    ends = [kind for kind in kinds(task) if kind in TERMINAL]
    if len(ends) != 1:
        wrong.append(f"ends {ends}")
    seqs = list(task.events.values_list("seq", flat=True))
    if seqs != list(range(1, len(seqs) + 1)):
        wrong.append(f"events {seqs}")
    entries = sorted(LedgerEntry.objects.filter(task=task).values_list("kind", flat=True))
    if entries != ["reserve", "settle"]:
        wrong.append(f"ledger {entries}")
    if sum(Wallet.objects.values_list("reserved_credits", flat=True)):
        wrong.append("credits stay set aside")
    return wrong
