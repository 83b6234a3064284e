"""Posting to an address that a person named, with a client that has no key, no cookies and no proxy.

Such an address may lead anywhere, so that it is treated like a result's: https only, public addresses
only, connected to exactly the address that was checked, no redirects, little of the answer read, and a
deadline. `allow_local` also permits http and addresses of this machine and its networks.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from types import TracebackType
from typing import Final, Self

import httpx

from rivya_bridge.rivya._addresses import Address, PublicOnly, has_port, is_loopback_host, is_public
from rivya_bridge.rivya._bodies import read_start
from rivya_bridge.rivya._deadline import Deadline
from rivya_bridge.rivya._failures import retry_after_seconds
from rivya_bridge.rivya._http import no_cookies, user_agent
from rivya_bridge.rivya._network import Resolve, resolve_host
from rivya_bridge.rivya._transport import AddressNotAllowed, GuardedTransport

LONGEST_URL: Final = 2048
_ANSWER_BYTES: Final = 500


class PostRefused(Exception):
    """The address breaks a rule; `str(error)` is a sentence for the user. Nothing was sent."""


class LocalPostRefused(PostRefused):
    """The address is of this machine or of one of its networks, and `allow_local` is off."""


class PostFailed(Exception):
    """No answer arrived; `str(error)` is a sentence for the user. It may have been received."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The answer: its status, the start of its text, and the seconds that it asks to wait, if any."""

    http_status: int
    text: str
    retry_after: float | None

    @property
    def is_success(self) -> bool:
        return 200 <= self.http_status <= 299


class Poster:
    """Posts bytes. A context manager; safe to share between threads.

    `deadline_seconds`: wall-clock limit per call, connection included. `resolve` (host, port, timeout ->
    addresses), `monotonic` and `transport` can be passed in by tests.
    """

    def __init__(
        self,
        *,
        allow_local: bool = False,
        deadline_seconds: float = 20.0,
        transport: httpx.BaseTransport | None = None,
        resolve: Resolve = resolve_host,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allow_local = allow_local
        self._seconds = deadline_seconds
        self._monotonic = monotonic
        rule = _anywhere if allow_local else PublicOnly()
        self._client = httpx.Client(
            transport=transport or GuardedTransport(allowed=rule, resolve=resolve),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(deadline_seconds, connect=5.0, pool=5.0),
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

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """The answer to one POST, whatever its status. Raises PostRefused, PostFailed."""
        target = check_post_url(url, allow_local=self._allow_local)
        deadline = Deadline(self._seconds, self._monotonic)
        with deadline.applied():
            try:
                with self._client.stream("POST", target, content=body, headers=headers) as answer:
                    text = read_start(answer, _ANSWER_BYTES).decode("utf-8", "replace")
            except AddressNotAllowed as error:
                raise LocalPostRefused(f"{target.host} leads to no public address.") from error
            except (httpx.TransportError, httpx.InvalidURL) as error:
                raise PostFailed(self._reason(target.host, deadline, error)) from error
        wished = retry_after_seconds(answer.headers.get("retry-after"), datetime.now(UTC))
        return Posted(answer.status_code, text, wished)

    def _reason(self, host: str, deadline: Deadline, error: Exception) -> str:
        if deadline.is_over or isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
            return f"{host} gave no answer within {self._seconds:g} s."
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return f"{host} could not be reached."
        return f"The connection to {host} broke before an answer came."


def check_post_url(url: str, *, allow_local: bool = False) -> httpx.URL:
    """The URL, if its text allows it; no name is looked up. Raises PostRefused, naming the rule."""
    if len(url) > LONGEST_URL:
        raise PostRefused(f"The address has {len(url)} characters; the limit is {LONGEST_URL}.")
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise PostRefused("The address is not a URL such as https://example.com/hook.") from error
    if (
        " " in url
        or not target.host
        or target.scheme not in ("http", "https")
        or not has_port(target)
    ):
        raise PostRefused("The address is not a URL such as https://example.com/hook.")
    if target.userinfo or target.fragment:
        raise PostRefused("The address must not contain a user name or a fragment.")
    if allow_local:
        return target
    if is_loopback_host(target.host) or not _may_be_public(target.host):
        raise LocalPostRefused(f"{target.host} is no public address.")
    if target.scheme != "https":
        raise PostRefused("The address uses http; only https is posted to.")
    return target


def _may_be_public(host: str) -> bool:
    """False for a literal address that is not public; a name is judged when it is looked up."""
    try:
        return is_public(ip_address(host.strip("[]")))
    except ValueError:
        return True


def _anywhere(host: str, port: int, found: Sequence[Address]) -> list[Address]:
    return list(found)
