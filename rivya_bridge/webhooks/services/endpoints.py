"""Writes of endpoints: each is one call to Rivya and then one row here."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from rivya_bridge.connection import current_connection, rivya_client
from rivya_bridge.connection.encryption import Unreadable, encrypt_key
from rivya_bridge.env import is_loopback
from rivya_bridge.refusals import Refusal, Unavailable
from rivya_bridge.rivya import RivyaError, WebhookEndpoint
from rivya_bridge.webhooks.models import Endpoint

OVERLAP = timedelta(hours=24)
NAME_LENGTH = 120


def receiver_url() -> str:
    """Where Rivya reaches the receiver. Raises Refusal for an account that only a public address serves."""
    if settings.BRIDGE_WEBHOOK_URL:
        return str(settings.BRIDGE_WEBHOOK_URL)
    connection = current_connection()
    if not is_loopback(connection.host.partition(":")[0]):
        raise Refusal(
            "Rivya cannot reach this machine: lead a public https address (a proxy or a tunnel) to port "
            f"{settings.BRIDGE_WEBHOOK_PORT} and start with BRIDGE_WEBHOOK_URL set to it. Nothing was made."
        )
    return f"http://127.0.0.1:{settings.BRIDGE_WEBHOOK_PORT}"


def create_endpoint(name: str) -> Endpoint:
    """A new endpoint at Rivya that leads here, with its secret kept. Raises Refusal."""
    name = name.strip() or "Rivya Bridge"
    if len(name) > NAME_LENGTH:
        text = f"name has {len(name)} characters; the limit is {NAME_LENGTH}."
        raise Refusal.field("name", text, NAME_LENGTH)
    token = secrets.token_urlsafe(32)
    url = f"{receiver_url()}/webhooks/{token}"
    account = current_connection().account
    try:
        made = rivya_client().webhooks.create(url, name=name)
    except (RivyaError, ValueError) as error:
        raise _refusal("No endpoint was kept here.", error) from error
    return Endpoint.objects.create(
        account=account, remote_id=made.id, name=name, url=url, token=token, secret=_secret_of(made)
    )


def rotate_secret(endpoint: Endpoint) -> None:
    """Rivya signs with a new secret; the former is accepted beside it for a day. Raises Refusal."""
    _check_account(endpoint)
    try:
        made = rivya_client().webhooks.rotate_secret(endpoint.remote_id)
    except RivyaError as error:
        raise _refusal("The secret may have changed at Rivya; rotate it again.", error) from error
    Endpoint.objects.filter(pk=endpoint.pk).update(
        secret=_secret_of(made),
        old_secret=endpoint.secret,
        old_secret_until=timezone.now() + OVERLAP,
    )
    endpoint.refresh_from_db()


def switch_endpoint(endpoint: Endpoint, *, on: bool) -> None:
    """At Rivya first. While it is off, its address here answers 404. Raises Refusal."""
    _check_account(endpoint)
    try:
        rivya_client().webhooks.update(endpoint.remote_id, status="active" if on else "disabled")
    except RivyaError as error:
        raise _refusal("Nothing was changed here.", error) from error
    Endpoint.objects.filter(pk=endpoint.pk).update(is_enabled=on)
    endpoint.refresh_from_db()


def require_signature(endpoint: Endpoint, *, on: bool) -> None:
    """Whether callbacks without a signature are refused, or kept as a hint to read."""
    Endpoint.objects.filter(pk=endpoint.pk).update(requires_signature=on)
    endpoint.refresh_from_db()


def send_test(endpoint: Endpoint) -> None:
    """Asks Rivya for a test event; its arrival marks the endpoint as tested. Raises Refusal."""
    _check_account(endpoint)
    try:
        rivya_client().webhooks.test(endpoint.remote_id)
    except RivyaError as error:
        raise _refusal("No test was asked for.", error) from error


def delete_endpoint(endpoint: Endpoint) -> None:
    """Ends it at Rivya, then forgets it here with its events. Raises Refusal."""
    _check_account(endpoint)
    try:
        rivya_client().webhooks.delete(endpoint.remote_id)
    except RivyaError as error:
        if error.code != "not_found":
            raise _refusal("It was kept here.", error) from error
    endpoint.delete()


def _check_account(endpoint: Endpoint) -> None:
    if endpoint.account != current_connection().account:
        raise Refusal(
            "This endpoint belongs to another account than the one in use: nothing was changed. Switch "
            "to its account on the connection page first."
        )


def _secret_of(made: WebhookEndpoint) -> str:
    if not made.signing_secret:
        raise Refusal(
            f"Rivya did not tell the signing secret of {made.id}: nothing was kept here. Make a new secret."
        )
    try:
        return encrypt_key(made.signing_secret)
    except Unreadable as error:
        raise Unavailable(f"The secret cannot be kept safely. {error}") from error


def _refusal(consequence: str, error: Exception) -> Refusal:
    action = error.action if isinstance(error, RivyaError) else ""
    return Refusal(f"{error} {consequence} {action}".strip())
