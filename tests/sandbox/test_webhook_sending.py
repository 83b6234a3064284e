"""One callback on the wire: checked and pinned addresses, TLS names, limits, odd answers."""

from __future__ import annotations

import datetime
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rivya_bridge.sandbox.webhooks.sending import Sender

from .webhook_receiver import Receiver

HEADERS = {"Content-Type": "application/json"}


def sender(
    *answers: list[str],
    allow_local: bool = True,
    seconds: float = 10.0,
    tls: ssl.SSLContext | None = None,
) -> Sender:
    """A sender whose name service gives these answers, one per look-up."""
    waiting = list(answers)
    return Sender(
        allow_local=allow_local,
        seconds=seconds,
        resolve=lambda host, port: waiting.pop(0),
        tls=tls,
    )


@contextmanager
def answering(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that takes one connection; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def says(text: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(text)

    return talk


def test_a_name_is_looked_up_once_and_keeps_its_host_header(receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2].partition("/")[0]

    outcome = sender(["127.0.0.1"]).post(
        f"http://hooks.example.com:{port}/hook?a=1", HEADERS, b"{}"
    )

    assert (outcome.response_status, outcome.error) == (204, None)
    callback = receiver.arrived.get(timeout=10)
    assert callback.headers["host"] == f"hooks.example.com:{port}"
    assert (callback.path, callback.body) == ("/hook?a=1", b"{}")


@pytest.mark.parametrize(
    "found",
    [["127.0.0.1"], ["::1"], ["10.0.0.7"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"]],
)
def test_a_name_that_leads_inside_is_not_called(receiver: Receiver, found: list[str]) -> None:
    url = receiver.url.replace("http:", "https:").replace("127.0.0.1", "hooks.example.com")

    outcome = sender(found, allow_local=False).post(url, HEADERS, b"{}")

    assert outcome.response_status is None
    assert "webhook_url_rejected" in str(outcome.error) and "not public" in str(outcome.error)
    assert receiver.all() == []


def test_a_private_address_stays_closed_with_the_switch() -> None:
    outcome = sender(["192.168.0.7"]).post("http://hooks.example.com/", HEADERS, b"{}")

    assert "not public" in str(outcome.error)


def test_the_next_address_is_tried(receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2].partition("/")[0]

    outcome = sender(["127.0.0.99", "127.0.0.1"]).post(
        f"http://hooks.example.com:{port}/hook", HEADERS, b"{}"
    )

    assert outcome.response_status == 204


@pytest.mark.parametrize(
    ("text", "status", "error"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 200, None),
        (b"HTTP/1.0 299\r\n\r\n", 299, None),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nA: b\r\n\r\nbody", 201, None),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/\r\n\r\n", 301, "HTTP 301"),
        (b"HTTP/1.1 500 No\r\n\r\n", 500, "HTTP 500"),
        (b"HTTP/1.1 20 OK\r\n\r\n", None, "not HTTP"),
        (b"HTTP/2 200\r\n\r\n", None, "not HTTP"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", None, "not HTTP"),
        (b"HTTP/1.1 200 OK\r\n", None, "without an answer"),
        (b"", None, "without an answer"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"a" * 70_000, None, "too long"),
    ],
)
def test_only_a_whole_2xx_answer_is_a_success(
    text: bytes, status: int | None, error: str | None
) -> None:
    with answering(says(text)) as port:
        outcome = sender(["127.0.0.1"]).post(f"http://h.example.com:{port}/", HEADERS, b"{}")

    assert outcome.response_status == status
    assert outcome.error is None if error is None else error in str(outcome.error)


def test_a_dripping_answer_is_cut_at_the_wall_clock_limit() -> None:
    cut: queue.Queue[bool] = queue.Queue()

    def drip(connection: socket.socket) -> None:
        try:
            while True:
                connection.settimeout(0.02)
                try:
                    if not connection.recv(65536):
                        break
                except TimeoutError:
                    connection.sendall(b"H")
        except OSError:
            pass
        cut.put(True)

    with answering(drip) as port:
        outcome = sender(["127.0.0.1"], seconds=0.3).post(
            f"http://h.example.com:{port}/", HEADERS, b"{}"
        )
        assert cut.get(timeout=20)

    assert outcome.response_status is None and outcome.error == "No answer within 0.3 s."


def test_a_closed_port_and_an_unknown_name_are_failures() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    closed = sender(["127.0.0.1"]).post(f"http://h.example.com:{port}/", HEADERS, b"{}")
    nowhere = Sender(allow_local=True, seconds=5, resolve=unknown)

    assert "No connection" in str(closed.error)
    assert "no such name" in str(nowhere.post("http://h.example.com/", HEADERS, b"{}").error)
    assert "no address" in str(sender([]).post("http://h.example.com/", HEADERS, b"{}").error)


def certify(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's TLS settings around a fresh certificate for `name`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


@pytest.mark.parametrize(
    ("host", "is_trusted"), [("hooks.example.com", True), ("other.example.com", False)]
)
def test_tls_is_checked_against_the_name_of_the_url(
    tmp_path: Path, host: str, is_trusted: bool
) -> None:
    server, client = certify(tmp_path, "hooks.example.com")

    def talk(connection: socket.socket) -> None:
        try:
            with server.wrap_socket(connection, server_side=True) as wrapped:
                wrapped.recv(65536)
                wrapped.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        except OSError:
            assert not is_trusted

    with answering(talk) as port:
        outcome = sender(["127.0.0.1"], tls=client).post(f"https://{host}:{port}/", HEADERS, b"{}")

    assert outcome.response_status == (200 if is_trusted else None)
    assert is_trusted or "certificate" in str(outcome.error)


def test_an_abort_cuts_what_is_under_way() -> None:
    posting = sender(["127.0.0.1"], seconds=600)
    ended: queue.Queue[object] = queue.Queue()

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        posting.abort()
        connection.recv(65536)

    with answering(talk) as port:
        ended.put(posting.post(f"http://h.example.com:{port}/", HEADERS, b"{}"))

    assert "without an answer" in str(ended.get(timeout=20))
