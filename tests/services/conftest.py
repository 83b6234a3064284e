"""PostgreSQL, Redis and RabbitMQ as they run on this machine; skipped, or failed, without them."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from rivya_bridge.sandbox.serve import running_sandbox
from tests.own_database import own_database

PROJECT = Path(__file__).resolve().parents[2]
POSTGRES = os.environ.get("SERVICES_POSTGRES", "postgres://postgres@127.0.0.1:5432")
LIMIT_SECONDS = 90

Run = Callable[..., Any]


def need(address: str, name: str) -> None:
    """Skips with the reason when nothing listens there; fails when services are demanded."""
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=3).close()
    except OSError as error:
        reason = f"{name} does not answer at {parts.hostname}:{parts.port} ({error})."
        if os.environ.get("RUN_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database with all tables, of which each test gets a copy."""
    need(POSTGRES, "PostgreSQL")
    with own_database(POSTGRES, "bridge_test") as url:
        migrate(settings_of(tmp_path_factory.mktemp("migrated")) | {"DATABASE_URL": url})
        yield url.rpartition("/")[2]


@pytest.fixture
def postgres_url(migrated: str) -> Iterator[str]:
    """A database of its own, with all tables."""
    with own_database(POSTGRES, "bridge_test", like=migrated) as url:
        yield url


def settings_of(folder: Path) -> dict[str, str]:
    """The environment of a product with a data folder of its own."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "rivya_bridge.settings",
        "BRIDGE_DATA_DIR": str(folder / "data"),
    }


@pytest.fixture
def journal_url(tmp_path: Path) -> Iterator[str]:
    """A sandbox that runs a thousand times as fast as life; its base address."""
    with running_sandbox(tmp_path / "sandbox") as server:
        yield server.base_url


@pytest.fixture
def environ(tmp_path: Path, journal_url: str) -> dict[str, str]:
    """The environment of a product that uses that sandbox."""
    account = {"RIVYA_BASE_URL": journal_url, "RIVYA_API_KEY": "rvya_sk_sandbox_full"}
    return settings_of(tmp_path) | account


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    """Runs one scenario to its end and gives its facts."""

    def scenario(*arguments: str) -> Any:
        return json.loads(run_python(environ, "-m", "tests.services.scenario", *arguments))

    return scenario


def migrate(environ: dict[str, str]) -> None:
    run_python(environ, "manage.py", "migrate", "--verbosity", "0")


def run_python(environ: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout
