"""The httpx transport over guarded sockets: pooled, HTTP/1.1, TLS always verified."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import httpcore
import httpx

from rivya_bridge.rivya._network import (
    AddressRefused,
    AddressRule,
    GuardedBackend,
    Resolve,
    resolve_host,
)

MAX_CONNECTIONS: Final = 10
KEEPALIVE_SECONDS: Final = 15.0


class AddressNotAllowed(httpx.ConnectError):
    """The host leads only to addresses that may not be used; nothing was sent."""


# More specific classes first: the first match wins.
_TRANSLATIONS: Final[tuple[tuple[type[Exception], type[httpx.TransportError]], ...]] = (
    (AddressRefused, AddressNotAllowed),
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
)


class GuardedTransport(httpx.BaseTransport):
    """Sends requests over connections that obey the deadline and the address rule."""

    def __init__(self, *, allowed: AddressRule, resolve: Resolve = resolve_host) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_verifying_context(),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_SECONDS,
            network_backend=GuardedBackend(allowed=allowed, resolve=resolve),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        with _translated():
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _translated():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        for theirs, ours in _TRANSLATIONS:
            if isinstance(error, theirs):
                raise ours(str(error)) from error
        raise


@cache
def _verifying_context() -> ssl.SSLContext:
    """One context per process: building it reads every root certificate, some 30 ms."""
    return httpx.create_ssl_context(trust_env=False)
