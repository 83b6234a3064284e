"""Answers that are broken, endless, or not an answer: none hangs, fills the memory or escapes."""

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rivya_bridge.rivya import (
    BadAnswer,
    ConnectionFailed,
    DeadlineExceeded,
    OutcomeUnknown,
    RedirectRefused,
    Rivya,
    RivyaError,
    Timeouts,
)
from rivya_bridge.rivya._bodies import BodyTooLarge, read_capped

from .conftest import KEY, MakeClient, Ticking
from .payloads import QUEUED, as_json
from .scripted_server import Reply, ScriptedServer, answer, drip, raw, reset, silence

JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def submit(server: ScriptedServer, client: Rivya, reply: Reply) -> RivyaError:
    server.play(reply)
    with pytest.raises(RivyaError) as caught:
        client.generations.submit(b"{}", idempotency_key="key-1", max_retries=0)
    assert len(server.requests) == 1
    assert caught.value.spent == "unknown"
    return caught.value


def test_it_works(server: ScriptedServer, client: Rivya) -> None:
    packed = gzip.compress(as_json(QUEUED).encode())
    server.play(answer(202, packed, {"Content-Encoding": "gzip"}))
    assert client.generations.submit(b"{}", idempotency_key="key-1").id == "task_8s1"


def test_a_reset_after_sending_leaves_the_outcome_unknown(
    server: ScriptedServer, client: Rivya
) -> None:
    error = submit(server, client, reset)
    assert type(error) is OutcomeUnknown
    assert error.sent is None
    assert "same idempotency key" in error.action


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 20", b"garbage\r\n\r\n", b"\x00" * 300])
def test_an_answer_that_is_no_http_leaves_the_outcome_unknown(
    server: ScriptedServer, client: Rivya, data: bytes
) -> None:
    assert type(submit(server, client, raw(data))) is OutcomeUnknown


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        JSON_HEAD + b"Content-Length: 100000000\r\n\r\n{",
        JSON_HEAD + b"\r\n{",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
    ids=["status", "headers", "body", "endless", "continue"],
)
def test_a_dripping_answer_is_cut_at_the_deadline(
    server: ScriptedServer, make_client: MakeClient, start: bytes
) -> None:
    client = make_client(monotonic=Ticking(step=1.0), timeout=Timeouts(operation=45.0))
    error = submit(server, client, drip(start, b"a"))
    assert type(error) is DeadlineExceeded
    assert "45 s" in str(error)


def test_a_silent_server_is_left_at_the_read_timeout(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client(timeout=Timeouts(read=0.05))
    error = submit(server, client, silence)
    assert type(error) is OutcomeUnknown
    assert "in time" in str(error)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("<!doctype html><title>Sign in</title>", {"Content-Type": "text/html"}),
        ("", {}),
        ("[]", {}),
        ("null", {}),
        ('{"id": "task_1", "status": "que', {}),
        ('{"id": "task_1", "status": NaN}', {}),
        ('{"id": "task_1", "status": "queued", "reserved_credits": 1e999}', {}),
        ('{"id": "task_1", "status": "queued", "note": "\\u0000"}', {}),
        ('{"id": "task_1", "status": "queued", "note": "\\ud800"}', {}),
        ('{"id": "task_1", "status": "queued", "n": ' + "9" * 5000 + "}", {}),
        ('{"a":' * 100_000, {}),
        (b"\xff\xfe\x00", {}),
        (b"not gzip at all", {"Content-Encoding": "gzip"}),
        (gzip.compress(as_json(QUEUED).encode())[:-9], {"Content-Encoding": "gzip"}),
        ("{}", {"Content-Encoding": "br"}),
    ],
)
def test_a_success_that_is_not_the_documented_shape_is_bad(
    server: ScriptedServer, client: Rivya, body: bytes | str, headers: dict[str, str]
) -> None:
    error = submit(server, client, answer(200, body, headers))
    assert type(error) is BadAnswer
    assert (error.http_status, error.sent, error.retryable) == (200, True, True)


def test_an_escaped_backslash_is_no_nul(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json(QUEUED | {"note": "\\u0000"})))
    assert client.generations.retrieve("t").raw["note"] == "\\u0000"


def test_a_success_that_breaks_off_is_bad(server: ScriptedServer, client: Rivya) -> None:
    body = as_json(QUEUED).encode()
    head = JSON_HEAD + f"Content-Length: {len(body) + 1}\r\n\r\n".encode()
    error = submit(server, client, raw(head + body))
    assert type(error) is BadAnswer
    assert "before it was complete" in str(error)


def test_an_answer_beyond_the_cap_is_cut(server: ScriptedServer, client: Rivya) -> None:
    error = submit(server, client, answer(200, b" " * (4 * 1024 * 1024 + 1)))
    assert type(error) is BadAnswer
    assert "larger than 4194304 bytes" in str(error)


def test_a_gzip_bomb_is_cut_at_the_cap(server: ScriptedServer, client: Rivya) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    error = submit(server, client, answer(200, bomb, {"Content-Encoding": "gzip"}))
    assert type(error) is BadAnswer
    assert "larger than" in str(error)


def test_a_gzip_bomb_is_unpacked_in_small_pieces() -> None:
    bomb = zlib.compress(bytes(64 * 1024 * 1024))
    response = httpx.Response(
        200, headers={"Content-Encoding": "deflate"}, stream=httpx.ByteStream(bomb)
    )
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLarge):
            read_capped(response, 1024 * 1024)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024


def test_an_endless_error_body_is_not_waited_for(server: ScriptedServer, client: Rivya) -> None:
    server.play(drip(b"HTTP/1.1 500 No\r\nContent-Type: text/html\r\n\r\n", b"x" * 4096))
    with pytest.raises(RivyaError) as caught:
        client.generations.retrieve("t", max_retries=0)
    assert caught.value.http_status == 500


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(server: ScriptedServer, client: Rivya, status: int) -> None:
    with ScriptedServer() as elsewhere:
        reply = answer(status, "", {"Location": f"{elsewhere.url}/steal"})
        error = submit(server, client, reply)
        assert elsewhere.requests == []
    assert type(error) is RedirectRefused
    assert not error.retryable


def test_bytes_that_are_no_tls_mean_nothing_was_sent(
    server: ScriptedServer, make_client: MakeClient
) -> None:
    client = make_client(
        base_url=f"https://127.0.0.1:{server.port}", max_retries=0, timeout=Timeouts(connect=0.1)
    )
    with pytest.raises(ConnectionFailed) as caught:
        client.generations.submit(b"{}", idempotency_key="key-1")
    assert caught.value.sent is False
    assert server.requests == []


# fmt: off
FIELDS = [
    "id", "status", "data", "error", "code", "result", "urls", "params", "key", "reference_media",
    "limits", "kind", "current_credits", "url", "options",
]
# fmt: on
replies = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(FIELDS),
                inner,
                max_size=6,
            )
        ),
        max_leaves=20,
    ).map(lambda value: as_json(value).encode()),
)


class AnyReply(httpx.BaseTransport):
    """Answers every request with the reply it holds at that time."""

    status = 200
    headers: ClassVar[dict[str, str]] = {}
    body = b""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        stream = httpx.ByteStream(self.body)
        return httpx.Response(self.status, headers=self.headers, stream=stream)


any_reply = AnyReply()


@pytest.fixture(scope="module")
def fed_client() -> Iterator[Rivya]:
    with Rivya(
        base_url="https://rivya.ai",
        api_key=KEY,
        transport=any_reply,
        max_retries=1,
        monotonic=Ticking(),
        sleep=lambda _: None,
    ) as client:
        yield client


@settings(max_examples=200)
@given(
    status=st.integers(min_value=200, max_value=599),
    body=replies,
    encoding=st.sampled_from(["", "gzip", "deflate", "br", "\x7f"]),
    wait=st.text(alphabet="0123456789 MonGTday,:-.e", max_size=12),
)
def test_nothing_but_the_error_tree_ever_escapes(
    fed_client: Rivya, status: int, body: bytes, encoding: str, wait: str
) -> None:
    any_reply.status, any_reply.body = status, body
    headers = {"Content-Encoding": encoding, "Retry-After": wait, "Location": wait}
    any_reply.headers = headers  # type: ignore[misc]
    calls: list[Callable[[], Any]] = [
        fed_client.models.list,
        fed_client.credits.retrieve,
        lambda: fed_client.files.retrieve("f"),
        lambda: fed_client.generations.retrieve("t"),
        lambda: fed_client.generations.submit(b"{}", idempotency_key="k"),
    ]
    for call in calls:
        try:
            call()
        except RivyaError as error:
            assert error.sentence
        else:
            assert 200 <= status <= 299


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    paths = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *paths]
    subprocess.run([*command, "-subj", "/CN=localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


def test_a_certificate_that_nobody_vouches_for_gets_no_request(
    self_signed: ssl.SSLContext, make_client: MakeClient
) -> None:
    received: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        with sock:
            try:
                with self_signed.wrap_socket(sock, server_side=True) as secured:
                    received.append(secured.recv(1000))
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        client = make_client(base_url=f"https://localhost:{port}", max_retries=0)
        with pytest.raises(ConnectionFailed, match="certificate"):
            client.credits.retrieve()
        thread.join(10)
    assert b"".join(received) == b""
