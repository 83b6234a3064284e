"""While a turn is told: its lease is renewed, and a person's wish to stop reaches the stream."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.utils import timezone

from rivya_bridge.rivya import ChatStream
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.transitions import LostClaim, renew

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
# In looks: the lease lasts four times as long.
RENEW_EVERY = 30


@contextmanager
def watched(task: Task, stream: ChatStream) -> Iterator[None]:
    """A thread of its own, because the one that reads may wait a minute for the next byte."""
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(task, stream, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _watch(task: Task, stream: ChatStream, done: threading.Event) -> None:
    looks = 0
    try:
        while not done.wait(LOOK_SECONDS):
            looks += 1
            if _is_over(task, looks):
                stream.stop()
                return
    finally:
        connections.close_all()


def _is_over(task: Task, looks: int) -> bool:
    """Whether a person wants it stopped, or somebody else took the task over."""
    try:
        if looks % RENEW_EVERY == 0:
            renew(task, timezone.now())
        return Task.objects.filter(pk=task.pk, cancel_requested_at__isnull=False).exists()
    except LostClaim:
        return True
    except Exception:  # a busy database is no reason to cut an answer
        log.exception("Turn %s could not be looked after; it goes on.", task.pk)
        return False
