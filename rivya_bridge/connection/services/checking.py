"""Asking the server what an account can do, without spending anything."""

from contextlib import suppress
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from rivya_bridge.connection.clients import rivya_client
from rivya_bridge.connection.current import Connection
from rivya_bridge.connection.models import ConnectionCheck
from rivya_bridge.rivya import AuthenticationFailed, Rivya, RivyaError, ScopeDenied, Timeouts


def check_connection(connection: Connection) -> ConnectionCheck:
    """Reads models and wallet and probes the key's scopes, and keeps what came, with its time.

    About ten calls of which none costs credits, at most half a minute in all, outside transactions.
    """
    found: dict[str, Any] = {"model_count": None, "current_credits": None, "scopes": []}
    problem = connection.problem
    if not problem:
        try:
            _ask(rivya_client(connection), found)
        except RivyaError as error:
            problem = f"{error} {error.action}"
    row, _ = ConnectionCheck.objects.update_or_create(
        account=connection.account,
        defaults={**found, "checked_at": timezone.now(), "problem": problem[:2000]},
    )
    return row


def _ask(client: Rivya, found: dict[str, Any]) -> None:
    """Fills `found` as far as the server answers. Raises RivyaError."""
    found["model_count"] = len(client.models.list(max_retries=0))
    with suppress(ScopeDenied):  # the probe names the scope
        found["current_credits"] = client.credits.retrieve(max_retries=0).current_credits
    found["scopes"] = [asdict(state) for state in client.probe_scopes()]


def try_access(base_url: str, api_key: str) -> str:
    """A sentence when the server refuses this key, else "" (also when it cannot be reached)."""
    limits = Timeouts(read=10.0, write=10.0, operation=15.0)  # a person waits for the form
    with Rivya(base_url=base_url, api_key=api_key, timeout=limits, max_retries=0) as client:
        try:
            client.credits.retrieve()
        except AuthenticationFailed as error:
            return (
                f"{error} Nothing was saved: check that the key was copied whole and is in force."
            )
        except RivyaError:
            return ""
    return ""
