"""What one callback is worth, from its bytes alone: no database, no network."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rivya_bridge.rivya import (
    EventUnreadable,
    SignatureRefused,
    WebhookEvent,
    read_event,
    verify_webhook,
)

ID_LENGTH = 200
TYPE_LENGTH = 120
_TIMING = frozenset({"too_old", "too_new"})


@dataclass(frozen=True, slots=True)
class Judged:
    """`http_status` is the answer if it can be stored; `event` None for a body that is no JSON object."""

    http_status: int
    signature: str
    problem: str
    signed_at: datetime | None
    event_id: str
    event: WebhookEvent | None

    @property
    def is_accepted(self) -> bool:
        return self.http_status < 300


def judge(
    body: bytes,
    headers: Mapping[str, str],
    secrets: Sequence[str],
    *,
    requires_signature: bool,
    now: datetime,
) -> Judged:
    """200 for what is to be kept, 401 for a signature that is none, 400 for one of another time.

    A body that cannot be read is kept all the same if its signature is good: Rivya would only send it
    again. Its id is then the hash of its bytes.
    """
    event, name = _read(body)
    try:
        signed_at = verify_webhook(body, headers, secrets, now=now)
    except SignatureRefused as error:
        if not requires_signature and error.reason == "missing":
            return Judged(200, "missing", str(error), None, name, event)
        status = 400 if error.reason in _TIMING else 401
        return Judged(status, "refused", str(error), None, name, event)
    return Judged(
        200, "verified", "" if event else "The body is no JSON object.", signed_at, name, event
    )


def _read(body: bytes) -> tuple[WebhookEvent | None, str]:
    by_hash = "sha256:" + hashlib.sha256(body).hexdigest()
    try:
        event = read_event(body)
    except EventUnreadable:
        return None, by_hash
    return event, event.id[:ID_LENGTH] if event.id else by_hash
