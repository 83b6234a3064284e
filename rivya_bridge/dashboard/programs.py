"""The programs that make up a running installation, and their ports."""

import os
import sys
from collections.abc import Mapping

from django.conf import settings

from rivya_bridge.dashboard.supervisor import Program

_SANDBOX_HOST = "127.0.0.1"
# Calls a minute of one key: a sweep over many models must not meet the sandbox's own limit.
_SANDBOX_RATE = 600
_WORKER_THREADS = 16


def programs() -> list[Program]:
    """What the settings ask for.

    Web, worker and the receiver of webhooks always, beat when scaled out, and the sandbox unless the
    environment names a key: without one a person may switch to the sandbox at any time.
    """
    wanted = [_web(), _worker(), _receiver()]
    if settings.SCALED_OUT:
        wanted.append(_beat())
    if settings.USES_SANDBOX:
        wanted.append(_sandbox())
    return wanted


def listeners() -> list[tuple[str, str, int, str]]:
    """Program, host, port and the variable that sets the port, of all that listen."""
    wanted = [
        ("web", settings.BRIDGE_HOST, settings.BRIDGE_PORT, "BRIDGE_PORT"),
        (
            "receiver",
            settings.BRIDGE_WEBHOOK_HOST,
            settings.BRIDGE_WEBHOOK_PORT,
            "BRIDGE_WEBHOOK_PORT",
        ),
    ]
    if settings.USES_SANDBOX:
        wanted.append(("sandbox", _SANDBOX_HOST, settings.SANDBOX_PORT, "SANDBOX_PORT"))
    return wanted


def _environment() -> Mapping[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        "PYTHONPATH": str(settings.PROJECT_DIR),
        "PYTHONUNBUFFERED": "1",
        # Celery's ten lines on running as root would bury the one line that matters.
        "PYTHONWARNINGS": "ignore:You're running the worker",
    }


def _program(name: str, *command: str, stops_last: bool = False) -> Program:
    return Program(name, (sys.executable, "-m", *command), _environment(), stops_last)


def _web() -> Program:
    host = settings.BRIDGE_HOST
    bind = f"[{host}]:{settings.BRIDGE_PORT}" if ":" in host else f"{host}:{settings.BRIDGE_PORT}"
    config = "python:rivya_bridge.dashboard.gunicorn_settings"
    return _program("web", "gunicorn", "--config", config, "--bind", bind)


def _worker() -> Program:
    return _program(
        "worker", "celery", "--quiet", "--app", "rivya_bridge", "worker",
        "--pool", "threads", "--concurrency", str(_WORKER_THREADS), "--prefetch-multiplier", "1",
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO",
    )  # fmt: skip


def _receiver() -> Program:
    return _program("receiver", "rivya_bridge.webhooks")


def _beat() -> Program:
    schedule = str(settings.BRIDGE_DATA_DIR / "beat.schedule")
    return _program(
        "beat", "celery", "--quiet", "--app", "rivya_bridge", "beat",
        "--schedule", schedule, "--pidfile=", "--loglevel", "INFO",
    )  # fmt: skip


def _sandbox() -> Program:
    """Stops last: a worker that finishes its calls still needs it."""
    return _program(
        "sandbox", "rivya_bridge.sandbox", "--host", _SANDBOX_HOST,
        "--port", str(settings.SANDBOX_PORT), "--rate-limit", str(_SANDBOX_RATE),
        "--data-dir", str(settings.BRIDGE_DATA_DIR / "sandbox"),
        # Bridge's own receiver of webhooks stands on this machine.
        "--allow-local-webhooks", stops_last=True,
    )  # fmt: skip
