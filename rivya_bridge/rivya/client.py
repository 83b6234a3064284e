"""The client: one object per account and server, holding the key and the connections."""

import random as chance
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import httpx

from rivya_bridge.rivya._addresses import has_port, is_loopback_host
from rivya_bridge.rivya._calls import DEFAULT_TIMEOUTS, Call, Clocks, Timeouts
from rivya_bridge.rivya._http import HttpPath
from rivya_bridge.rivya.choices import API_PREFIX, SANDBOX_KEY_PREFIX
from rivya_bridge.rivya.resources.chat import Chat
from rivya_bridge.rivya.resources.credits import CreditsResource
from rivya_bridge.rivya.resources.files import Files
from rivya_bridge.rivya.resources.generations import Generations
from rivya_bridge.rivya.resources.models import Models
from rivya_bridge.rivya.resources.scopes import ScopeState, probe_scopes
from rivya_bridge.rivya.resources.webhooks import WebhookEvents, Webhooks


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Rivya:
    """Rivya's API v1. A context manager; safe to share between threads.

    `base_url`: an origin such as https://rivya.ai, with or without `/api/v1`. Plain http is taken
    for loopback hosts only, a sandbox key likewise. `api_key`: None allows the model list alone.
    `max_retries`: repeats inside one call, beyond the first try. `transport`, `clock` (UTC now),
    `monotonic`, `sleep` and `random` (0 <= x < 1) can be passed in by tests.
    Raises ValueError for an address or a key that breaks these rules; no message shows the key.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None,
        timeout: Timeouts = DEFAULT_TIMEOUTS,
        max_retries: int = 2,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], datetime] = _utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = chance.random,
    ) -> None:
        url = _checked_origin(base_url)
        _check_key(api_key, url.host)
        self.base_url = str(url).rstrip("/")
        self._http = HttpPath(
            origin=self.base_url,
            api_key=api_key,
            timeouts=timeout,
            max_retries=max_retries,
            clocks=Clocks(clock, monotonic, sleep, random),
            transport=transport,
        )
        self.models = Models(self._http)
        self.generations = Generations(self._http)
        self.files = Files(self._http)
        self.credits = CreditsResource(self._http)
        self.chat = Chat(self._http)
        self.webhooks = Webhooks(self._http)
        self.webhook_events = WebhookEvents(self._http)

    def __repr__(self) -> str:
        return f"Rivya(base_url={self.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def openapi(self) -> dict[str, Any]:
        """GET /openapi.json: the contract as the service itself tells it. Works without a key.

        Source: https://rivya.ai/docs/api-openapi-schema. Raises RivyaError.
        """
        return self._http.send(Call("GET", "/openapi.json", needs_key=False)).data

    def probe_scopes(self) -> tuple[ScopeState, ...]:
        """Which scopes the key holds, without spending or changing anything (about eight calls).

        Raises AuthenticationFailed for a key that is not accepted at all, and RivyaError when the
        first call brings no answer.
        """
        return probe_scopes(self._http)

    def close(self) -> None:
        """Close every connection; the client cannot be used after that."""
        self._http.close()


def check_access(base_url: str, api_key: str) -> str:
    """The origin in `base_url`, if `api_key` may be sent there. Opens nothing.

    Raises ValueError by the rules of `Rivya`; its text begins with the argument's name.
    """
    url = _checked_origin(base_url)
    _check_key(api_key, url.host)
    return str(url).rstrip("/")


def _checked_origin(base_url: str) -> httpx.URL:
    """The origin in `base_url`. Raises ValueError, naming the rule that is broken."""
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL:
        raise ValueError("base_url is not a URL such as https://rivya.ai") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("base_url must begin with https:// and name a host")
    if not has_port(url):
        raise ValueError("base_url names a port that cannot exist")
    if url.userinfo or url.query or url.fragment:
        raise ValueError("base_url must not contain a user name, a query or a fragment")
    if url.path.rstrip("/") not in ("", API_PREFIX):
        raise ValueError(f"base_url must be an origin, with nothing but {API_PREFIX} after it")
    if url.scheme == "http" and not is_loopback_host(url.host):
        raise ValueError("base_url may use http:// for loopback hosts only; use https://")
    return url.copy_with(path="/")


def _check_key(api_key: str | None, host: str) -> None:
    if not api_key:
        return
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise ValueError("api_key must be printable ASCII without spaces; was it copied whole?")
    if api_key.startswith(SANDBOX_KEY_PREFIX) and not is_loopback_host(host):
        raise ValueError("api_key is a sandbox key; such a key is sent to loopback hosts only")
