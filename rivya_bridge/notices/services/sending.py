"""Trying deliveries: claimed by one conditional update, posted or mailed, and written down.

Signed as standardwebhooks.com has it: `webhook-id`, `webhook-timestamp`, `webhook-signature` over
`id.timestamp.body`. A worker that dies in between leaves the row due again when its claim ends, so that
an endpoint may hear a message twice, always under the same id.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from rivya_bridge.connection.encryption import Unreadable, decrypt_key
from rivya_bridge.notices.models import Attempt, Delivery, Endpoint
from rivya_bridge.notices.services.endpoints import skip_waiting
from rivya_bridge.notices.services.ringing import FAR_AHEAD
from rivya_bridge.rivya import Poster, PostFailed, PostRefused
from rivya_bridge.tasks.leases import is_due

CLAIM = timedelta(seconds=90)
_HOUR = 3600.0
# Waits between tries; the first comes at once. Together five days and four hours.
WAITS = (5.0, 300.0, 1800.0, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR) + (
    24 * _HOUR,
) * 3
JITTER = 0.1
LONGEST_WISH = 24 * _HOUR
DISABLE_AFTER = timedelta(days=5)
GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one try came to; `wish` are the seconds that the other side asks to wait."""

    is_success: bool
    text: str
    http_status: int | None = None
    wish: float = 0.0


@cache
def _poster(allow_local: bool) -> Poster:
    """One for the process: it keeps connections, and holds no secret."""
    return Poster(allow_local=allow_local)


def send_delivery(delivery_id: UUID) -> bool:
    """Tries the delivery if it is due and nobody else does; whether it was tried."""
    delivery = _claim(delivery_id, timezone.now())
    if delivery is None:
        return False
    send = _post if delivery.endpoint.kind == Endpoint.Kind.WEBHOOK else _mail
    _write(delivery, send(delivery), timezone.now())
    return True


def _claim(delivery_id: UUID, now: datetime) -> Delivery | None:
    """Due again when the claim ends."""
    due = is_due(now, FAR_AHEAD)
    rows = Delivery.objects.filter(due, pk=delivery_id, status=Delivery.Status.PENDING)
    if not rows.update(due_at=now + CLAIM, tries=F("tries") + 1):
        return None
    return Delivery.objects.select_related("message", "endpoint").filter(pk=delivery_id).first()


def _post(delivery: Delivery) -> Outcome:
    body = delivery.message.body
    try:
        headers = signed_headers(delivery, body, timezone.now())
        poster = _poster(settings.BRIDGE_LOCAL_WEBHOOKS)
        answer = poster.post(delivery.endpoint.target, body.encode(), headers)
    except (PostRefused, PostFailed, Unreadable) as error:
        return Outcome(is_success=False, text=str(error))
    return Outcome(answer.is_success, answer.text, answer.http_status, answer.retry_after or 0.0)


def signed_headers(delivery: Delivery, body: str, now: datetime) -> dict[str, str]:
    """The headers of one try: one signature for each secret that is good now. Raises Unreadable."""
    endpoint, name = delivery.endpoint, f"msg_{delivery.pk.hex}"
    stored = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and now < endpoint.old_secret_until:
        stored.append(endpoint.old_secret)
    signatures = [Webhook(decrypt_key(secret)).sign(name, now, body) for secret in stored]
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _mail(delivery: Delivery) -> Outcome:
    message = delivery.message
    text = f"{message.title}.\n\n{settings.BRIDGE_URL}{message.path}\n"
    mail = EmailMessage(
        message.title, text, settings.DEFAULT_FROM_EMAIL, [delivery.endpoint.target]
    )
    try:
        mail.send()
    except (SMTPException, OSError, ValueError) as error:
        return Outcome(is_success=False, text=f"The mail server did not take it: {error}"[:500])
    return Outcome(is_success=True, text="The mail server took it.")


def _write(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    endpoint = Endpoint.objects.filter(pk=delivery.endpoint_id)
    with transaction.atomic():
        row = Delivery.objects.filter(pk=delivery.pk)
        if not row.exists():  # removed with its endpoint while it was sent
            return
        Attempt.objects.create(
            delivery=delivery,
            at=now,
            is_success=outcome.is_success,
            http_status=outcome.http_status,
            text=outcome.text.replace("\x00", ""),
        )
        if outcome.is_success:
            row.update(status=Delivery.Status.DELIVERED, due_at=None, delivered_at=now)
            endpoint.update(failing_since=None)
            return
        row.filter(status=Delivery.Status.PENDING).update(**_after_failure(delivery, outcome, now))
        endpoint.filter(failing_since=None).update(failing_since=now)
        _disable_if_hopeless(delivery.endpoint_id, outcome, now)


def _after_failure(delivery: Delivery, outcome: Outcome, now: datetime) -> dict[str, object]:
    if delivery.tries > len(WAITS):
        return {"status": Delivery.Status.FAILED, "due_at": None}
    wait = WAITS[delivery.tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter
    seconds = max(wait, min(outcome.wish, LONGEST_WISH))
    return {"due_at": now + timedelta(seconds=seconds), "rung_at": None}


def _disable_if_hopeless(endpoint_id: UUID, outcome: Outcome, now: datetime) -> None:
    """Off when it says that it is gone, or has taken nothing for five days; what waits is skipped."""
    endpoint = Endpoint.objects.get(pk=endpoint_id)
    since = endpoint.failing_since
    if outcome.http_status == GONE:
        note = "Switched off: it answered 410, which says that it is gone for good."
    elif since and now - since >= DISABLE_AFTER:
        note = f"Switched off: nothing arrived since {since:%Y-%m-%d %H:%M} UTC, for five days."
    else:
        return
    Endpoint.objects.filter(pk=endpoint_id).update(is_enabled=False, note=note)
    skip_waiting(endpoint)
