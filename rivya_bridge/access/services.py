"""Writes of the access app: links, tokens and idempotency keys."""

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from rivya_bridge.access.models import ApiToken, LaunchLink, OnceKey
from rivya_bridge.refusals import Conflict, Missing, Problem, Refusal

LINK_LIFETIME = timedelta(minutes=15)
TOKEN_PREFIX = "rb_"  # noqa: S105 - the visible beginning of every token
SEEN_EVERY = timedelta(minutes=1)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def create_launch_link() -> str:
    """The absolute address that signs one browser in, once, within 15 minutes."""
    token = secrets.token_urlsafe(24)
    now = timezone.now()
    LaunchLink.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    LaunchLink.objects.create(token_hash=_hash(token), expires_at=now + LINK_LIFETIME)
    return f"{settings.BRIDGE_URL}/sign-in/{token}/"


def redeem_launch_link(token: str) -> bool:
    """Uses the link up; False when it is unknown, used or expired."""
    now = timezone.now()
    unused = LaunchLink.objects.filter(token_hash=_hash(token), used_at=None, expires_at__gte=now)
    return unused.update(used_at=now) == 1


def create_api_token(name: str) -> str:
    """A new token, returned this once.

    Raises Refusal when the name is empty, longer than 100 characters, or taken.
    """
    name = name.strip()
    if not 1 <= len(name) <= 100:
        raise Refusal.field("name", "The token's name must have 1 to 100 characters.", 100)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            ApiToken.objects.create(name=name, token_hash=_hash(token), last4=token[-4:])
    except IntegrityError as error:
        raise Refusal.field(
            "name", f"A token named {name!r} exists already: choose another name."
        ) from error
    return token


def revoke_api_token(name: str) -> None:
    """Ends a token: from now on it opens nothing. Raises Missing when no such token is in force."""
    in_force = ApiToken.objects.filter(name=name.strip(), revoked_at=None)
    if not in_force.update(revoked_at=timezone.now()):
        raise Missing(f"There is no token named {name!r} in force.")


def authenticate_token(token: str) -> ApiToken | None:
    """The unrevoked token row, its last use noted at most once a minute."""
    row = ApiToken.objects.filter(token_hash=_hash(token), revoked_at=None).first()
    now = timezone.now()
    if row and (row.last_used_at is None or now - row.last_used_at > SEEN_EVERY):
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    return row


def read_idempotency_key(raw: str | None) -> str | None:
    """The header's value, 1 to 255 printable ASCII characters; None when it is absent."""
    if raw is None:
        return None
    if not 1 <= len(raw) <= 255 or not raw.isascii() or not raw.isprintable():
        raise Refusal.field(
            "Idempotency-Key", "Idempotency-Key must have 1 to 255 printable ASCII characters.", 255
        )
    return raw


def do_once(
    scope: str, key: str | None, body: dict[str, Any], make: Callable[[], str]
) -> tuple[str, bool]:
    """Runs `make` in a transaction, once per scope and key; returns (object id, was it made now).

    The same key with the same body answers with the first call's object. Raises Conflict, naming the
    fields that differ, when the body is another. Without a key, `make` always runs.
    """
    if key is None:
        with transaction.atomic():
            return make(), True
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    digest = _hash(text)
    earlier = OnceKey.objects.filter(scope=scope, key=key).first()
    if earlier:
        return _same_object(earlier, digest, body), False
    try:
        with transaction.atomic():
            row = OnceKey.objects.create(
                scope=scope, key=key, body_sha256=digest, body={}, object_id=""
            )
            made = make()
            # Only what `make` has accepted is sure to be storable.
            OnceKey.objects.filter(pk=row.pk).update(object_id=made, body=json.loads(text))
            return made, True
    except IntegrityError:
        earlier = OnceKey.objects.filter(scope=scope, key=key).first()
        if earlier is None:
            raise
        return _same_object(earlier, digest, body), False


def find_once(scope: str, key: str | None, body: dict[str, Any]) -> str | None:
    """What `do_once` would answer without making anything; None when the key is new or absent.

    For work that is too long for one transaction. Raises Conflict as `do_once` does.
    """
    earlier = OnceKey.objects.filter(scope=scope, key=key).first() if key else None
    if earlier is None:
        return None
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return _same_object(earlier, _hash(text), body)


def _same_object(earlier: OnceKey, digest: str, body: dict[str, Any]) -> str:
    if earlier.body_sha256 == digest:
        return earlier.object_id
    text = json.loads(json.dumps(body, default=str))
    differing = sorted(
        name for name in {*text, *earlier.body} if text.get(name) != earlier.body.get(name)
    )
    raise Conflict(
        "This Idempotency-Key was used before with another body (different: "
        f"{', '.join(differing)}). Use a new key for a new request, or send the first body again.",
        [
            Problem(name, f"{name} differs from the first request with this key.")
            for name in differing
        ],
    )
