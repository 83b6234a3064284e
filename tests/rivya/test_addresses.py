"""Which addresses count as public, and what a connection is really made to."""

from collections.abc import Sequence
from ipaddress import ip_address

import httpx
import pytest

from rivya_bridge.rivya._addresses import (
    Address,
    PublicOnly,
    SameMachineOrAny,
    is_loopback_host,
    is_public,
)
from rivya_bridge.rivya._network import resolve_host
from rivya_bridge.rivya._transport import AddressNotAllowed, GuardedTransport

from .scripted_server import ScriptedServer, answer


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450::1"])
def test_it_works(text: str) -> None:
    assert is_public(ip_address(text))
    assert PublicOnly()("cdn.example", 443, [ip_address(text)]) == [ip_address(text)]


BLOCKED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%2",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("text", BLOCKED)
def test_private_and_special_addresses_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))
    assert PublicOnly(8000)("cdn.example", 8000, [ip_address(text)]) == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("2130706433", False),
        ("0.0.0.0", False),
    ],
)
def test_loopback_is_told_from_what_looks_like_it(host: str, expected: bool) -> None:
    assert is_loopback_host(host) is expected


def test_localhost_counts_only_if_it_leads_to_loopback() -> None:
    outside, inside = ip_address("93.184.216.34"), ip_address("127.0.0.1")
    assert SameMachineOrAny()("localhost", 80, [outside, inside]) == [inside]
    assert PublicOnly(80)("localhost", 80, [outside, inside]) == [inside]
    assert PublicOnly(80)("localhost", 81, [inside]) == []
    assert PublicOnly()("localhost", 80, [inside]) == []


class Names:
    """A resolver with fixed answers, one per question; records the questions."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, timeout: float | None) -> Sequence[Address]:
        self.asked.append(host)
        return [ip_address(self.answers.pop(0))]


def any_address(host: str, port: int, found: Sequence[Address]) -> Sequence[Address]:
    return found


def test_the_connection_goes_to_the_checked_address_under_the_original_name(
    server: ScriptedServer,
) -> None:
    names = Names("127.0.0.1", "10.0.0.1")
    server.play(answer(), answer())
    transport = GuardedTransport(allowed=any_address, resolve=names)
    with httpx.Client(transport=transport, trust_env=False) as client:
        for _ in range(2):
            client.get(f"http://cdn.example:{server.port}/a.png")
    assert names.asked == ["cdn.example"]
    assert server.requests[0].headers["host"] == f"cdn.example:{server.port}"


def test_the_tls_name_is_the_original_name(server: ScriptedServer) -> None:
    transport = GuardedTransport(allowed=any_address, resolve=Names("127.0.0.1"))
    client = httpx.Client(transport=transport, trust_env=False, timeout=0.2)
    with client, pytest.raises(httpx.TransportError):
        client.get(f"https://cdn.example:{server.port}/a.png")
    assert b"cdn.example" in server.first_bytes[0]


def test_a_name_that_leads_inside_is_not_connected_to(server: ScriptedServer) -> None:
    transport = GuardedTransport(allowed=PublicOnly(server.port), resolve=Names("127.0.0.1"))
    client = httpx.Client(transport=transport, trust_env=False)
    with client, pytest.raises(AddressNotAllowed):
        client.get(f"http://cdn.example:{server.port}/a.png")
    assert server.connections == 0


def test_a_name_is_looked_up_by_the_system() -> None:
    found = resolve_host("localhost", 80, 10.0)
    assert found
    assert all(address.is_loopback for address in found)


def test_a_name_that_does_not_exist_is_an_oserror() -> None:
    with pytest.raises((OSError, UnicodeError)):
        resolve_host("a" * 70 + ".invalid", 80, 10.0)
