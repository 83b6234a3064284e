"""Fixtures for every test: a data folder of its own, the sandbox on a real port, signed-in clients."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import connection
from django.test import Client

# How long a busy machine needs to make up inputs says nothing about the product.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[
        hypothesis.HealthCheck.too_slow,
        hypothesis.HealthCheck.function_scoped_fixture,
    ],
)
hypothesis.settings.load_profile("any machine")

HOST = "127.0.0.1:8000"


def pytest_sessionfinish() -> None:
    shutil.rmtree(os.environ["BRIDGE_DATA_DIR"], ignore_errors=True)


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path: Path) -> Path:
    """A vault of the test's own."""
    settings.FILES_DIR = tmp_path / "files"
    settings.IMPORTS_DIR = tmp_path / "imports"
    return tmp_path


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Emptying tables after a test is the one removal that the ledger has to allow."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER IF EXISTS ledger_loses_nothing")


@pytest.fixture(autouse=True)
def saved_choice(monkeypatch) -> Iterator[None]:
    """Which connection was saved is read once per test, and again after every change."""
    from rivya_bridge.connection import current

    monkeypatch.setattr(current, "REREAD_SECONDS", float("inf"))
    current.forget_choice()
    yield
    current.forget_choice()


@pytest.fixture
def sandbox(settings, tmp_path: Path) -> Iterator[object]:
    """The sandbox on a free port, with the settings pointed at it; time there runs 1000-fold."""
    from rivya_bridge.connection import close_clients
    from rivya_bridge.sandbox.serve import running_sandbox

    with running_sandbox(tmp_path / "sandbox") as server:
        settings.RIVYA_BASE_URL = server.base_url
        yield server
        close_clients()


@pytest.fixture
def signed_in_client(db) -> Client:
    """A browser's client that has used a one-time link; CSRF checks are on in browser tests only."""
    from rivya_bridge.access.services import create_launch_link

    client = Client(headers={"host": HOST})
    link = create_launch_link()
    response = client.get(link.removeprefix(f"http://{HOST}"))
    assert response.status_code == 302
    return client


@pytest.fixture
def api_client(db) -> Client:
    """A program's client with a bearer token."""
    from rivya_bridge.access.services import create_api_token

    token = create_api_token("tests")
    return Client(headers={"host": HOST, "authorization": f"Bearer {token}"})


@pytest.fixture
def no_bell(monkeypatch) -> None:
    """Doorbells ring into nothing: tests carry tasks on themselves."""
    from rivya_bridge.tasks import background

    monkeypatch.setattr(background.advance_task, "delay", lambda task_id: None)
