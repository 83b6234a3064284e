"""The rules for the URL of a webhook endpoint (docs/api-webhooks).

https only; no credentials, no fragment, no localhost name, no private, loopback, link-local
or reserved address. Unusual spellings of an address are refused as such, so that no reader of
the URL can disagree about where it leads. Names are looked up when a callback is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from .addresses import is_allowed

LONGEST_URL = 2048
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
LOCALHOST = "localhost"
LOCAL_ENDINGS = (
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "home.arpa",
    "lan",
)


class UrlRejected(ValueError):
    """The URL breaks a rule; the text is one sentence for the user."""


@dataclass(frozen=True)
class Target:
    """Where to connect and what to ask for. `host` has no brackets, `path` holds the query."""

    is_tls: bool
    host: str
    port: int
    authority: str
    path: str


def check_url(url: str, *, allow_local: bool) -> Target:
    """The parts of an allowed URL; `allow_local` also permits http and this machine.

    Raises UrlRejected.
    """
    _check_letters(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlRejected("url can't be read. Send a complete https URL.") from None
    _check_parts(url, parts, port, allow_local)
    host = parts.hostname or ""
    _check_host(host, allow_local)
    is_tls = parts.scheme == "https"
    return Target(
        is_tls=is_tls,
        host=host,
        port=port or (443 if is_tls else 80),
        authority=parts.netloc,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )


def _check_letters(url: str) -> None:
    if len(url) > LONGEST_URL:
        raise UrlRejected(f"url has {len(url)} characters; the limit is {LONGEST_URL}.")
    if not url.isascii() or any(letter <= " " or letter in "\\\x7f" for letter in url):
        raise UrlRejected(
            "url may hold printable ASCII only, without spaces and backslashes. "
            "Encode other letters, and write the host in its xn-- form."
        )
    if "#" in url:
        raise UrlRejected("url must not have a fragment. Remove everything from # on.")


def _check_parts(url: str, parts: SplitResult, port: int | None, allow_local: bool) -> None:
    if parts.scheme != "https" and not (allow_local and parts.scheme == "http"):
        raise UrlRejected("url must begin with https://.")
    if "@" in parts.netloc:
        raise UrlRejected("url must not hold credentials. Remove the part before @.")
    if not parts.hostname:
        raise UrlRejected("url names no host.")
    if "[" in parts.netloc and ":" not in parts.hostname:
        raise UrlRejected("url has brackets around something that is no IPv6 address.")
    if port == 0:
        raise UrlRejected("url names port 0. Use a port from 1 to 65535.")


def _check_host(host: str, allow_local: bool) -> None:
    address = _literal(host)
    if address is not None:
        if not is_allowed(address, allow_local=allow_local):
            raise UrlRejected(f"{host} is not a public address.")
        return
    _check_name(host.removesuffix("."), allow_local)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` spells, or None for a name."""
    last = host.removesuffix(".").rpartition(".")[2]
    if ":" not in host and not NUMERIC_LABEL.fullmatch(last):
        return None
    try:
        if "%" in host:
            raise ValueError
        return ip_address(host)
    except ValueError:
        raise UrlRejected(
            "url holds an unusual spelling of an address. Write IPv4 as four plain decimal "
            "numbers, or use a host name."
        ) from None


def _check_name(name: str, allow_local: bool) -> None:
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in name.split(".")):
        raise UrlRejected("url has a host that is not a valid name.")
    if name == LOCALHOST or name.endswith("." + LOCALHOST):
        if allow_local:
            return
        raise UrlRejected("url leads to this machine. Use a public https address.")
    if "." not in name or name.endswith(tuple("." + ending for ending in LOCAL_ENDINGS)):
        raise UrlRejected(f"{name} is a name of a local network. Use a public name.")
