"""Where a process dies on purpose: every place at which something was done and is not yet written down.

A program is armed with one place and the number of the pass at which it kills itself with SIGKILL, once.
"""

import importlib
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Point:
    """`program` dies `when` ("before" or "after" the call, or "within": at the first use of what the call
    returns) it comes to `owner.name`; `owner` is a module, or a class behind a colon."""

    program: str
    owner: str
    name: str
    when: str = "after"


_SERVICES = "rivya_bridge.tasks.services"
POINTS: dict[str, Point] = {
    "the intent is committed": Point("web", "rivya_bridge.automation.api.jobs", "do_once"),
    "the claim is committed": Point("worker", f"{_SERVICES}.submit", "_belongs_here", "before"),
    "the intent to send is committed": Point("worker", f"{_SERVICES}.submit", "_begin"),
    "before the send": Point("worker", f"{_SERVICES}.submit", "_send", "before"),
    "after the reply": Point("worker", f"{_SERVICES}.submit", "close_accepted", "before"),
    "the reply is written down": Point("worker", f"{_SERVICES}.submit", "accept", "before"),
    "within the acceptance": Point("worker", f"{_SERVICES}.remote_state", "record_acceptance"),
    "the acceptance is committed": Point("worker", f"{_SERVICES}.submit", "accept"),
    "after the poll's reply": Point("worker", f"{_SERVICES}.poll", "apply_remote_state", "before"),
    "before the ledger": Point(
        "worker", f"{_SERVICES}.remote_state", "record_settlement", "before"
    ),
    "within the settlement": Point("worker", f"{_SERVICES}.remote_state", "record_settlement"),
    "in mid-download": Point("worker", f"{_SERVICES}.save", "_keeper", "within"),
    "after the rename": Point("worker", "rivya_bridge.files.store", "place"),
    "the file is stored": Point("worker", f"{_SERVICES}.save", "store_result"),
    "the end is committed": Point("worker", f"{_SERVICES}.save", "finish"),
    "in mid-upload": Point("worker", "rivya_bridge.files.uploading", "_keeper", "within"),
    "in mid-sweep": Point("worker", f"{_SERVICES}.sweep", "ring_due", "before"),
    "after the cancel mark": Point("web", "rivya_bridge.tasks.api", "cancel_task"),
    "before a webhook's insert": Point(
        "receiver", "rivya_bridge.webhooks.receiver", "store_events", "before"
    ),
    "a webhook is committed": Point(
        "receiver", "rivya_bridge.webhooks.receiver", "store_events", "after"
    ),
}


def arm(wish: str) -> None:
    """Arms this process: "name|pass|file", where the file tells that it has happened. Empty arms nothing."""
    if not wish:
        return
    name, number, mark = wish.split("|")
    point = POINTS[name]
    owner = importlib.import_module(point.owner)
    trap = _trap(int(number), Path(mark))
    setattr(owner, point.name, _WRAPPERS[point.when](getattr(owner, point.name), trap))


def _trap(number: int, mark: Path) -> Callable[[], None]:
    passes, lock = [0], threading.Lock()

    def spring() -> None:
        with lock:
            passes[0] += 1
            if passes[0] < number or mark.exists():
                return
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return spring


def _before(original: Callable[..., Any], spring: Callable[[], None]) -> Callable[..., Any]:
    def do(*arguments: Any, **named: Any) -> Any:
        spring()
        return original(*arguments, **named)

    return do


def _after(original: Callable[..., Any], spring: Callable[[], None]) -> Callable[..., Any]:
    def do(*arguments: Any, **named: Any) -> Any:
        result = original(*arguments, **named)
        spring()
        return result

    return do


def _within(original: Callable[..., Any], spring: Callable[[], None]) -> Callable[..., Any]:
    def do(*arguments: Any, **named: Any) -> Any:
        return _before(original(*arguments, **named), spring)

    return do


_WRAPPERS = {"before": _before, "after": _after, "within": _within}
