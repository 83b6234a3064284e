"""Typed readers of the environment that refuse nonsense with one sentence.

Every reader raises ``ImproperlyConfigured`` naming the variable, what it holds and what it may hold.
"""

import ipaddress
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()


def text(name: str, default: str = "") -> str:
    """The variable's text, trimmed; `default` when it is absent or empty."""
    return os.environ.get(name, "").strip() or default


def port(name: str, default: int) -> int:
    """A TCP port, 1 to 65535."""
    raw = text(name, str(default))
    if not raw.isdecimal() or not 1 <= int(raw) <= 65535:
        raise ImproperlyConfigured(f"{name} is {raw!r}: give a port number from 1 to 65535.")
    return int(raw)


def number(name: str, default: int, *, lowest: int, highest: int) -> int:
    """A whole number within limits."""
    raw = text(name, str(default))
    if not raw.isdecimal() or not lowest <= int(raw) <= highest:
        raise ImproperlyConfigured(
            f"{name} is {raw!r}: give a whole number from {lowest} to {highest}."
        )
    return int(raw)


def flag(name: str) -> bool:
    """Whether the variable says yes; absent means no."""
    raw = text(name, "no").lower()
    if raw not in ("yes", "no"):
        raise ImproperlyConfigured(f"{name} is {raw!r}: give yes or no.")
    return raw == "yes"


def folder(name: str, default: Path) -> Path:
    """An absolute folder, made if absent and shown to be writable."""
    path = Path(text(name, str(default))).expanduser().absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} is {str(path)!r}, which cannot be made ({error.strerror}): "
            "name a folder that you may write to."
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(
            f"{name} is {str(path)!r}, which is not writable: name a folder that you may write to."
        )
    return path


def http_url(name: str, default: str = "") -> str:
    """An http or https address without user, query or fragment; no trailing slash; '' if unset."""
    raw = text(name, default)
    if not raw:
        return ""
    try:
        parts = urlsplit(raw)
        _ = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {raw!r}: {error}.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ImproperlyConfigured(
            f"{name} is {raw!r}: give an address such as https://example.com."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ImproperlyConfigured(
            f"{name} is not a plain address: leave out user, password, query and fragment."
        )
    return raw.rstrip("/")


def mail_server(name: str) -> tuple[str, int, str, str, bool, bool]:
    """Host, port, user, password, STARTTLS, TLS from the start, of an address such as
    smtp://user:password@mail.example.com:587; empty texts if unset.

    smtps:// speaks TLS from the start (465), smtp:// begins it (587); a loopback host needs none.
    """
    raw = text(name)
    if not raw:
        return "", 25, "", "", False, False
    fault = f"{name} is not an address such as smtp://user:password@mail.example.com:587."
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(fault) from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ImproperlyConfigured(fault)
    is_tls = parts.scheme == "smtps"
    return (
        parts.hostname,
        port or (465 if is_tls else 587),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        not is_tls and not is_loopback(parts.hostname),
        is_tls,
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def database(name: str, default_file: Path) -> dict[str, object]:
    """Django's settings of one database: SQLite in `default_file`, or what the URL names.

    SQLite gets WAL, IMMEDIATE transactions, a 20 s lock wait and full syncs: with Django's defaults
    concurrent writers fail with "database is locked".
    """
    raw = text(name)
    config: dict[str, object]
    if not raw:
        config = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default_file)}
    else:
        try:
            config = _env.db_url_config(raw)
        except Exception as error:
            raise ImproperlyConfigured(f"{name} cannot be read as a database address.") from error
    engine = str(config.get("ENGINE", ""))
    if engine == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # No cache_size: each of a worker's twenty connections has a page cache of its own, which
            # grows with the file up to it, and any other's commit empties it.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    elif engine != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            f"{name} names neither SQLite nor PostgreSQL: give postgres://user@host:5432/name."
        )
    config["CONN_MAX_AGE"] = None
    config["CONN_HEALTH_CHECKS"] = engine == "django.db.backends.postgresql"
    return config
