"""The row of the fault matrix about huge results and a low disk: capped, held, and nothing kept of them.

Results are poured from a socket as chunks that are made on the way. What is asserted is how many bytes were
taken, how much memory that cost and what is on the disk afterwards; never a time.
"""

import shutil
import tracemalloc
import zlib
from collections import namedtuple
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rivya_bridge.files.room import CHECK_EVERY_BYTES
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import continue_task
from tests.tasks.making import Clock, carry, check_books, make_task
from tests.tasks.vendor import Handler, Vendor, file

pytestmark = pytest.mark.django_db(transaction=True)

MB = 1024 * 1024
WHOLE = 5 * 1024 * MB
CAP = 32 * MB
# What the sockets of this machine hold on their way, at most.
ON_THE_WAY = 16 * MB
MOST_MEMORY = 10 * MB
Usage = namedtuple("Usage", "total used free")


class Pour:
    """Five gigabytes of a result, or as much of them as is taken."""

    def __init__(self, *, is_declared: bool = False, is_packed: bool = False) -> None:
        self.sent = 0
        self._is_declared, self._is_packed = is_declared, is_packed

    def __call__(self, handler: Handler) -> None:
        handler.send_response(200)
        if self._is_declared:
            handler.send_header("Content-Length", str(WHOLE))
        if self._is_packed:
            handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.close_connection = True
        with suppress(OSError):
            for chunk in self._chunks():
                handler.wfile.write(chunk)
                self.sent += len(chunk)

    def _chunks(self) -> Iterator[bytes]:
        zeros = bytes(MB)
        packer = zlib.compressobj(wbits=31)
        for _ in range(WHOLE // MB):
            yield packer.compress(zeros) if self._is_packed else zeros


@pytest.fixture(autouse=True)
def small_cap(settings: Any) -> None:
    settings.DOWNLOAD_MAX_BYTES = CAP


@pytest.fixture
def memory() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def kept_bytes(settings: Any) -> int:
    """What lies in the vault, half-written files included."""
    files = [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files)


def carried(vendor: Vendor, clock: Clock, result: Any) -> Task:
    vendor.downloads.append(result)
    return carry(make_task(), clock)


@pytest.mark.parametrize(
    ("pour", "most_sent"),
    [
        (Pour(is_declared=True), ON_THE_WAY),
        (Pour(), CAP + ON_THE_WAY),
        (Pour(is_packed=True), ON_THE_WAY),
    ],
    ids=["declared", "endless", "packed"],
)
def test_five_gigabytes_are_cut_at_the_cap_and_held(
    vendor: Vendor, clock: Clock, settings: Any, memory: None, pour: Pour, most_sent: int
) -> None:
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    task = carried(vendor, clock, pour)
    _, peak = tracemalloc.get_traced_memory()
    assert (task.status, task.reason) == ("held", "result_refused")
    assert "32 MB" in task.reason_text
    assert pour.sent <= most_sent
    assert peak - before <= MOST_MEMORY
    assert kept_bytes(settings) == 0
    assert (vendor.generations, task.final_credits) == (1, 1)
    check_books(task)


def test_a_disk_that_is_low_holds_the_task_before_a_byte_is_fetched(
    vendor: Vendor, clock: Clock, settings: Any, monkeypatch: Any
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 40 * 10**6))
        task = carried(vendor, clock, file)
        assert (task.status, task.reason) == ("held", "data_folder")
        assert "40 MB are free there, and 104 MB are kept for the database" in task.reason_text
        assert vendor.count("GET", "/results/") == 0
    continue_task(task.pk)
    assert carry(task, clock).status == "succeeded"
    check_books(task)


def test_a_disk_that_runs_low_stops_the_download_in_its_middle(
    vendor: Vendor, clock: Clock, settings: Any, monkeypatch: Any
) -> None:
    """It has room at first, and at the second look no more; what was written is gone again."""
    settings.DOWNLOAD_MAX_BYTES = WHOLE
    pour, looks = Pour(), iter([10**9, 10**9])
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, next(looks, 10**6)))
        task = carried(vendor, clock, pour)
    assert (task.status, task.reason) == ("held", "data_folder")
    assert 2 * CHECK_EVERY_BYTES <= pour.sent <= 3 * CHECK_EVERY_BYTES + ON_THE_WAY
    assert kept_bytes(settings) == 0
    continue_task(task.pk)
    assert carry(task, clock).status == "succeeded"
    check_books(task)
