"""Settings and saved connections -> the connection in use: the one place where they meet.

An *account* is a short fingerprint of base URL and key. Rows keep it beside everything that belongs
to one account (remote ids, uploaded files, wallet), and never the key itself.

A key in the environment wins; otherwise the saved connection in use; otherwise the sandbox. Each
process reads the saved choice at most once a second, so that a change reaches all of them.
"""

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings

from rivya_bridge.connection.encryption import Unreadable, decrypt_key

REREAD_SECONDS = 1.0
_KEYS = re.compile(r"rvya_sk_[A-Za-z0-9_\-+/=]+")
SANDBOX_KEY_PREFIX = "rvya_sk_sandbox"
SHOWN_PREFIX = "rvya_sk_"

Source = Literal["environment", "saved", "sandbox"]


@dataclass(frozen=True, slots=True)
class Connection:
    """Which account of which server is in use. `key_last4` is all of the key that is ever shown.

    `other_accounts`: fingerprints known to be other accounts, at whatever address. `problem`: why the
    key cannot be used, or "".
    """

    account: str
    base_url: str
    host: str
    key_last4: str
    is_sandbox: bool
    source: Source = "sandbox"
    name: str = ""
    api_key: str = field(default="", repr=False, compare=False)
    other_accounts: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    problem: str = ""

    @property
    def label(self) -> str:
        return "Sandbox" if self.is_sandbox else self.host

    @property
    def key_prefix(self) -> str:
        return shown_prefix(self.api_key)

    def may_adopt(self, account: str, base_url: str) -> bool:
        """Whether what was made for `account` there may go on here: the same account, or the same
        address under a key that is not known to belong to another connection."""
        is_same = account == self.account
        return is_same or (base_url == self.base_url and account not in self.other_accounts)


def account_of(base_url: str, api_key: str) -> str:
    """The fingerprint of an address and a key."""
    return hashlib.sha256(f"{base_url}\n{api_key}".encode()).hexdigest()[:16]


def shown_prefix(api_key: str) -> str:
    """The public beginning of a key, as the vendor shows it too; "" for a key of another make."""
    return SHOWN_PREFIX if api_key.startswith(SHOWN_PREFIX) else ""


@dataclass(frozen=True, slots=True)
class _Saved:
    """The saved choice as last read; `base_url` is empty when none is in use."""

    base_url: str = ""
    account: str = ""
    name: str = ""
    key_last4: str = ""
    encrypted_key: str = ""
    api_key: str = field(default="", repr=False)
    problem: str = ""
    owners: dict[str, object] = field(default_factory=dict)


_lock = threading.Lock()
_kept: tuple[float, _Saved] | None = None
_pinned: ContextVar[Connection | None] = ContextVar("pinned_connection", default=None)


def current_connection() -> Connection:
    """The connection in use (one query a second and process at most; none inside `one_connection`)."""
    pinned = _pinned.get()
    if pinned is not None:
        return pinned
    saved = _saved_choice()
    if settings.USES_SANDBOX and saved.base_url:
        return _connection(
            saved.base_url, saved.api_key, "saved", saved,
            account=saved.account, key_last4=saved.key_last4, name=saved.name, problem=saved.problem,
        )  # fmt: skip
    return settings_connection(saved)


def without_keys(text: str) -> str:
    """`text` without the key in use and without anything else that looks like a key of Rivya."""
    api_key = current_connection().api_key
    return _KEYS.sub("[key]", text.replace(api_key, "[key]") if api_key else text)


def settings_connection(saved: _Saved | None = None) -> Connection:
    """The connection that the settings name: a key of the environment, or the sandbox."""
    source: Source = "sandbox" if settings.USES_SANDBOX else "environment"
    return _connection(
        settings.RIVYA_BASE_URL, settings.RIVYA_API_KEY, source, saved or _saved_choice()
    )


def saved_connection(
    *, base_url: str, account: str, name: str, key_last4: str, encrypted_key: str
) -> Connection:
    """A saved connection as if it were in use; an unreadable key stands in its `problem`."""
    api_key, problem = _decrypted(encrypted_key)
    return _connection(
        base_url, api_key, "saved", _saved_choice(),
        account=account, key_last4=key_last4, name=name, problem=problem,
    )  # fmt: skip


def _connection(
    base_url: str,
    api_key: str,
    source: Source,
    saved: _Saved,
    *,
    account: str = "",
    key_last4: str = "",
    name: str = "",
    problem: str = "",
) -> Connection:
    account = account or account_of(base_url, api_key)
    owner = saved.owners.get(account)
    others = {known for known, its in saved.owners.items() if its != owner and known != account}
    is_sandbox = source == "sandbox" or (
        source == "saved" and api_key.startswith(SANDBOX_KEY_PREFIX)
    )
    return Connection(
        account=account,
        base_url=base_url,
        host=urlsplit(base_url).netloc,
        key_last4=key_last4 or api_key[-4:],
        is_sandbox=is_sandbox,
        source=source,
        name=name,
        api_key=api_key,
        other_accounts=frozenset(others),
        problem=problem,
    )


@contextmanager
def one_connection() -> Iterator[Connection]:
    """Keeps to one connection in the block, in this thread, whatever a person switches meanwhile.

    Whoever compares an account and then sends something does both in here. Also a decorator.
    """
    token = _pinned.set(current_connection())
    try:
        yield current_connection()
    finally:
        _pinned.reset(token)


def forget_choice() -> None:
    """The next look reads the saved choice anew (after a change in this process, and in tests)."""
    global _kept
    with _lock:
        _kept = None


def _saved_choice() -> _Saved:
    global _kept
    kept = _kept
    now = time.monotonic()
    if kept is not None and now - kept[0] < REREAD_SECONDS:
        return kept[1]
    saved = _read_choice(kept[1] if kept else None)
    with _lock:
        _kept = (now, saved)
    return saved


def _read_choice(before: _Saved | None) -> _Saved:
    """One query over a table of a few rows."""
    known = apps.get_model("connection", "KnownAccount").objects.select_related("connection")
    rows = list(known)
    owners: dict[str, object] = {row.account: row.connection_id for row in rows}
    chosen = next((row.connection for row in rows if row.connection.is_in_use), None)
    if chosen is None:
        return _Saved(owners=owners)
    if before and before.encrypted_key == chosen.encrypted_key and not before.problem:
        api_key, problem = before.api_key, ""
    else:
        api_key, problem = _decrypted(chosen.encrypted_key)
    return _Saved(
        base_url=chosen.base_url,
        account=chosen.account,
        name=chosen.name,
        key_last4=chosen.key_last4,
        encrypted_key=chosen.encrypted_key,
        api_key=api_key,
        problem=problem,
        owners=owners,
    )


def _decrypted(encrypted_key: str) -> tuple[str, str]:
    try:
        return decrypt_key(encrypted_key), ""
    except Unreadable as error:
        return "", str(error)
