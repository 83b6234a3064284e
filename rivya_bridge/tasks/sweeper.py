"""The worker's own clock: a thread that sweeps, so that no message has to arrive for work to go on."""

import logging
import threading

from django.conf import settings
from django.db import close_old_connections, connections

log = logging.getLogger(__name__)


class Sweeper:
    """Sweeps at once and then every `seconds` until stopped; an error is logged and does not end it."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Only sets a flag, so that it may be called from a signal handler."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._tick()
            self._stop.wait(settings.SWEEP_SECONDS)
        connections.close_all()

    def _tick(self) -> None:
        from rivya_bridge.catalog.services import ensure_catalog
        from rivya_bridge.tasks.services.sweep import sweep

        close_old_connections()
        for work in (sweep, ensure_catalog):
            try:
                work()
            except Exception:
                log.exception("The sweep failed; it goes on in %s s.", settings.SWEEP_SECONDS)


sweeper = Sweeper()
