"""Fetching result files with a client that has no key, no cookies and no proxy.

A result's address is text from a server, so it is treated as hostile: https only, public
addresses only, connected to exactly the address that was checked, no redirects, a size cap and a
deadline. One exception: while the service itself is on this machine (a local stand-in), its own
host and port may serve files, over http as well.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Final, Self

import httpx

from rivya_bridge.rivya._addresses import PublicOnly, effective_port, has_port, is_loopback_host
from rivya_bridge.rivya._bodies import BodyDamaged, pieces
from rivya_bridge.rivya._deadline import Deadline
from rivya_bridge.rivya._http import no_cookies, user_agent
from rivya_bridge.rivya._network import Resolve, resolve_host
from rivya_bridge.rivya._transport import AddressNotAllowed, GuardedTransport

# A result that is gone or forbidden may be there under a fresh address; the caller asks for one.
_RETRYABLE_STATUSES: Final = frozenset({408, 425, 429, *range(500, 600)})


class DownloadError(Exception):
    """A file could not be fetched; `str(error)` is a sentence for the user."""


class DownloadRefused(DownloadError):
    """Fetching it would break a rule: address, redirect or size. Trying again changes nothing."""

    retryable = False
    http_status: int | None = None


class DownloadFailed(DownloadError):
    """It could not be fetched now. `retryable`: the same address may work later.

    `http_status`: None if no answer arrived. 403, 404 and 410 hint at an expired address.
    """

    def __init__(
        self, message: str, *, retryable: bool = True, http_status: int | None = None
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.http_status = http_status


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What was written. `content_type` is the server's claim, not a fact. `sha256` in hex."""

    size_bytes: int
    content_type: str
    sha256: str


class Downloader:
    """Downloads beside one service. A context manager; safe to share between threads.

    `max_bytes`: cap per file, after unpacking. `deadline_seconds`: wall-clock limit per file.
    `resolve` (host, port, timeout -> addresses) and `monotonic` can be passed in by tests; with a
    `transport` of their own the resolved addresses are not checked, the URL still is.
    """

    def __init__(
        self,
        base_url: str,
        *,
        max_bytes: int,
        deadline_seconds: float = 45.0,
        transport: httpx.BaseTransport | None = None,
        resolve: Resolve = resolve_host,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        base = httpx.URL(base_url)
        self._local_port = effective_port(base) if is_loopback_host(base.host) else None
        self._max_bytes = max_bytes
        self._seconds = deadline_seconds
        self._monotonic = monotonic
        self._client = httpx.Client(
            transport=transport
            or GuardedTransport(allowed=PublicOnly(self._local_port), resolve=resolve),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(30.0, connect=5.0, pool=5.0),
            cookies=no_cookies(),
            headers={"User-Agent": user_agent(), "Accept": "*/*", "Accept-Encoding": "identity"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def fetch(
        self,
        url: str,
        destination: BinaryIO,
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> Downloaded:
        """Write the file at `url` into `destination`; on an error a part of it may be there.

        `on_progress` gets the bytes so far after every piece of at most 64 KiB, so that a caller
        can renew a lease; what it raises ends the download. Raises DownloadRefused,
        DownloadFailed, and OSError from `destination`.
        """
        target = self._checked(url)
        deadline = Deadline(self._seconds, self._monotonic)
        with deadline.applied():
            try:
                with self._client.stream("GET", target) as response:
                    self._check_answer(response)
                    return self._write(response, destination, deadline, on_progress)
            except AddressNotAllowed as error:
                raise DownloadRefused(
                    f"{target.host} leads to an address inside a private network."
                ) from error
            except BodyDamaged as error:
                raise DownloadFailed(f"The file arrived damaged: {error}.") from error
            except (httpx.TransportError, httpx.InvalidURL) as error:
                raise self._broken(target.host, deadline, error) from error

    def _checked(self, url: str) -> httpx.URL:
        """The URL, if its text already allows it. Raises DownloadRefused."""
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, TypeError) as error:
            raise DownloadRefused("The result's address is not a URL.") from error
        if not target.host or target.scheme not in ("http", "https"):
            raise DownloadRefused("The result's address is not an https address.")
        if not has_port(target):
            raise DownloadRefused("The result's address names a port that cannot exist.")
        if target.userinfo:
            raise DownloadRefused("The result's address contains a user name.")
        if is_loopback_host(target.host):
            self._check_local(target)
        elif target.scheme != "https":
            raise DownloadRefused("The result's address uses http; only https is fetched.")
        return target

    def _check_local(self, target: httpx.URL) -> None:
        if self._local_port is None:
            raise DownloadRefused("The result's address points to this machine.")
        if effective_port(target) != self._local_port:
            raise DownloadRefused(
                f"The result's address points to another port of this machine than "
                f"{self._local_port}, where the service is."
            )

    def _check_answer(self, response: httpx.Response) -> None:
        status = response.status_code
        if 300 <= status <= 399:
            raise DownloadRefused("The result's address redirects; redirects are not followed.")
        if status != 200:
            raise DownloadFailed(
                f"The file server answered {status}.",
                retryable=status in _RETRYABLE_STATUSES,
                http_status=status,
            )
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and len(announced) < 20 and int(announced) > self._max_bytes:
            raise self._too_large()

    def _write(
        self,
        response: httpx.Response,
        destination: BinaryIO,
        deadline: Deadline,
        on_progress: Callable[[int], None] | None,
    ) -> Downloaded:
        digest = hashlib.sha256()
        size = 0
        for piece in pieces(response):
            size += len(piece)
            if size > self._max_bytes:
                raise self._too_large()
            if deadline.is_over:
                raise self._late()
            destination.write(piece)
            digest.update(piece)
            if on_progress:
                on_progress(size)
        content_type = response.headers.get("content-type", "")[:200]
        return Downloaded(size, content_type, digest.hexdigest())

    def _broken(self, host: str, deadline: Deadline, error: Exception) -> DownloadFailed:
        if deadline.is_over:
            return self._late()
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return DownloadFailed(f"{host} could not be reached.")
        return DownloadFailed("The connection broke before the file was complete.")

    def _late(self) -> DownloadFailed:
        return DownloadFailed(f"The file was not complete after {self._seconds:g} s.")

    def _too_large(self) -> DownloadRefused:
        return DownloadRefused(f"The file is larger than the limit of {_size(self._max_bytes)}.")


def _size(count: int) -> str:
    """A limit as people say it."""
    return f"{count // 1_048_576:,} MB" if count >= 1_048_576 else f"{count:,} bytes"
