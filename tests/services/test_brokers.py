"""A real worker behind a real broker carries one task to its end."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.conftest import PROJECT, migrate, need

pytestmark = pytest.mark.services

BROKERS = {
    "Redis": os.environ.get("SERVICES_REDIS", "redis://127.0.0.1:6379/0"),
    "RabbitMQ": os.environ.get("SERVICES_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//"),
}


@pytest.fixture(params=BROKERS)
def queue(request: Any, environ: dict[str, str], run: Callable[..., Any]) -> Iterator[str]:
    """A queue of the test's own at one broker, removed at the end."""
    need(BROKERS[request.param], request.param)
    environ["CELERY_BROKER_URL"] = BROKERS[request.param]
    migrate(environ)
    name = f"bridge-test-{secrets.token_hex(5)}"
    yield name
    run("remove", name)


@pytest.fixture
def worker(queue: str, environ: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    """A worker in its own process, ended with SIGTERM; gives its log."""
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.services.scenario", "worker", queue],
            cwd=PROJECT,
            env=environ,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield log
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                assert process.wait(30) == 0, log.read_text()[-4000:]
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


def test_it_works(queue: str, worker: Path, run: Callable[..., Any], journal_url: str) -> None:
    task = run("create", queue)
    assert task["status"] == "queued"
    done = run("wait", task["id"])
    assert (done["status"], done["attempts"], done["outputs"]) == ("succeeded", 1, 1)
    assert done["ledger"] == ["reserve", "settle"]
    journal = httpx.get(f"{journal_url}/_sandbox/journal").json()
    assert journal["generations_count"] == 1
