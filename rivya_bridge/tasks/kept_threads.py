"""Threads that have to be there as long as their process: one that has died is started again."""

import logging
import threading
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)


class KeptThreads:
    """Daemon threads by name. `revive` may be called by any thread, as often as it likes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._works: dict[str, Callable[[], None]] = {}
        self._threads: dict[str, threading.Thread] = {}

    def start(self, works: Mapping[str, Callable[[], None]]) -> None:
        """One thread for each work. They are daemons: a process that ends does not wait for them."""
        with self._lock:
            self._works = dict(works)
            for name, work in works.items():
                self._begin(name, work)

    def revive(self) -> list[str]:
        """Starts those again that are not there any more; returns their names."""
        with self._lock:
            works = self._works
            dead = [name for name in works if not self._threads[name].is_alive()]
            for name in dead:
                log.error("The thread %s had died; it is started again.", name)
                self._begin(name, works[name])
        return dead

    def leave(self) -> None:
        """From now on a thread that ends was meant to. Takes no lock: a signal handler may call it."""
        self._works = {}

    def join(self, seconds: float) -> bool:
        """Waits for each to end; False when one is still there."""
        for thread in self._threads.values():
            thread.join(seconds)
        return not any(thread.is_alive() for thread in self._threads.values())

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads[name] = thread
        thread.start()
