"""Who sends what is due: one sleeping thread, and a short-lived thread per attempt.

The thread sleeps until the next generation ends or the next delivery is due, or until it is
woken. It asks the sandbox's clock, so under a clock that stands still nothing falls due until
`run_due` or the clock says so.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import Counter
from typing import Any

from ..choices import Choices
from ..lifecycle import Clock, milliseconds
from ..store import Generation, Store
from ..wallet import settle_due
from .attempts import (
    Attempt,
    claim_due,
    claim_generation,
    claimed_attempt,
    finish,
    next_due,
    recover,
)
from .outbox import Outbox, queue_test
from .records import Endpoint, delivery_record
from .sending import Sender
from .signing import sign_by, signer

USER_AGENT = "Rivya-Webhooks/1.0"
SHORTEST_SLEEP_SECONDS = 0.02
LONGEST_SLEEP_SECONDS = 60.0
"""While something is to come: how late a clock that was set forward is noticed."""
STOP_SECONDS = 2.0

log = logging.getLogger(__name__)


class Dispatcher:
    """Settles what is over and delivers what is due, in parallel and within limits."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        choices: Choices,
        outbox: Outbox,
        sender: Sender | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._choices = choices
        self._outbox = outbox
        self._sender = sender or Sender(
            allow_local=choices.allow_local_webhooks, seconds=choices.webhook_timeout_seconds
        )
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._round = threading.Lock()
        """Held from claiming to beginning: what one round claimed, the next one sees under way."""
        self._lock = threading.Lock()
        self._under_way: dict[threading.Thread, Attempt] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Take up what a dead process left behind and begin to watch."""
        recover(self._store, milliseconds(self._clock))
        self._thread = threading.Thread(target=self._watch, name="dispatcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop sending, cut what is under way and leave it to the next start."""
        self._stopping.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join()
        self._sender.abort()
        give_up = time.monotonic() + STOP_SECONDS
        for thread in self._threads():
            thread.join(max(0.0, give_up - time.monotonic()))

    def wake(self) -> None:
        """Look at once for what is due, or for a nearer time to wake up."""
        self._bell.set()

    def run_due(self, now_ms: int | None = None) -> int:
        """Settle and deliver all that is due by `now_ms` (default: the clock's time).

        Returns the number of attempts that this call made, after all that were under way
        have ended.
        """
        made = 0
        while True:
            due_ms = milliseconds(self._clock) if now_ms is None else now_ms
            made += len(self._begin_due(due_ms, now_ms))
            waiting = self._threads()
            if not waiting:
                return made
            for thread in waiting:
                thread.join()

    def deliver_before_answer(self, generation: Generation) -> None:
        """If its scenario says so, end a new generation now and send its event, and wait."""
        if not self._outbox.comes_before_answer(generation):
            return
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE generation SET starts_ms = created_ms, ends_ms = created_ms "
                "WHERE id = ? AND settled_status IS NULL",
                (generation.id,),
            )
        now_ms = max(milliseconds(self._clock), generation.created_ms)
        with self._round:
            settle_due(self._store, now_ms, self._outbox)
            self._begin(claim_generation(self._store, generation.id, now_ms), now_ms)
        self.wake()
        # The watching thread may have been quicker, so its attempts are waited for as well.
        for thread in self._threads(generation.id):
            thread.join()

    def send_test(self, endpoint: Endpoint, event_type: str) -> dict[str, Any]:
        """Send a test event, wait for the answer and return the delivery record."""
        now_ms = milliseconds(self._clock)
        delivery_id = queue_test(self._store, endpoint, event_type, now_ms)
        for thread in self._begin([claimed_attempt(self._store, delivery_id)], now_ms):
            thread.join()
        return delivery_record(self._store, delivery_id)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            now_ms = milliseconds(self._clock)
            try:
                self._begin_due(now_ms, None)
                wait = self._seconds_after(now_ms)
            except sqlite3.Error:
                log.exception("The sandbox could not look for due webhooks.")
                wait = 1.0
            self._bell.wait(wait)
            self._bell.clear()

    def _seconds_after(self, seen_ms: int) -> float | None:
        """How long to sleep, when all that was due by `seen_ms` has been begun."""
        due_ms = next_due(self._store, seen_ms)
        if due_ms is None:
            return None
        wait = (due_ms - milliseconds(self._clock)) / 1000
        return min(max(wait, SHORTEST_SLEEP_SECONDS), LONGEST_SLEEP_SECONDS)

    def _begin_due(self, now_ms: int, given_ms: int | None) -> list[threading.Thread]:
        with self._round:
            settle_due(self._store, now_ms, self._outbox)
            with self._lock:
                busy = Counter(attempt.endpoint_id for attempt in self._under_way.values())
            return self._begin(claim_due(self._store, now_ms, busy, self._choices), given_ms)

    def _begin(self, attempts: list[Attempt], now_ms: int | None) -> list[threading.Thread]:
        threads = []
        for attempt in attempts:
            thread = threading.Thread(
                target=self._attempt, args=(attempt, now_ms), name=attempt.id, daemon=True
            )
            with self._lock:  # Whoever sees it may join it, so it must have started.
                self._under_way[thread] = attempt
                thread.start()
            threads.append(thread)
        return threads

    def _attempt(self, attempt: Attempt, given_ms: int | None) -> None:
        try:
            body = attempt.body.encode()
            sent_ms = milliseconds(self._clock) if given_ms is None else given_ms
            outcome = self._sender.post(attempt.url, _headers(attempt, body, sent_ms), body)
            if self._stopping.is_set():
                return
            ended_ms = milliseconds(self._clock) if given_ms is None else given_ms
            finish(self._store, attempt, outcome, ended_ms, self._choices)
        except sqlite3.Error:
            log.exception("The outcome of a webhook delivery could not be stored.")
        finally:
            with self._lock:
                del self._under_way[threading.current_thread()]
            self._bell.set()

    def _threads(self, generation_id: str | None = None) -> list[threading.Thread]:
        """Those under way: all, or those of one generation."""
        with self._lock:
            return [
                thread
                for thread, attempt in self._under_way.items()
                if generation_id in (None, attempt.generation_id)
            ]


def _headers(attempt: Attempt, body: bytes, sent_ms: int) -> dict[str, str]:
    """The headers of a callback; those beyond Content-Type are assumed."""
    signed = signer(attempt.signature, attempt.secret, sent_ms // 1000)
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        **sign_by(attempt.scheme, attempt.event_id, body, signed),
        "Rivya-Event-Id": attempt.event_id,
        "Rivya-Event-Type": attempt.event_type,
        "Rivya-Delivery-Id": attempt.id,
    }
