"""The product's own worker as a process, over the tests' database and a scripted vendor."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection as database

PROJECT = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 120

Worker = subprocess.Popen[bytes]


@contextmanager
def starting_workers(
    vendor_url: str, folder: Path, **environ: str
) -> Iterator[Callable[[], Worker]]:
    """Gives what starts one; those that still run are killed at the end. `environ`: settings of theirs."""
    started: list[Worker] = []
    settings = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "rivya_bridge.settings",
        "BRIDGE_DATA_DIR": str(folder / "worker"),
        "DATABASE_URL": f"sqlite:///{database.settings_dict['NAME']}",
        "RIVYA_BASE_URL": vendor_url,
        "RIVYA_API_KEY": "rvya_sk_scripted",
        **environ,
    }
    options = "--pool threads -c 4 --without-gossip --without-mingle --without-heartbeat"

    def start() -> Worker:
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "rivya_bridge", "worker"]
        with (folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, *options.split()], cwd=PROJECT, env=settings, stdout=log, stderr=log
            )
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.wait()


def stop_outside_a_write(process: Worker) -> None:
    """A process that is stopped with SQLite's one write lock would stop everybody: not this row."""
    path = database.settings_dict["NAME"]
    for _ in range(50):
        process.send_signal(signal.SIGSTOP)
        # Until every thread stands, also one that was in the kernel and could still take the lock.
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as line:
            try:
                line.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
    raise AssertionError("The worker writes without a pause.")
