"""Measures status reads of the sandbox against a bare Starlette route under the same server settings.

    .venv/bin/python benchmarks/sandbox_reads.py [--tasks 1000] [--rounds 20]

Asks both servers over four kept-alive connections, in turn within every round. What counts is the time
that each server's process keeps a core busy, not the clock: so other work on the machine hardly matters.
The sandbox holds many tasks. Numbers of this machine say little elsewhere; the ratio says what the
sandbox itself costs. The target is 200 reads a second on one core; exits with 1 when it is missed.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

KEY = {"Authorization": "Bearer rvya_sk_sandbox_full"}
TARGET = 200.0
CONNECTIONS, REQUESTS = 4, 50


def main() -> int:
    parser = argparse.ArgumentParser(description="Status reads a second, beside a bare route.")
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--serve-bare", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_bare:
        serve_bare()
        return 0
    return measure(options.tasks, options.rounds)


def serve_bare() -> None:
    """The least that Starlette can do to answer with an object of the same size."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from rivya_bridge.sandbox.serve import address, bind, configure

    async def show(_: Request) -> JSONResponse:
        return JSONResponse({"id": "task", "text": "x" * 300})

    bound = bind("127.0.0.1", 0)
    print(f"Bare server ready at {address(bound)}", flush=True)
    uvicorn.Server(configure(Starlette(routes=[Route("/bare", show)]))).run([bound])


def measure(tasks: int, rounds: int) -> int:
    """Print both rates and their ratio; 1 when the sandbox is below the target."""
    with tempfile.TemporaryDirectory(prefix="sandbox-reads-") as folder:
        began = time.perf_counter()
        sandbox = [
            "-m", "rivya_bridge.sandbox", "--port", "0", "--data-dir", folder,
            "--rate-limit", "0", "--balance", str(tasks * 2),
        ]  # fmt: skip
        with server(sandbox) as tested:
            ready = time.perf_counter() - began
            tested.path = f"/api/v1/generations/{fill(tested.address, tasks)}"
            with server([__file__, "--serve-bare"]) as bare:
                bare.path = "/bare"
                compare((tested, bare), rounds)
    print(f"ready after {ready:.2f} s; {tasks} tasks stored")
    print(
        f"sandbox {tested.per_second:.0f} reads a second of one core, by the clock {tested.by_clock:.0f}"
    )
    print(
        f"bare    {bare.per_second:.0f} reads a second of one core, by the clock {bare.by_clock:.0f}"
    )
    print(f"ratio {tested.per_second / bare.per_second:.2f}")
    return int(tested.per_second < TARGET)


@dataclass
class Server:
    """One server process, what is asked of it, and what that cost in seconds."""

    pid: int
    address: str
    path: str = ""
    requests: int = 0
    busy: float = 0.0
    waited: float = 0.0

    @property
    def per_second(self) -> float:
        return self.requests / self.busy

    @property
    def by_clock(self) -> float:
        return self.requests / self.waited

    def core_seconds(self) -> float:
        """Seconds that the process has kept a core busy, all threads together."""
        values = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(arguments: list[str]) -> Iterator[Server]:
    """A server process; its address stands in its first line."""
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield Server(process.pid, process.stdout.readline().split()[-1])
    finally:
        process.terminate()
        process.wait(15)


def fill(address: str, tasks: int) -> str:
    """Store tasks; the id of the last one."""
    link = connection(address)
    body = json.dumps({"model": "z-image", "prompt": "A boat"})
    headers = {**KEY, "Content-Type": "application/json"}
    for _ in range(tasks):
        link.request("POST", "/api/v1/generations", body, headers)
        task = json.loads(link.getresponse().read())
    return str(task["id"])


def compare(servers: tuple[Server, ...], rounds: int) -> None:
    """Ask both servers in every round; the first round only warms up."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        links = {one.pid: [connection(one.address) for _ in range(CONNECTIONS)] for one in servers}
        for number in range(rounds + 1):
            for one in servers:
                began, busy = time.perf_counter(), one.core_seconds()
                list(pool.map(ask_often, links[one.pid], [one.path] * CONNECTIONS))
                if number:
                    one.requests += CONNECTIONS * REQUESTS
                    one.busy += one.core_seconds() - busy
                    one.waited += time.perf_counter() - began


def connection(address: str) -> http.client.HTTPConnection:
    parts = urlsplit(address)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)


def ask_often(link: http.client.HTTPConnection, path: str) -> None:
    for _ in range(REQUESTS):
        link.request("GET", path, headers=KEY)
        answer = link.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}.")


if __name__ == "__main__":
    sys.exit(main())
