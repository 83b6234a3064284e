import pytest
from django.test import Client

HOST = "127.0.0.1:8000"


@pytest.fixture
def stranger(db) -> Client:
    """A browser that never signed in."""
    return Client(headers={"host": HOST})


@pytest.fixture
def strict_client(db) -> Client:
    """A signed-in browser whose CSRF token is checked."""
    from rivya_bridge.access.services import create_launch_link

    client = Client(headers={"host": HOST}, enforce_csrf_checks=True)
    client.get(create_launch_link().removeprefix(f"http://{HOST}"))
    return client
