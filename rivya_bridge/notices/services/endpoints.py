"""Writes of endpoints: made, changed, switched on and off, given another secret, removed."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.connection.encryption import Unreadable, encrypt_key
from rivya_bridge.notices.models import Delivery, Endpoint, EventType
from rivya_bridge.refusals import Problem, Refusal, Unavailable
from rivya_bridge.rivya import LocalPostRefused, PostRefused, check_post_url

MOST_ENDPOINTS = 50
SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """What a person chooses: `events` are values of EventType, `template` None means all."""

    kind: str
    target: str
    events: Sequence[str] = field(default_factory=lambda: list(EventType.values))
    template: JobTemplate | None = None


def create_endpoint(options: EndpointOptions) -> tuple[Endpoint, str]:
    """A new endpoint that is on, and its secret ('' for e-mail), which is shown only now.

    Raises Refusal with every problem.
    """
    fields = _checked(options)
    if Endpoint.objects.count() >= MOST_ENDPOINTS:
        text = f"There are {MOST_ENDPOINTS} endpoints, the most there may be: remove one first."
        raise Refusal.field("target", text, MOST_ENDPOINTS)
    secret = new_secret() if options.kind == Endpoint.Kind.WEBHOOK else ""
    stored = _encrypted(secret) if secret else ""
    return Endpoint.objects.create(kind=options.kind, secret=stored, **fields), secret


def change_endpoint(endpoint: Endpoint, options: EndpointOptions) -> Endpoint:
    """Another target, template or choice of events; what waits goes to the new target. Raises Refusal."""
    fields = _checked(options)
    Endpoint.objects.filter(pk=endpoint.pk).update(**fields)
    endpoint.refresh_from_db()
    return endpoint


def switch_endpoint(endpoint: Endpoint, *, on: bool) -> None:
    """Off: what waits is skipped and can be replayed. Again is harmless."""
    with transaction.atomic():
        Endpoint.objects.filter(pk=endpoint.pk).update(is_enabled=on, failing_since=None, note="")
        if not on:
            skip_waiting(endpoint)
    endpoint.refresh_from_db()


def skip_waiting(endpoint: Endpoint) -> None:
    """What waits for the endpoint is not tried any more until a person replays it."""
    waiting = endpoint.deliveries.filter(status=Delivery.Status.PENDING)
    waiting.update(status=Delivery.Status.SKIPPED, due_at=None)


def rotate_secret(endpoint: Endpoint) -> str:
    """The new secret, shown only now; both sign for a day. Raises Refusal for an e-mail endpoint."""
    if endpoint.kind != Endpoint.Kind.WEBHOOK:
        raise Refusal("Nothing was changed: an e-mail has no secret.")
    secret = new_secret()
    stored, until = _encrypted(secret), timezone.now() + OVERLAP
    with transaction.atomic():
        row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        Endpoint.objects.filter(pk=row.pk).update(
            secret=stored, old_secret=row.secret, old_secret_until=until
        )
    endpoint.refresh_from_db()
    return secret


def delete_endpoint(endpoint: Endpoint) -> None:
    """Removes the endpoint with the record of its deliveries."""
    endpoint.delete()


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64 (standardwebhooks.com, "Symmetric signatures")."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _encrypted(secret: str) -> str:
    try:
        return encrypt_key(secret)
    except Unreadable as error:
        raise Unavailable(
            f"The secret cannot be kept safely, so nothing was saved. {error}"
        ) from error


def _checked(options: EndpointOptions) -> dict[str, Any]:
    problems: list[Problem] = []
    target = options.target.strip()
    if options.kind == Endpoint.Kind.WEBHOOK:
        _check_url(problems, target)
    elif options.kind == Endpoint.Kind.EMAIL:
        _check_email(problems, target)
    else:
        problems.append(Problem("kind", "kind must be webhook or email."))
    if not options.events:
        problems.append(Problem("events", "Choose at least one event: none is chosen."))
    unknown = sorted(set(options.events) - set(EventType.values))
    if unknown:
        text = f"{unknown[0][:40]!r} is no event; there are {', '.join(EventType.values)}."
        problems.append(Problem("events", text))
    if problems:
        raise Refusal.of(problems)
    wanted = [one for one in EventType.values if one in options.events]
    return {"target": target, "events": wanted, "template": options.template}


def _check_url(problems: list[Problem], target: str) -> None:
    try:
        check_post_url(target, allow_local=settings.BRIDGE_LOCAL_WEBHOOKS)
    except LocalPostRefused as error:
        hint = "For addresses of this machine or network, start with BRIDGE_LOCAL_WEBHOOKS=yes."
        problems.append(Problem("target", f"{error} {hint}"))
    except PostRefused as error:
        problems.append(Problem("target", str(error)))


def _check_email(problems: list[Problem], target: str) -> None:
    if not settings.EMAIL_HOST:
        text = "E-mail needs a server: start with BRIDGE_SMTP_URL and BRIDGE_MAIL_FROM set."
        problems.append(Problem("target", text))
        return
    try:
        validate_email(target)
    except ValidationError:
        text = f"{target[:80]!r} is no e-mail address such as me@example.com."
        problems.append(Problem("target", text))
