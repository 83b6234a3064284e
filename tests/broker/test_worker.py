"""Real Celery workers on the embedded broker: started, killed, stopped and refused."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from celery import Celery

from rivya_bridge.broker import url_for

PROJECT = Path(__file__).resolve().parents[2]
WaitUntil = Callable[[Callable[[], bool]], None]


class Workers:
    """Starts workers whose files are in `folder`; kills those left over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, visibility: float) -> subprocess.Popen[bytes]:
        # Without Django: the broker is plain Python, and so is the worker's application here.
        plain = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        environment = {
            **plain,
            "DOORBELL_FOLDER": str(self.folder),
            "DOORBELL_VISIBILITY": str(visibility),
            # Celery remarks on running as root, which a container may well do.
            "PYTHONWARNINGS": "default,ignore:You're running the worker",
        }
        options = (
            "-m celery -A tests.broker.doorbell_app worker -P threads -c 16 -l INFO "
            "--without-gossip --without-mingle --without-heartbeat"
        )
        with self.log(len(self.running)).open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, *options.split()],
                cwd=PROJECT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.running.append(worker)
        return worker

    def log(self, number: int) -> Path:
        return self.folder / f"worker-{number}.log"

    def lines(self) -> list[list[str]]:
        path = self.folder / "lines"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def seen(self, *words: str) -> bool:
        return any(line[: len(words)] == list(words) for line in self.lines())


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(tmp_path)
    yield workers
    for worker in workers.running:
        worker.kill()
        worker.wait()


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Callable[[int], None]]:
    """Ring the doorbell with a number."""
    with Celery("ringer", broker=url_for(tmp_path / "broker.sqlite3"), set_as_current=False) as app:

        def ring(number: int) -> None:
            app.send_task("ring", args=(number,), ignore_result=True)

        yield ring


def test_a_worker_starts_without_complaint_works_and_stops(
    workers: Workers, ring: Callable[[int], None], wait_until: WaitUntil
) -> None:
    worker = workers.start(visibility=300)
    for number in range(40):
        ring(number)
    wait_until(lambda: len(workers.lines()) == 80)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert sorted(int(line[1]) for line in workers.lines() if line[0] == "end") == list(range(40))
    log = workers.log(0).read_text()
    assert "ready" in log
    assert not re.search(r"error|warning|critical|traceback|deprecat", log, re.I), log


def test_a_message_whose_worker_was_killed_reaches_another(
    workers: Workers, ring: Callable[[int], None], tmp_path: Path, wait_until: WaitUntil
) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    ring(7)
    first = workers.start(visibility=2)
    wait_until(lambda: workers.seen("start", "7", str(first.pid)))
    first.kill()
    first.wait()
    hold.unlink()
    second = workers.start(visibility=2)
    wait_until(lambda: workers.seen("end", "7", str(second.pid)))
    assert not workers.seen("end", "7", str(first.pid))


def test_a_running_worker_survives_the_loss_of_its_messages(
    workers: Workers, ring: Callable[[int], None], tmp_path: Path, wait_until: WaitUntil
) -> None:
    worker = workers.start(visibility=300)
    ring(1)
    wait_until(lambda: workers.seen("end", "1"))
    with closing(sqlite3.connect(tmp_path / "broker.sqlite3", isolation_level=None)) as connection:
        connection.execute("DROP TABLE messages")
    wait_until(lambda: "Connection to broker lost" in workers.log(0).read_text())
    ring(2)
    wait_until(lambda: workers.seen("end", "2", str(worker.pid)))


def test_a_worker_on_a_damaged_file_stops_with_one_clear_error(
    workers: Workers, tmp_path: Path
) -> None:
    (tmp_path / "broker.sqlite3").write_bytes(b"this is no database" * 300)
    worker = workers.start(visibility=300)
    assert worker.wait(20) != 0
    log = workers.log(0).read_text()
    assert log.count("Unrecoverable error") == 1
    assert f"{tmp_path}/broker.sqlite3 is not a readable SQLite database" in log
