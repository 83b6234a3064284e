"""PostgreSQL, Redis and RabbitMQ as they run on this machine; skipped, or failed, without them."""

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from rivya_bridge.sandbox.serve import running_sandbox

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


@contextmanager
def database(like: str = "template1") -> Iterator[str]:
    """The name of a new database, a copy of `like`; dropped at the end."""
    name = f"bridge_test_{secrets.token_hex(5)}"
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as line:
        line.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        try:
            yield name
        finally:
            line.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database with all tables, of which each test gets a copy."""
    need(POSTGRES, "PostgreSQL")
    with database() as name:
        folder = tmp_path_factory.mktemp("migrated")
        run_python(
            settings_of(folder) | {"DATABASE_URL": f"{POSTGRES}/{name}"},
            *("manage.py", "migrate", "--verbosity", "0"),
        )
        yield name


@pytest.fixture
def postgres_url(migrated: str) -> Iterator[str]:
    """A database of its own, with all tables."""
    with database(like=migrated) as name:
        yield f"{POSTGRES}/{name}"


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
