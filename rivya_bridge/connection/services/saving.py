"""What a person decides about connections. No key is ever in a message, a row or a form again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from rivya_bridge.connection.current import account_of, forget_choice, shown_prefix
from rivya_bridge.connection.encryption import Unreadable, encrypt_key
from rivya_bridge.connection.models import KnownAccount, SavedConnection
from rivya_bridge.connection.selectors import get_saved
from rivya_bridge.refusals import Conflict, Problem, Refusal, Unavailable
from rivya_bridge.rivya import check_access
from rivya_bridge.texts import is_storable

NAME_LENGTH = 60
URL_LENGTH = 300
KEY_LENGTH = 512


def save_connection(*, name: str, base_url: str, api_key: str) -> SavedConnection:
    """Keeps an account, its key encrypted; it is not in use yet.

    Raises Refusal that names the fields `name`, `base_url`, `api_key`; Conflict while the environment
    names the key; Unavailable when nothing can be encrypted.
    """
    refuse_while_environment()
    name = name.strip()
    problems = _name_problems(name)
    base_url, api_key, wrong = checked_access(base_url, api_key)
    if problems or wrong:
        raise Refusal.of([*problems, *wrong])
    values = _key_values(base_url, api_key)
    with _one_change():
        row = _row_of(values["account"], name)
        row.name, row.base_url, row.removed_at = name, base_url, None
        _write_key(row, values)
    return row


def replace_key(connection_id: UUID, api_key: str) -> SavedConnection:
    """Puts another key of the same account in place of the former one, which is wiped.

    What waits goes on under the new key. Raises Missing, Refusal, Conflict, Unavailable.
    """
    refuse_while_environment()
    row = get_saved(connection_id)
    base_url, api_key, wrong = checked_access(row.base_url, api_key)
    if wrong:
        raise Refusal.of(wrong)
    values = _key_values(base_url, api_key)
    with _one_change():
        _refuse_taken_account(values["account"], row)
        _write_key(row, values)
    return row


def use_connection(connection_id: UUID) -> SavedConnection:
    """Makes a saved connection the one in use, for every process within a second."""
    refuse_while_environment()
    row = get_saved(connection_id)
    with transaction.atomic():
        _unuse_all()
        SavedConnection.objects.filter(pk=row.pk, removed_at=None).update(is_in_use=True)
    forget_choice()
    return row


def use_sandbox() -> None:
    """Makes the sandbox the one in use."""
    refuse_while_environment()
    with transaction.atomic():
        _unuse_all()
    forget_choice()


def remove_connection(connection_id: UUID) -> SavedConnection:
    """Wipes the key of a connection that is not in use, and takes it off the page."""
    row = get_saved(connection_id)
    idle = SavedConnection.objects.filter(pk=row.pk, is_in_use=False)
    wiped: dict[str, Any] = {"encrypted_key": "", "key_prefix": "", "key_last4": ""}
    if not idle.update(removed_at=timezone.now(), **wiped):
        raise Conflict(f"{row.name} is in use: switch to another connection first, then remove it.")
    forget_choice()
    return row


def refuse_while_environment() -> None:
    """Raises Conflict when RIVYA_API_KEY decides."""
    if not settings.USES_SANDBOX:
        raise Conflict(
            "RIVYA_API_KEY is set in the environment, and it decides which account is used. Nothing "
            "was changed: start Rivya Bridge without it to choose here."
        )


def checked_access(base_url: str, api_key: str) -> tuple[str, str, list[Problem]]:
    """The origin and the key, trimmed at their ends, and what is wrong with them."""
    base_url, api_key = base_url.strip(), api_key.strip()
    if not api_key:
        return base_url, "", [Problem("api_key", "The API key is missing: paste it whole.")]
    if len(api_key) > KEY_LENGTH:
        text = f"The API key is longer than {KEY_LENGTH} characters: paste the key alone."
        return base_url, "", [Problem("api_key", text, KEY_LENGTH)]
    if len(base_url) > URL_LENGTH:
        text = f"The address is longer than {URL_LENGTH} characters."
        return base_url, api_key, [Problem("base_url", text, URL_LENGTH)]
    try:
        return check_access(base_url, api_key), api_key, []
    except ValueError as error:
        return base_url, api_key, [_access_problem(str(error))]


def _access_problem(text: str) -> Problem:
    """The client's sentence, with the names that the page has for its arguments."""
    field = "api_key" if text.startswith("api_key") else "base_url"
    words = {"api_key": "The API key", "base_url": "The address"}[field]
    sentence = text.replace(field, words, 1)
    return Problem(field, sentence if sentence.endswith(("?", ".")) else f"{sentence}.")


def _name_problems(name: str) -> list[Problem]:
    if not 1 <= len(name) <= NAME_LENGTH or not is_storable(name) or not name.isprintable():
        text = f"The name must have 1 to {NAME_LENGTH} printable characters."
        return [Problem("name", text, NAME_LENGTH)]
    return []


def _key_values(base_url: str, api_key: str) -> dict[str, Any]:
    try:
        encrypted = encrypt_key(api_key)
    except Unreadable as error:
        raise Unavailable(f"Nothing was saved. {error}") from error
    return {
        "account": account_of(base_url, api_key),
        "encrypted_key": encrypted,
        "key_prefix": shown_prefix(api_key),
        # Of a short key nothing is shown, because four characters would be much of it.
        "key_last4": api_key[-4:] if len(api_key) >= 12 else "",
        "key_entered_at": timezone.now(),
    }


@contextmanager
def _one_change() -> Iterator[None]:
    """A transaction that says in words when another browser was first, and the choice read anew."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Conflict(
            "Another connection with this name or key was saved just now: reload the page."
        ) from error
    forget_choice()


def _row_of(account: str, name: str) -> SavedConnection:
    """A new row, or the removed one that this very account had before."""
    taken = SavedConnection.objects.filter(name=name, removed_at=None).exists()
    if taken:
        raise Refusal.field("name", f"A connection named {name!r} exists: choose another name.")
    known = KnownAccount.objects.select_related("connection").filter(pk=account).first()
    if known is None:
        return SavedConnection()
    if known.connection.removed_at is None:
        text = f"This key at this address is saved already, as {known.connection.name!r}."
        raise Refusal.field("api_key", text)
    return known.connection


def _refuse_taken_account(account: str, row: SavedConnection) -> None:
    known = KnownAccount.objects.select_related("connection").filter(pk=account).first()
    if known and known.connection_id != row.pk:
        text = f"This key belongs to another saved connection, {known.connection.name!r}."
        raise Refusal.field("api_key", text)


def _write_key(row: SavedConnection, values: dict[str, Any]) -> None:
    for field, value in values.items():
        setattr(row, field, value)
    row.save()
    KnownAccount.objects.get_or_create(account=row.account, defaults={"connection": row})


def _unuse_all() -> None:
    SavedConnection.objects.filter(is_in_use=True).update(is_in_use=False)
