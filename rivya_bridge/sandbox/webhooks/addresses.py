"""Which IP addresses a callback may be sent to. Pure: nothing here opens a socket."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

# Ranges that lead into another network under a public-looking address, or that Python 3.11
# still calls global.
BLOCKED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "100.64.0.0/10",  # carrier NAT
            "192.0.0.0/24",
            "192.88.99.0/24",  # 6to4 relay
            "198.18.0.0/15",  # benchmarks
            "240.0.0.0/4",
            "::/96",  # IPv4-compatible
            "64:ff9b::/96",  # NAT64
            "64:ff9b:1::/48",  # NAT64, local use
            "100::/64",
            "2001::/23",  # Teredo and other protocol assignments
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
            "5f00::/16",
            "fec0::/10",  # site-local
        ),
    )
)


def is_allowed(address: Address, *, allow_local: bool) -> bool:
    """True for a public address, and for a loopback address if `allow_local`."""
    plain = _unmapped(address)
    if plain.is_loopback:
        return allow_local
    if not plain.is_global or plain.is_multicast or plain.is_reserved:
        return False
    return not any(plain.version == net.version and plain in net for net in BLOCKED)


def _unmapped(address: Address) -> Address:
    """The IPv4 address inside `::ffff:a.b.c.d`, or the address itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
