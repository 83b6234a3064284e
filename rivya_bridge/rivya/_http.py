"""The one path of every API call: authentication, deadline, size cap, retries, errors."""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx

from rivya_bridge import __version__
from rivya_bridge.rivya import _failures
from rivya_bridge.rivya._addresses import SameMachineOrAny
from rivya_bridge.rivya._bodies import BodyDamaged, BodyTooLarge, read_capped, read_start
from rivya_bridge.rivya._deadline import Deadline
from rivya_bridge.rivya._json import parse_object
from rivya_bridge.rivya._transport import GuardedTransport
from rivya_bridge.rivya.choices import (
    API_PREFIX,
    BACKOFF_BASE_SECONDS,
    BACKOFF_CAP_SECONDS,
    IDEMPOTENCY_HEADER,
    RETRIED_HTTP_STATUSES,
    RETRY_AFTER_CAP_SECONDS,
)
from rivya_bridge.rivya.errors import (
    AuthenticationFailed,
    BadAnswer,
    ConnectionFailed,
    OutcomeUnknown,
    RedirectRefused,
    RivyaError,
    Spent,
    StatusError,
)
from rivya_bridge.rivya.types.answer import AnswerMeta

JSON_CAP_BYTES: Final = 4 * 1024 * 1024
ERROR_CAP_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds. The first four are per socket operation, `operation` for a whole call.

    `operation` covers retries and waits between them as well; `upload` replaces it for files.
    """

    connect: float = 5.0
    read: float = 30.0
    write: float = 30.0
    pool: float = 5.0
    operation: float = 45.0
    upload: float = 45.0


DEFAULT_TIMEOUTS: Final = Timeouts()


@dataclass(frozen=True, slots=True)
class Clocks:
    """Time and chance, so that tests need not wait. `jitter` returns 0 <= x < 1."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Call:
    """One operation. `can_spend`: it may cost credits. `path` starts below `/api/v1`."""

    method: str
    path: str
    content: bytes | Iterable[bytes] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None
    needs_key: bool = True
    can_spend: bool = False
    seconds: float | None = None
    max_retries: int | None = None

    @property
    def is_repeatable(self) -> bool:
        """True if sending it twice has one effect: a read, or a write under a key."""
        return self.method == "GET" or self.idempotency_key is not None


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: its JSON object and where it came from."""

    data: dict[str, Any]
    meta: AnswerMeta


class HttpPath:
    """Sends calls to one origin over one pool of connections; safe to share between threads."""

    def __init__(
        self,
        *,
        origin: str,
        api_key: str | None,
        timeouts: Timeouts,
        max_retries: int,
        clocks: Clocks,
        transport: httpx.BaseTransport | None,
    ) -> None:
        self.origin = origin
        self.timeouts = timeouts
        self._api_key = api_key
        self._max_retries = max_retries
        self._clocks = clocks
        self._client = httpx.Client(
            transport=transport or GuardedTransport(allowed=SameMachineOrAny()),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(
                connect=timeouts.connect,
                read=timeouts.read,
                write=timeouts.write,
                pool=timeouts.pool,
            ),
            cookies=no_cookies(),
            headers={
                "User-Agent": user_agent(),
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            },
        )

    def __repr__(self) -> str:
        return f"HttpPath({self.origin!r})"

    def close(self) -> None:
        self._client.close()

    @property
    def has_key(self) -> bool:
        return bool(self._api_key)

    def send(self, call: Call) -> Answer:
        """Send `call`, again where the retry rule allows it. Raises RivyaError."""
        headers = self._headers(call)
        deadline = Deadline(call.seconds or self.timeouts.operation, self._clocks.monotonic)
        earlier: RivyaError | None = None
        retries = 0
        while True:
            try:
                with deadline.applied():
                    return self._attempt(call, headers, deadline)
            except RivyaError as error:
                failure = _failures.after(error, earlier, can_spend=call.can_spend)
                wait = self._wait_before_retry(call, failure, retries, deadline)
                if wait is None:
                    if failure is error:
                        raise
                    raise failure from error
                earlier = _more_doubtful(earlier, failure)
            retries += 1
            self._clocks.sleep(wait)

    def _headers(self, call: Call) -> dict[str, str]:
        headers = dict(call.headers)
        if call.idempotency_key is not None:
            headers[IDEMPOTENCY_HEADER] = call.idempotency_key
        if call.needs_key:
            if not self._api_key:
                raise AuthenticationFailed(
                    "No API key is set, so nothing was sent.", code="api_key_missing", sent=False
                )
            headers["Authorization"] = f"Bearer {self._api_key}"
        return headers

    def _wait_before_retry(
        self, call: Call, error: RivyaError, retries: int, deadline: Deadline
    ) -> float | None:
        """Seconds to wait before trying again, or None to give up now."""
        allowed = self._max_retries if call.max_retries is None else call.max_retries
        if retries >= allowed or not _may_repeat(call, error):
            return None
        wished = error.retry_after if isinstance(error, StatusError) else None
        if wished is not None and wished > RETRY_AFTER_CAP_SECONDS:
            return None
        ceiling = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2**retries)
        wait = max(wished or 0.0, ceiling * (0.5 + self._clocks.jitter() / 2))
        return wait if wait < deadline.remaining() else None

    def _attempt(self, call: Call, headers: dict[str, str], deadline: Deadline) -> Answer:
        request = self._client.build_request(
            call.method,
            f"{self.origin}{API_PREFIX}{call.path}",
            content=call.content,
            headers=headers,
        )
        try:
            response = self._client.send(request, stream=True)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._lost(call, deadline, error) from error
        try:
            return self._read(call, response, deadline)
        finally:
            response.close()

    def _lost(self, call: Call, deadline: Deadline, error: Exception) -> RivyaError:
        return _failures.lost(
            error,
            is_late=deadline.is_over,
            seconds=deadline.seconds,
            can_spend=call.can_spend,
        )

    def _read(self, call: Call, response: httpx.Response, deadline: Deadline) -> Answer:
        status = response.status_code
        if 400 <= status <= 599:
            body = read_start(response, ERROR_CAP_BYTES)
            raise self._refused(call, response, body)
        if not 200 <= status <= 299:
            kind = RedirectRefused if 300 <= status <= 399 else BadAnswer
            message = f"Rivya's address answered {status}, which is no answer of the API."
            raise self._bad(call, response, message, kind=kind)
        try:
            body = read_capped(response, JSON_CAP_BYTES)
        except (BodyTooLarge, BodyDamaged) as error:
            message = f"The answer cannot be read: {error}."
            raise self._bad(call, response, message) from error
        except httpx.TimeoutException as error:
            raise self._lost(call, deadline, error) from error
        except httpx.TransportError as error:
            message = "The answer ended before it was complete."
            raise self._bad(call, response, message) from error
        return self._parsed(call, response, body)

    def _parsed(self, call: Call, response: httpx.Response, body: bytes) -> Answer:
        try:
            data = parse_object(body)
        except ValueError as error:
            kind = response.headers.get("content-type", "no content type")[:60]
            message = f"The answer ({kind}, {len(body)} bytes) is not a JSON object."
            raise self._bad(call, response, message, body=body) from error
        meta = AnswerMeta(
            http_status=response.status_code,
            request_id=_failures.request_id(response.headers, {}),
            received_at=self._clocks.now(),
        )
        return Answer(data, meta)

    def _refused(self, call: Call, response: httpx.Response, body: bytes) -> StatusError:
        return _failures.refused(
            response.status_code,
            response.headers,
            body,
            api_key=self._api_key,
            can_spend=call.can_spend,
            now=self._clocks.now(),
        )

    def _bad(
        self,
        call: Call,
        response: httpx.Response,
        message: str,
        *,
        kind: type[BadAnswer] = BadAnswer,
        body: bytes = b"",
    ) -> BadAnswer:
        spent: Spent = "unknown" if call.can_spend else "no"
        return kind(
            _failures.masked(message, self._api_key),
            http_status=response.status_code,
            request_id=_failures.request_id(response.headers, {}),
            spent=spent,
            body=_failures.text_of(body, self._api_key),
        )


def user_agent() -> str:
    return f"rivya-bridge/{__version__}"


def no_cookies() -> CookieJar:
    """A jar that takes no cookie from anybody."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def _may_repeat(call: Call, error: RivyaError) -> bool:
    """The retry rule: 429, 5xx and the network; a bare POST only if it was never sent."""
    if not call.is_repeatable:
        return isinstance(error, ConnectionFailed)
    if isinstance(error, StatusError):
        return error.http_status in RETRIED_HTTP_STATUSES
    return isinstance(error, ConnectionFailed | OutcomeUnknown)


def _more_doubtful(earlier: RivyaError | None, latest: RivyaError) -> RivyaError:
    return earlier if earlier is not None and earlier.spent != "no" else latest
