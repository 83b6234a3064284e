"""The worker's own clock: threads that sweep, so that no message has to arrive for work to go on.

Rows and readings have a thread each: a vendor that answers slowly must not hold up the rows.
"""

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections, connections

log = logging.getLogger(__name__)


class Sweeper:
    """Sweeps at once and then every SWEEP_SECONDS until stopped; an error is logged, not the end."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        from rivya_bridge.catalog.services import ensure_catalog
        from rivya_bridge.tasks.services.balance import renew_balance
        from rivya_bridge.tasks.services.sweep import sweep_rows

        self._stop.clear()
        self._run_in_thread("sweeper", sweep_rows)
        self._run_in_thread("reader", renew_balance, ensure_catalog)

    def stop(self) -> None:
        """Only sets a flag, so that it may be called from a signal handler."""
        self._stop.set()

    def _run_in_thread(self, name: str, *works: Callable[[], object]) -> None:
        thread = threading.Thread(target=self._run, args=works, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, *works: Callable[[], object]) -> None:
        while not self._stop.is_set():
            close_old_connections()
            for work in works:
                self._try(work)
            self._stop.wait(settings.SWEEP_SECONDS)
        connections.close_all()

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception("The sweep failed; it goes on in %s s.", settings.SWEEP_SECONDS)


sweeper = Sweeper()
