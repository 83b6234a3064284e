"""Starts the product as a person would, opens its first page, and stops it with Ctrl-C.

Fails unless the one line with the link comes, the link signs in, a second start is refused, and
no process is left over.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 300
STOP_SECONDS = 20


def main() -> None:
    """Start, look, stop."""
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, **_ports(), "BRIDGE_DATA_DIR": data}
        environment.pop("RIVYA_API_KEY", None)
        started = time.monotonic()
        product = subprocess.Popen(
            [ROOT / "run"], env=environment, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        watch = threading.Timer(START_SECONDS, product.kill)
        watch.start()
        try:
            line = _first_line(product)
            print(f"Ready after {time.monotonic() - started:.1f} s: {line}")
            _expect(_open(_link(line)) in (200, 302), "The link does not sign in.")
            _refuse_second(environment)
            children = _processes_with(data) - {product.pid}
            _expect(len(children) >= 3, "Web, worker and sandbox do not all run.")
            _stop(product)
            _expect(not _processes_with(data), "Processes are left over.")
        finally:
            watch.cancel()
            product.kill()
            product.wait()
    print("The product starts, signs in and stops.")


def _ports() -> dict[str, str]:
    with (
        socket.create_server(("127.0.0.1", 0)) as web,
        socket.create_server(("127.0.0.1", 0)) as sandbox,
        socket.create_server(("127.0.0.1", 0)) as receiver,
    ):
        return {
            "BRIDGE_PORT": str(web.getsockname()[1]),
            "SANDBOX_PORT": str(sandbox.getsockname()[1]),
            "BRIDGE_WEBHOOK_PORT": str(receiver.getsockname()[1]),
        }


def _first_line(product: subprocess.Popen[bytes]) -> str:
    assert product.stdout
    line = product.stdout.readline().decode().strip()
    _expect(line.startswith("Rivya Bridge is ready: "), f"It did not become ready: {line!r}")
    return line


def _link(line: str) -> str:
    found = re.search(r"http://\S+", line)
    if found is None:
        sys.exit("Start and stop: The line has no link.")
    return found[0]


def _open(link: str) -> int:
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status
    finally:
        connection.close()


def _refuse_second(environment: dict[str, str]) -> None:
    second = subprocess.run(
        [ROOT / "run"], env=environment, capture_output=True, text=True, timeout=60
    )
    _expect(second.returncode == 1, "A second start was not refused.")
    _expect(len(second.stderr.splitlines()) == 1, f"Not one line: {second.stderr}")
    print(f"A second start: {second.stderr.strip()}")


def _processes_with(data: str) -> set[int]:
    """The processes whose environment names the data folder; Linux only, elsewhere none."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"BRIDGE_DATA_DIR={data}".encode() in path.read_bytes().split(b"\0"):
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


def _stop(product: subprocess.Popen[bytes]) -> None:
    started = time.monotonic()
    product.send_signal(signal.SIGINT)
    code = product.wait(STOP_SECONDS)
    print(f"Stopped after {time.monotonic() - started:.1f} s with {code}.")
    _expect(code == 0, "It did not stop cleanly.")
    assert product.stdout
    _expect(not product.stdout.read(), "It printed more than one line.")


def _expect(holds: bool, complaint: str) -> None:
    if not holds:
        sys.exit(f"Start and stop: {complaint}")


if __name__ == "__main__":
    main()
