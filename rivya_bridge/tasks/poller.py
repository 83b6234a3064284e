"""The one reader of all tasks that run at Rivya: a few lines in one process, for every process.

A dispatcher looks several times a second for running tasks that are due, and hands them to a few
threads, one task each, as fast as the pace allows. A reading goes through the same fenced claim as
every other step. The duty of reading is held by one process at a time; another takes it over.
"""

import logging
import queue
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import close_old_connections, connections
from django.db.models import F
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.tasks import gates
from rivya_bridge.tasks.duties import leave_duty, take_duty
from rivya_bridge.tasks.kept_threads import KeptThreads
from rivya_bridge.tasks.leases import is_due, new_owner
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.pace import Pace, pace
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.transitions import READ_ALONE

log = logging.getLogger(__name__)

DUTY = "poller"
LINES = 4
# Handed over and not read yet, for each line: a line need not wait for the next look.
AHEAD = 4
LOOK_SECONDS = 0.2
AWAY_SECONDS = 1.0
RENEW = timedelta(seconds=3)


class Poller:
    """Reads due tasks until stopped; an error is logged, not the end."""

    def __init__(self, lines: int = LINES, pace: Pace = pace) -> None:
        self._lines = lines
        self._pace = pace
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._in_hand: set[UUID] = set()
        self._handed: queue.SimpleQueue[UUID | None] = queue.SimpleQueue()
        self._threads = KeptThreads()
        self._neighbour: Callable[[], object] = list
        self._limit_seen: tuple[int, int] | None = None
        self._owner = ""
        self._renewed_at: datetime | None = None

    def start(self, neighbour: Callable[[], object] = list) -> None:
        """`neighbour` is called at every look: it looks after the other threads of the process."""
        self._stop.clear()
        self._neighbour = neighbour
        works = [self._look, *[self._read] * self._lines]
        self._threads.start({f"poller-{number}": work for number, work in enumerate(works)})

    def stop(self) -> None:
        """Only sets a flag, so that it may be called from a signal handler."""
        self._threads.leave()
        self._stop.set()

    def revive(self) -> list[str]:
        """Starts again what has died; returns the names of such threads."""
        return self._threads.revive()

    def join(self, seconds: float) -> bool:
        """Waits for the threads to end after `stop`; False when one is still there."""
        return self._threads.join(seconds)

    def _look(self) -> None:
        self._owner = new_owner()
        with self._lock:  # what a look before this one had in hand when it died may be read again
            self._in_hand.clear()
        while not self._stop.is_set():
            try:
                self._neighbour()
                close_old_connections()
                is_ours = self.round()
            except Exception:
                is_ours = False
                log.exception("Looking for running tasks failed; it goes on.")
            self._stop.wait(LOOK_SECONDS if is_ours else AWAY_SECONDS)
        for _ in range(self._lines):
            self._handed.put(None)
        try:
            leave_duty(DUTY, self._owner)
        except Exception:  # the lease ends by itself
            log.warning("The duty of reading could not be given back.")
        connections.close_all()

    def round(self) -> bool:
        """Hands over what is due and may be read now; False when another process has the duty."""
        self._owner = self._owner or new_owner()
        now = timezone.now()
        if not self._has_duty(now):
            return False
        account = current_connection().account
        self._learn(account)
        for task_id in self._due()[: self._room(account)]:
            if not self._pace.take():
                break
            with self._lock:
                self._in_hand.add(task_id)
            self._handed.put(task_id)
        return True

    def _has_duty(self, now: datetime) -> bool:
        """Renews the duty now and then: a write at every look would keep the disk busy.

        Between two renewals another may have taken it; then both read, and the claims keep them apart.
        """
        if self._renewed_at and timedelta(0) <= now - self._renewed_at < RENEW:
            return True
        is_ours = take_duty(DUTY, self._owner, now)
        self._renewed_at = now if is_ours else None
        return is_ours

    def _due(self) -> list[UUID]:
        """A few more than can be read at once: those with news first, then who has waited longest.

        When readings lag behind, a webhook tells which of them is worth its request.
        """
        with self._lock:
            in_hand = list(self._in_hand)
        running = Task.objects.filter(is_due(timezone.now()), status="running", lease_until=None)
        rows = running.exclude(id__in=in_hand).order_by(F("news_at").asc(nulls_last=True), "due_at")
        return list(rows.values_list("id", flat=True)[: self._lines * AHEAD])

    def _room(self, account: str) -> int:
        """How many may be handed over: none behind a closed gate, one behind one that is probed."""
        most = self._lines * AHEAD
        with self._lock:
            left = most - len(self._in_hand)
        return min(left, gates.width(account, timezone.now(), most))

    def _learn(self, account: str) -> None:
        """Each new rate limit, whoever met it, slows reading down."""
        limit = gates.rate_limit_seen(account)
        if limit is not None and limit != self._limit_seen:
            self._pace.slow_down()
        self._limit_seen = limit

    def _read(self) -> None:
        while True:
            task_id = self._handed.get()
            if task_id is None or self._stop.is_set():
                break
            self.read_one(task_id)
        connections.close_all()

    def read_one(self, task_id: UUID) -> None:
        """One reading of one task, if it is still due; frees its line whatever happens."""
        close_old_connections()
        try:
            advance(task_id, READ_ALONE)
        except Exception:
            log.exception("Task %s could not be read; it is read again.", task_id)
        finally:
            with self._lock:
                self._in_hand.discard(task_id)


poller = Poller()
