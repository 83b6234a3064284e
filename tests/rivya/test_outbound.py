"""Posting to an address that a person named."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

import pytest

from rivya_bridge.rivya import Poster, PostFailed, PostRefused, check_post_url
from rivya_bridge.rivya._addresses import Address

from .conftest import Ticking
from .scripted_server import ScriptedServer, answer, drip, reset, silence


@pytest.fixture
def poster() -> Iterator[Poster]:
    with Poster(allow_local=True, monotonic=Ticking()) as poster:
        yield poster


def test_it_works(server: ScriptedServer, poster: Poster) -> None:
    server.play(answer(status=202, body=b"thanks", headers={"Retry-After": "7"}))
    posted = poster.post(f"{server.url}/hook?x=1", b'{"a": 1}', {"webhook-id": "msg_1"})
    assert (posted.http_status, posted.is_success, posted.text) == (202, True, "thanks")
    assert posted.retry_after == 7
    [request] = server.requests
    assert request.line == "POST /hook?x=1 HTTP/1.1"
    assert request.body == b'{"a": 1}'
    assert request.headers["webhook-id"] == "msg_1"
    assert "authorization" not in request.headers
    assert "cookie" not in request.headers


def test_a_redirect_is_not_followed(server: ScriptedServer, poster: Poster) -> None:
    server.play(answer(status=302, headers={"Location": f"{server.url}/other"}))
    posted = poster.post(f"{server.url}/hook", b"", {})
    assert (posted.http_status, posted.is_success) == (302, False)
    assert len(server.requests) == 1


def test_little_of_a_long_answer_is_read(server: ScriptedServer, poster: Poster) -> None:
    server.play(answer(body=b"a" * 1_000_000))
    assert len(poster.post(f"{server.url}/hook", b"", {}).text) == 500


def test_no_answer_is_a_failure_that_says_so(server: ScriptedServer) -> None:
    server.play(silence)
    with (
        Poster(allow_local=True, deadline_seconds=0.3) as poster,
        pytest.raises(PostFailed, match="no answer within"),
    ):
        poster.post(f"{server.url}/hook", b"", {})


def test_an_answer_that_drips_ends_at_the_deadline(server: ScriptedServer) -> None:
    server.play(drip(b"HTTP/1.1 200 OK\r\nX: "))
    with (
        Poster(allow_local=True, deadline_seconds=0.5) as poster,
        pytest.raises(PostFailed, match="no answer within"),
    ):
        poster.post(f"{server.url}/hook", b"", {})


def test_a_reset_is_a_failure(server: ScriptedServer, poster: Poster) -> None:
    server.play(reset)
    with pytest.raises(PostFailed, match="broke"):
        poster.post(f"{server.url}/hook", b"", {})


def test_a_closed_port_is_a_failure(server: ScriptedServer, poster: Poster) -> None:
    url = server.url
    server.close()
    with pytest.raises(PostFailed, match="could not be reached"):
        poster.post(f"{url}/hook", b"", {})


@pytest.mark.parametrize("found", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "fd00::1"])
def test_a_name_that_leads_inside_is_refused(found: str) -> None:
    def resolve(host: str, port: int, timeout: float | None) -> Sequence[Address]:
        return [ip_address(found)]

    with (
        Poster(resolve=resolve) as poster,
        pytest.raises(PostRefused, match="leads to no public address"),
    ):
        poster.post("https://hooks.example.com/a", b"", {})


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.com/" + "a" * 2100, "the limit is 2048"),
        ("https://exa mple.com/", "is not a URL"),
        ("https:///path", "is not a URL"),
        ("gopher://example.com/", "is not a URL"),
        ("https://example.com:0/", "is not a URL"),
        ("https://user@example.com/", "user name"),
        ("https://example.com/#part", "fragment"),
        ("http://example.com/", "only https"),
        ("https://localhost/", "no public address"),
        ("https://192.168.1.4/", "no public address"),
        ("https://[fe80::1]/", "no public address"),
    ],
)
def test_a_wrong_address_is_refused_before_anything_is_looked_up(url: str, words: str) -> None:
    with pytest.raises(PostRefused, match=words):
        check_post_url(url)


def test_addresses_of_this_machine_are_allowed_on_request() -> None:
    assert check_post_url("http://localhost:3000/hook", allow_local=True).port == 3000
    assert check_post_url("https://example.com/hook").host == "example.com"
