"""Fetching result files."""

import gzip
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from typing import Any

import pytest

from rivya_bridge.rivya import Downloader, DownloadError, DownloadFailed, DownloadRefused
from rivya_bridge.rivya._addresses import Address

from .conftest import Ticking
from .scripted_server import Reply, ScriptedServer, answer, drip, raw, reset

PICTURE = bytes(range(256)) * 1000


@pytest.fixture
def downloader(server: ScriptedServer) -> Iterator[Downloader]:
    with Downloader(server.url, max_bytes=1_000_000, monotonic=Ticking()) as downloader:
        yield downloader


def failure(downloader: Downloader, url: str, kind: type[Exception] = DownloadFailed) -> Any:
    with pytest.raises(kind) as caught:
        downloader.fetch(url, io.BytesIO())
    assert str(caught.value).endswith(".")
    return caught.value


def test_it_works(server: ScriptedServer, downloader: Downloader) -> None:
    server.play(answer(body=PICTURE, headers={"Content-Type": "image/png"}))
    into, seen = io.BytesIO(), list[int]()
    done = downloader.fetch(f"{server.url}/outputs/a.png?x=1", into, on_progress=seen.append)
    assert into.getvalue() == PICTURE
    assert (done.size_bytes, done.content_type) == (len(PICTURE), "image/png")
    assert done.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert seen == sorted(seen)
    assert seen[-1] == len(PICTURE)
    assert server.requests[0].line == "GET /outputs/a.png?x=1 HTTP/1.1"


def test_no_key_and_no_cookie_is_sent(server: ScriptedServer, downloader: Downloader) -> None:
    server.play(answer(headers={"Set-Cookie": "a=b; Path=/"}), answer())
    for _ in range(2):
        downloader.fetch(f"{server.url}/a", io.BytesIO())
    for request in server.requests:
        assert set(request.headers) == {
            "host",
            "accept",
            "accept-encoding",
            "connection",
            "user-agent",
        }


def test_the_proxy_of_the_environment_is_not_used(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server.play(answer(body=b"abc"))
    with Downloader(server.url, max_bytes=10) as downloader:
        assert downloader.fetch(f"{server.url}/a", io.BytesIO()).size_bytes == 3


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_both_names_of_this_machine_are_one_service(
    server: ScriptedServer, downloader: Downloader, host: str
) -> None:
    server.play(answer(body=b"abc"))
    downloader.fetch(f"http://{host}:{server.port}/a", io.BytesIO())


def test_no_other_port_of_this_machine_is_touched(
    server: ScriptedServer, downloader: Downloader
) -> None:
    with ScriptedServer() as other:
        for host in ("127.0.0.1", "localhost"):
            error = failure(downloader, f"http://{host}:{other.port}/a", DownloadRefused)
            assert "another port" in str(error)
        assert other.connections == 0


REFUSED = [
    "http://cdn.example/a.png",
    "https://127.0.0.1/a",
    "https://127.0.0.1:8000/a",
    "http://127.0.0.1:8000/a",
    "https://localhost/a",
    "https://LOCALHOST./a",
    "https://[::1]/a",
    "https://[::ffff:127.0.0.1]/a",
    "https://[::ffff:7f00:1]/a",
    "https://[64:ff9b::7f00:1]/a",
    "https://10.0.0.1/a",
    "https://192.168.1.1/a",
    "https://172.16.0.1/a",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/a",
    "https://0.0.0.0/a",
    "https://224.0.0.1/a",
    "https://[fe80::1]/a",
    "https://[fc00::1]/a",
    "https://2130706433/a",
    "https://0x7f000001/a",
    "https://0177.0.0.1/a",
    "https://127.1/a",
    "https://user@cdn.example/a",
    "https://user:password@cdn.example/a",
    "file:///etc/passwd",
    "ftp://cdn.example/a",
    "data:image/png;base64,AA==",
    "javascript:alert(1)",
    "//cdn.example/a",
    "/outputs/a.png",
    "https://",
    "https://cdn.example:99999/a",
    "",
    "not a url",
    "https://cdn.example/\x00",
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_breaks_a_rule_is_refused(url: str) -> None:
    with Downloader("https://rivya.ai", max_bytes=10) as downloader:
        error = failure(downloader, url, DownloadRefused)
    assert not error.retryable


def resolver(*texts: str) -> Callable[[str, int, float | None], Sequence[Address]]:
    return lambda host, port, timeout: [ip_address(text) for text in texts]


@pytest.mark.parametrize("text", ["127.0.0.1", "10.0.0.1", "64:ff9b::1.2.3.4", "fe80::1", "::1"])
def test_a_name_that_leads_inside_is_refused(server: ScriptedServer, text: str) -> None:
    with Downloader(server.url, max_bytes=10, resolve=resolver(text)) as downloader:
        error = failure(downloader, f"https://cdn.example:{server.port}/a", DownloadRefused)
    assert "private network" in str(error)
    assert server.connections == 0


def test_a_name_that_cannot_be_found_may_be_found_later() -> None:
    def nowhere(host: str, port: int, timeout: float | None) -> Sequence[Address]:
        raise OSError("name not known")

    with Downloader("https://rivya.ai", max_bytes=10, resolve=nowhere) as downloader:
        error = failure(downloader, "https://cdn.example/a")
    assert (error.retryable, error.http_status) == (True, None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    server: ScriptedServer, downloader: Downloader, status: int
) -> None:
    server.play(answer(status, "", {"Location": f"{server.url}/b"}))
    failure(downloader, f"{server.url}/a", DownloadRefused)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        *((status, False) for status in (204, 206, 403, 404, 410)),
        *((status, True) for status in (408, 429, 500, 503)),
    ],
)
def test_an_answer_without_the_file_tells_whether_to_try_again(
    server: ScriptedServer, downloader: Downloader, status: int, retryable: bool
) -> None:
    server.play(answer(status, ""))
    error = failure(downloader, f"{server.url}/a")
    assert (error.http_status, error.retryable) == (status, retryable)


def test_a_file_announced_too_large_is_not_begun(
    server: ScriptedServer, downloader: Downloader
) -> None:
    server.play(answer(body=bytes(1_000_001)))
    into = io.BytesIO()
    with pytest.raises(DownloadRefused, match="1,000,000 bytes"):
        downloader.fetch(f"{server.url}/a", into)
    assert into.getvalue() == b""


@pytest.mark.parametrize("length", ["", "9" * 30])
def test_an_endless_file_is_cut_at_the_limit(
    server: ScriptedServer, downloader: Downloader, length: str
) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + (f"X-Length: {length}\r\n".encode() if length else b"")
    server.play(drip(head + b"\r\n", bytes(65_536)))
    into = io.BytesIO()
    with pytest.raises(DownloadRefused, match="larger"):
        downloader.fetch(f"{server.url}/a", into)
    assert len(into.getvalue()) <= 1_000_000


def test_a_packed_bomb_is_cut_at_the_limit(server: ScriptedServer, downloader: Downloader) -> None:
    bomb = gzip.compress(bytes(32 * 1024 * 1024))
    server.play(answer(body=bomb, headers={"Content-Encoding": "gzip"}))
    failure(downloader, f"{server.url}/a", DownloadRefused)


def test_the_largest_allowed_file_is_taken(server: ScriptedServer) -> None:
    server.play(answer(body=b"1234567890"))
    with Downloader(server.url, max_bytes=10) as downloader:
        assert downloader.fetch(f"{server.url}/a", io.BytesIO()).size_bytes == 10


def test_a_dripping_file_is_cut_at_the_deadline(server: ScriptedServer) -> None:
    server.play(drip(b"HTTP/1.1 200 OK\r\n\r\n"))
    with Downloader(server.url, max_bytes=10**6, monotonic=Ticking(step=1.0)) as downloader:
        error = failure(downloader, f"{server.url}/a")
    assert "45 s" in str(error)
    assert error.retryable


@pytest.mark.parametrize(
    "reply",
    [reset, raw(b""), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")],
    ids=["reset", "nothing", "short"],
)
def test_a_broken_connection_may_work_later(
    server: ScriptedServer, downloader: Downloader, reply: Reply
) -> None:
    server.play(reply)
    error = failure(downloader, f"{server.url}/a")
    assert error.retryable


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_a_damaged_packing_is_a_failure(
    server: ScriptedServer, downloader: Downloader, encoding: str
) -> None:
    server.play(answer(body=b"nonsense", headers={"Content-Encoding": encoding}))
    assert "damaged" in str(failure(downloader, f"{server.url}/a"))


def test_what_the_progress_callback_raises_ends_the_download(
    server: ScriptedServer, downloader: Downloader
) -> None:
    class LeaseLost(Exception):
        pass

    def stop(size: int) -> None:
        raise LeaseLost

    server.play(answer(body=PICTURE), answer(body=b"abc"))
    with pytest.raises(LeaseLost):
        downloader.fetch(f"{server.url}/a", io.BytesIO(), on_progress=stop)
    assert downloader.fetch(f"{server.url}/b", io.BytesIO()).size_bytes == 3


def test_both_failures_can_be_caught_as_one() -> None:
    assert issubclass(DownloadRefused, DownloadError)
    assert issubclass(DownloadFailed, DownloadError)


def test_a_large_limit_is_told_in_megabytes(server: ScriptedServer) -> None:
    server.play(answer(body=bytes(2_097_153)))
    into = io.BytesIO()
    with (
        Downloader(server.url, max_bytes=2_097_152) as client,
        pytest.raises(DownloadRefused, match=r"the limit of 2 MB\."),
    ):
        client.fetch(f"{server.url}/a", into)
