"""What a piece of work tells while it goes on. Every telling shows that it is still its own."""

import time
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from rivya_bridge.files.store import Readable
from rivya_bridge.sharing.models import Staged
from rivya_bridge.tasks.leases import LEASE

TELL_SECONDS = 0.5


class Stopped(Exception):
    """It is somebody else's, or nobody's, by now: whatever is not committed is dropped."""


class TakesLonger(Exception):
    """Longer than somebody waits for it: it begins again, or goes on, in the background."""


class Progress:
    """Of work that nobody watches: a command, which has the file for itself."""

    def begin(self, stage: str, total: int, done: int = 0) -> None:
        """Something else is counted from now on."""

    def step(self, count: int = 1) -> None:
        """So much more is done."""

    def keep(self, **fields: Any) -> None:
        """Writes fields of the row, in the transaction of what they speak of. Raises Stopped."""

    def watched(self, stream: Readable) -> Readable:
        """The stream, of which every piece that is read shows that the work goes on."""
        return _Watched(stream, self)


class _Watched:
    def __init__(self, stream: Readable, progress: Progress) -> None:
        self._stream, self._progress = stream, progress

    def read(self, size: int = -1, /) -> bytes:
        self._progress.step(0)
        return self._stream.read(size)


class Claim(Progress):
    """One worker's hold on a staged file. `until` is the monotonic moment at which somebody who waits
    for it waits no longer; None in the background."""

    def __init__(self, staged: Staged, until: float | None) -> None:
        self.staged = staged
        self._until = until
        self._next = 0.0

    def begin(self, stage: str, total: int, done: int = 0) -> None:
        row = self.staged
        row.stage, row.total_count, row.done_count = stage, total, done
        self._tell()

    def step(self, count: int = 1) -> None:
        self.staged.done_count += count
        if self._until is not None and time.monotonic() > self._until:
            raise TakesLonger
        if time.monotonic() >= self._next:
            self._tell()

    def keep(self, **fields: Any) -> None:
        row = self.staged
        fields = {
            "stage": row.stage,
            "done_count": row.done_count,
            "total_count": row.total_count,
            "lease_until": timezone.now() + LEASE,
            **fields,
        }
        held = Staged.objects.filter(pk=row.pk, worker=row.worker, status=row.status)
        if not row.worker or not held.update(**fields):
            raise Stopped
        for name, value in fields.items():
            setattr(row, name, value)

    def end(self, status: str, **fields: Any) -> None:
        """Leaves a state of work for another, and lets go. Raises Stopped."""
        self.keep(status=status, lease_until=None, worker="", attempts=0, stage="", **fields)

    def let_go(self, rung_at: datetime | None = None) -> None:
        """Somebody else may have it, from the beginning of what is not kept; nothing has failed."""
        held = Staged.objects.filter(pk=self.staged.pk, worker=self.staged.worker)
        tried = F("attempts") - 1
        held.update(worker="", lease_until=None, rung_at=rung_at, attempts=tried)

    def _tell(self) -> None:
        self.keep()
        self._next = time.monotonic() + TELL_SECONDS
