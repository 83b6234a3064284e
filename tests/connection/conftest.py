"""Saved connections to the sandbox, whose keys differ in what they may do."""

import pytest
from django.conf import settings as django_settings

from rivya_bridge.connection.models import SavedConnection
from rivya_bridge.connection.services import save_connection

READONLY = "rvya_sk_sandbox_readonly"


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    """The key file of the test's own data folder."""
    settings.CONNECTION_KEY_FILE = tmp_path / "connection.key"
    return settings.CONNECTION_KEY_FILE


@pytest.fixture
def readonly(db, sandbox) -> SavedConnection:
    return save_at_sandbox("Read only", READONLY)


def save_at_sandbox(name: str, api_key: str) -> SavedConnection:
    return save_connection(name=name, base_url=django_settings.RIVYA_BASE_URL, api_key=api_key)
