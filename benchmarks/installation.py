"""The processes that are measured: the product as `./run` starts it, and the bare pages."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_SECONDS = 90.0
READY_WORDS = "Rivya Bridge is ready: "


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def product() -> Iterator[tuple[int, str]]:
    """`manage.py up --prepare` under the settings in the environment: its process id and a one-time
    sign-in link."""
    process = _start("manage.py", "up", "--prepare")
    try:
        yield process.pid, _read_link(process)
    finally:
        _stop(process)


@contextlib.contextmanager
def bare_pages(port: int, database: Path, experiment_id: object) -> Iterator[str]:
    """The bare pages under the product's gunicorn settings; yields their base address."""
    process = _start(
        "-m", "gunicorn", "--config", "python:rivya_bridge.dashboard.gunicorn_settings",
        "--bind", f"127.0.0.1:{port}", "benchmarks.bare_page:application",
        BENCH_DATABASE=str(database), BENCH_EXPERIMENT=str(experiment_id),
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/tasks/", process)
        yield address
    finally:
        _stop(process)


def _start(*command: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _read_link(process: subprocess.Popen[str]) -> str:
    """The link of the ready line; what is printed later is read and dropped by a thread."""
    assert process.stdout
    seen = []
    for line in process.stdout:
        seen.append(line)
        if READY_WORDS in line:
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return line.split(READY_WORDS)[1].split()[0]
    raise RuntimeError("The product did not start:\n" + "".join(seen))


def _wait_for(address: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(address).raise_for_status()
            return
        time.sleep(0.1)
    _stop(process)
    assert process.stdout
    raise RuntimeError("The bare pages did not start:\n" + process.stdout.read())


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def memory_of_tree(root_pid: int) -> dict[str, tuple[int, int]]:
    """PSS and RSS in bytes of a process and all that it started, by what they run."""
    sizes: dict[str, tuple[int, int]] = {}
    for pid in _tree(root_pid):
        with contextlib.suppress(OSError):
            pss, rss = _rollup(pid)
            name = _program(pid)
            earlier = sizes.get(name, (0, 0))
            sizes[name] = earlier[0] + pss, earlier[1] + rss
    return sizes


def _tree(root_pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [root_pid]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += parents.get(pid, [])
    return found


def _rollup(pid: int) -> tuple[int, int]:
    sizes = {"Pss:": 0, "Rss:": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        words = line.split()
        if words[0] in sizes:
            sizes[words[0]] = int(words[1]) * 1024
    return sizes["Pss:"], sizes["Rss:"]


def _program(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    known = {"gunicorn": "web", "celery": "worker", "rivya_bridge.sandbox": "sandbox"}
    return next((known[word] for word in words if word in known), "supervisor")
