"""The worker's own clock: threads that sweep, so that no message has to arrive for work to go on.

Rows and readings have a thread each: a vendor that answers slowly must not hold up the rows. Should a
thread die all the same, the poller's next look starts it again, as these do with the poller's.
"""

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections, connections

from rivya_bridge.tasks.kept_threads import KeptThreads

log = logging.getLogger(__name__)


class Sweeper:
    """Sweeps at once and then every SWEEP_SECONDS until stopped; an error is logged, not the end."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads = KeptThreads()
        self._neighbour: Callable[[], object] = list

    def start(self, neighbour: Callable[[], object] = list) -> None:
        """`neighbour` is called in every round: it looks after the other threads of the process."""
        from rivya_bridge.catalog.services import ensure_catalog
        from rivya_bridge.tasks.services.balance import renew_balance
        from rivya_bridge.tasks.services.sweep import sweep_rows

        self._stop.clear()
        self._neighbour = neighbour
        self._threads.start(
            {
                "sweeper": lambda: self._run(sweep_rows),
                "reader": lambda: self._run(renew_balance, ensure_catalog),
            }
        )

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

    def _run(self, *works: Callable[[], object]) -> None:
        while not self._stop.is_set():
            for work in (self._neighbour, close_old_connections, *works):
                self._try(work)
            self._stop.wait(settings.SWEEP_SECONDS)
        connections.close_all()

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception("The sweep failed; it goes on in %s s.", settings.SWEEP_SECONDS)


sweeper = Sweeper()
