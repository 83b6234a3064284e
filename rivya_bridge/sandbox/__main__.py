"""`python -m rivya_bridge.sandbox`: run the sandbox until it is told to stop."""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from types import FrameType

from .app import create_app
from .choices import Choices
from .serve import QuietServer, address, bind, configure
from .store import Store

_DESCRIPTION = """\
A local stand-in for Rivya's API v1, with its own pictures, clips, sounds and chat.
It needs no network and no account; its credits are play money."""
_EPILOG = """\
Without any option it listens on http://127.0.0.1:8001 and keeps its files in
var/sandbox below this folder. The page at its address lists keys, models, last
requests and faults to switch on. Ctrl-C stops it.

A first request:
  curl http://127.0.0.1:8001/api/v1/generations \\
    -H "Authorization: Bearer rvya_sk_sandbox_full" \\
    -H "Content-Type: application/json" \\
    -d '{"model": "z-image", "prompt": "A boat on a lake"}'
"""


class AnnouncedServer(QuietServer):
    """Prints one line when it is ready."""

    address = ""

    def announce(self) -> None:
        print(f"Sandbox ready at {self.address}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean stop, 1 when it could not start."""
    options = _parser().parse_args(arguments)
    # uvicorn stops by itself and then repeats the signal, which would end us with an error.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _already_stopped)
    try:
        bound = bind(options.host, options.port)
    except (OSError, OverflowError) as error:
        return _refuse(f"can't listen on {options.host}:{options.port}: {error}")
    with closing(bound):
        try:
            store = Store(options.data_dir)
        except (OSError, sqlite3.Error) as error:
            return _refuse(f"can't write to {options.data_dir}: {error}")
        with store:
            server = AnnouncedServer(configure(create_app(store, time.time, _choices(options))))
            server.address = address(bound)
            server.run([bound])
    return 0


def _already_stopped(_number: int, _frame: FrameType | None) -> None:
    """Nothing is left to do."""


def _refuse(reason: str) -> int:
    print(f"Sandbox not started: {reason}", file=sys.stderr)
    return 1


def _choices(options: argparse.Namespace) -> Choices:
    return Choices(
        speed=options.speed,
        rate_limit=options.rate_limit,
        opening_balance=options.balance,
        allow_local_webhooks=options.allow_local_webhooks,
        webhook_retry_scale=options.webhook_retry_scale,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rivya_bridge.sandbox",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine alone)"
    )
    parser.add_argument(
        "--port", type=int, default=8001, help="port (default: 8001; 0 picks a free one)"
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path("var/sandbox"),
        help="folder for its database, uploads and results; kept between starts",
    )
    parser.add_argument(
        "--speed",
        type=_positive,
        default=1.0,
        help="how fast its clock runs: 10 ends in one second what takes ten (default: 1)",
    )
    parser.add_argument(
        "--rate-limit",
        type=_count,
        default=60,
        help="requests a minute that a key may send (default: 60; 0 is no limit)",
    )
    parser.add_argument(
        "--balance", type=_count, default=5000, help="credits of a new wallet (default: 5000)"
    )
    parser.add_argument(
        "--allow-local-webhooks",
        action="store_true",
        help="let webhook endpoints use http and stand on this machine",
    )
    parser.add_argument(
        "--webhook-retry-scale",
        type=_positive,
        default=1.0,
        help="multiplies the waits between webhook attempts, such as 0.01 (default: 1)",
    )
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError("must be greater than 0")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


if __name__ == "__main__":
    sys.exit(main())
