"""Starts the product's programs in a moment: imports the product once and forks a program for each wish.

A storm that kills hundreds of processes would otherwise spend its time on imports. What runs in the child
is the product's own command, as `./run` starts it; only the imports were done before.

`python -m tests.chaos.nursery` reads one JSON line a wish, {"log", "module", "arguments", "environment"}, and
answers each with the child's process id. Linux only, as the kills are.
"""

import ctypes
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from rivya_bridge.dashboard.supervisor import ALLOCATION

PROJECT = Path(__file__).resolve().parents[2]
IMPORTED = (
    "celery.apps.worker",
    "celery.bin.worker",
    "celery.concurrency.thread",
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
    "rivya_bridge.celery",
    "rivya_bridge.urls",
    "rivya_bridge.webhooks.receiver",
    "uvicorn",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.auto",
)
_PR_SET_PDEATHSIG = 1


class Child:
    """One forked program; it is no child of this process, so that it is watched by a descriptor."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def is_alive(self) -> bool:
        return not select.select([self._descriptor], [], [], 0)[0]

    def family(self) -> list[int]:
        """Its process and those that it has forked, as gunicorn does."""
        with suppress(OSError):
            text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
            return [self.pid, *(int(one) for one in text.split())]
        return [self.pid]

    def kill(self) -> None:
        """SIGKILL for it and its children; returns when it is gone."""
        for pid in reversed(self.family()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.wait(60)

    def end(self) -> bool:
        """SIGTERM, and SIGKILL if that does not help within 20 seconds; whether it did."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGTERM)
        if self.wait(20):
            return True
        self.kill()
        return False

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within that time."""
        return bool(select.select([self._descriptor], [], [], seconds)[0])


class Nursery:
    """The process that forks; `settings` are in the environment when it is made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            cwd=PROJECT,
            env={**ALLOCATION, **os.environ},  # as the product's own programs begin
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, log: Path, command: list[str], environment: dict[str, str]) -> Child:
        """The command is `python -m module ...`. RuntimeError when the nursery is gone."""
        _, _, module, *arguments = command
        wish = {"log": str(log), "module": module, "arguments": arguments}
        with self._lock:
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(json.dumps(wish | {"environment": environment}) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("The nursery of the programs has ended.")
        return Child(int(answer))

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Forks until nobody wishes any more."""
    import django

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    django.setup()
    for name in IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the dead
    for line in sys.stdin:
        wish = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(wish)
        print(pid, flush=True)


def _live(wish: dict[str, Any]) -> None:
    """In the child: becomes the program. Never returns."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for name in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(name, signal.SIG_DFL)
        log = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, target)
        os.environ.update(wish["environment"])
        from tests.chaos.program import become

        become(wish["module"], wish["arguments"])
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
