"""Which hosts and addresses may be talked to. Pure: nothing here opens a socket."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import httpx

Address = IPv4Address | IPv6Address

# Ranges that reach another network under a public-looking address, or that the standard
# library of Python 3.11 still calls global.
_BLOCKED: Final = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relay
        "198.18.0.0/15",
        "240.0.0.0/4",
        "::/96",  # IPv4-compatible
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local use
        "100::/64",
        "2001::/23",  # Teredo, ORCHID and other protocol assignments
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",  # site-local
    )
)


def unmapped(address: Address) -> Address:
    """The IPv4 address inside `::ffff:a.b.c.d`, or the address itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public(address: Address) -> bool:
    """True if the address belongs to the public internet.

    False for private, loopback, link-local, multicast, reserved, NAT64 and tunnel ranges.
    """
    plain = unmapped(address)
    if not plain.is_global or plain.is_multicast or plain.is_reserved or plain.is_unspecified:
        return False
    return not any(plain.version == net.version and plain in net for net in _BLOCKED)


def is_loopback_host(host: str) -> bool:
    """True for `localhost` and for literal loopback addresses; no name is looked up."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return unmapped(ip_address(host)).is_loopback
    except ValueError:
        return False


def effective_port(url: httpx.URL) -> int | None:
    """The port a URL leads to, the scheme's own one if none is written."""
    return {"http": 80, "https": 443}.get(url.scheme) if url.port is None else url.port


def has_port(url: httpx.URL) -> bool:
    """True if the port that a URL leads to can exist."""
    return 0 < (effective_port(url) or 0) < 65_536


class SameMachineOrAny:
    """Rule of the API client: a loopback host resolves to loopback, other hosts to anything."""

    def __call__(self, host: str, port: int, found: Sequence[Address]) -> list[Address]:
        if not is_loopback_host(host):
            return list(found)
        return [address for address in found if unmapped(address).is_loopback]


class PublicOnly:
    """Rule of the download client: public addresses, and one loopback port if one is named."""

    def __init__(self, loopback_port: int | None = None) -> None:
        self._loopback_port = loopback_port

    def __call__(self, host: str, port: int, found: Sequence[Address]) -> list[Address]:
        if is_loopback_host(host):
            if port != self._loopback_port:
                return []
            return [address for address in found if unmapped(address).is_loopback]
        return [address for address in found if is_public(address)]
