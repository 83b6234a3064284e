"""The real product for tests and screenshots: its own processes, free ports, a data folder of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rivya_bridge.dashboard.supervisor import tethered

ROOT = Path(__file__).resolve().parents[2]
_SOME_LINKS = """
from rivya_bridge.access.services import create_launch_link
for _ in range(8):
    print(create_launch_link())
"""
_LINK_SECONDS = 600.0  # of the 900 that one is good for
_OWN_SETTINGS = ("RIVYA_", "BRIDGE_", "SANDBOX_", "DATABASE_URL", "CELERY_")


@dataclass
class Product:
    """A running installation. `first_link` is the one-time link of its ready line."""

    base_url: str
    first_link: str
    environment: dict[str, str]
    log: Path
    _links: list[str] = field(default_factory=list)
    _linked_at: float = 0.0

    def manage(self, *arguments: str) -> str:
        """What a management command of this installation prints."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(
            command, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def sign_in_link(self) -> str:
        """A new one-time link; the process that makes one makes several, for the next callers."""
        if not self._links or time.monotonic() - self._linked_at > _LINK_SECONDS:
            self._links = self.manage("shell", "-v", "0", "-c", _SOME_LINKS).split()
            self._linked_at = time.monotonic()
        return self._links.pop()


@contextmanager
def running_product(folder: Path, **settings: str) -> Iterator[Product]:
    """`manage.py up --prepare` until the block ends; RuntimeError with its log when it never starts.

    It ends with the process of the test too, even when that is killed (Linux).
    """
    folder.mkdir(parents=True, exist_ok=True)
    bridge_port, sandbox_port, webhook_port = _free_ports(3)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_OWN_SETTINGS)}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "rivya_bridge.settings",
        "BRIDGE_DATA_DIR": str(folder / "data"),
        "BRIDGE_PORT": str(bridge_port),
        "SANDBOX_PORT": str(sandbox_port),
        "BRIDGE_WEBHOOK_PORT": str(webhook_port),
        **settings,
    }
    log = folder / "product.log"
    command = tethered([sys.executable, str(ROOT / "manage.py"), "up", "--prepare"])
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        try:
            link = _ready_link(process)
            if not link:
                raise RuntimeError(f"The product did not start:\n{log.read_text()[-4000:]}")
            yield Product(f"http://127.0.0.1:{bridge_port}", link, environment, log)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _ready_link(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if "is ready:" in line:
            return next(word for word in line.split() if "://" in word)
    return ""


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
