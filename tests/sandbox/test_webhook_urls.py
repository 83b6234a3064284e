"""Which URLs an endpoint may have: one table for the rules, one for the switch."""

from __future__ import annotations

from ipaddress import ip_address

import httpx
import pytest

from rivya_bridge.sandbox.webhooks.addresses import is_allowed
from rivya_bridge.sandbox.webhooks.urls import UrlRejected, check_url

from .conftest import refusal

GOOD = [
    "https://example.com/hooks/rivya",
    "https://example.com",
    "https://EXAMPLE.com/hooks",
    "https://example.com./hooks",
    "https://example.com:8443/hooks?account=7",
    "https://hooks.example.co.uk/a%20b",
    "https://xn--bcher-kva.example/hooks",
    "https://8.8.8.8/hooks",
    "https://[2606:4700:4700::1111]/hooks",
    "https://127.0.0.1.example.com/hooks",
    "https://localhost.example.com/hooks",
    "https://my_service.example.com/hooks",
]
LOOPBACK = [
    "http://127.0.0.1:9000/hook",
    "https://127.0.0.1/hook",
    "http://127.8.8.8/hook",
    "http://localhost:9000/hook",
    "http://hooks.localhost/hook",
    "http://[::1]:9000/hook",
    "http://[::ffff:127.0.0.1]/hook",
    "http://[::ffff:7f00:1]/hook",
]
BAD = [
    "",
    "example.com/hooks",
    "//example.com/hooks",
    "https:example.com",
    "https:/example.com",
    "https://",
    "https:///hooks",
    "https://:443/hooks",
    "ftp://example.com/hooks",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "ws://example.com/hooks",
    # credentials and fragments
    "https://user:pass@example.com/",
    "https://user@example.com/",
    "https://@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com/#part",
    "https://example.com/#",
    "https://example.com#@127.0.0.1/",
    # names of this machine and of local networks
    "https://intranet/hooks",
    "https://printer.local/hooks",
    "https://db.internal/hooks",
    "https://metadata.google.internal/",
    "https://router.lan/",
    "https://nas.home.arpa/",
    "https://localhost.localdomain/",
    "https://ip6-localhost/",
    # addresses
    "https://10.0.0.1/",
    "https://172.16.5.5/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://192.88.99.1/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::10.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::808:808]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001::1]/",
    # other spellings of an address
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.0.0.1./",
    "https://0/",
    "https://1.2.3.4.5/",
    "https://134744072/",
    "https://example.com.0x7f/",
    "https://[::1/",
    "https://[]/",
    "https://[v1.x]/",
    "https://[8.8.8.8]/",
    "https://[example.com]/",
    # letters that readers of a URL disagree about
    "https://example.com\\@127.0.0.1/",
    "https://127.0.0.1%2eexample.com/",
    "https://%31%32%37.0.0.1/",
    "https://exa mple.com/",
    " https://example.com/",
    "https://example.com/\n",
    "https://exam\tple.com/",
    "https://example.com/\x00",
    "https://example.com/hä",
    "https://①②⑦.0.0.1/",
    "https://ⓛocalhost/",
    "https://example。com/",
    "https://example..com/",
    "https://-example.com/",
    "https://.example.com/",
    f"https://{'a' * 64}.example.com/",
    f"https://{'a.' * 130}com/",
    f"https://example.com/{'a' * 2040}",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:port/",
    "https://example.com:-1/",
]


@pytest.mark.parametrize("url", GOOD)
def test_a_public_url_is_taken(url: str) -> None:
    target = check_url(url, allow_local=False)

    assert target.is_tls and target.host and target.path.startswith("/")


@pytest.mark.parametrize("url", [*BAD, *LOOPBACK, "http://example.com/hooks"])
def test_any_other_url_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(UrlRejected) as refused:
        check_url(url, allow_local=False)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("url", [*GOOD, *LOOPBACK, "http://example.com/hooks"])
def test_the_switch_permits_http_and_this_machine(url: str) -> None:
    assert check_url(url, allow_local=True).host


@pytest.mark.parametrize("url", BAD)
def test_the_switch_permits_nothing_else(url: str) -> None:
    with pytest.raises(UrlRejected):
        check_url(url, allow_local=True)


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_allowed(text: str) -> None:
    assert is_allowed(ip_address(text), allow_local=False)


@pytest.mark.parametrize("url", [BAD[12], *LOOPBACK[:2], "http://example.com/"])
def test_the_api_refuses_them_by_their_own_code(api: httpx.Client, url: str) -> None:
    sent = {"url": url, "event_types": ["generation.failed"]}

    assert refusal(api.post("/api/v1/webhooks", json=sent)) == (400, "webhook_url_rejected")
    sent["url"] = "https://example.com/hook"
    kept = api.post("/api/v1/webhooks", json=sent).json()
    changed = api.patch(f"/api/v1/webhooks/{kept['id']}", json={"url": url, "name": "new"})
    assert refusal(changed) == (400, "webhook_url_rejected")
    assert api.get(f"/api/v1/webhooks/{kept['id']}").json()["name"] == ""
