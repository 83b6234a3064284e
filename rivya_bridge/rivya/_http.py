"""The one path of every API call: authentication, deadline, size cap, retries, errors."""

from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx

from rivya_bridge import __version__
from rivya_bridge.rivya import _failures
from rivya_bridge.rivya._addresses import SameMachineOrAny
from rivya_bridge.rivya._bodies import BodyDamaged, BodyTooLarge, read_capped, read_start
from rivya_bridge.rivya._calls import Answer, Call, Clocks, Timeouts
from rivya_bridge.rivya._deadline import Deadline
from rivya_bridge.rivya._json import parse_object
from rivya_bridge.rivya._retries import more_doubtful, wait_before_retry
from rivya_bridge.rivya._transport import GuardedTransport
from rivya_bridge.rivya.choices import (
    API_PREFIX,
    ERROR_CAP_BYTES,
    IDEMPOTENCY_HEADER,
    JSON_CAP_BYTES,
    SUCCESS_STATUSES,
)
from rivya_bridge.rivya.errors import (
    AuthenticationFailed,
    BadAnswer,
    RedirectRefused,
    RivyaError,
    Spent,
    StatusError,
)
from rivya_bridge.rivya.types.answer import AnswerMeta

Result = TypeVar("Result")


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
        self.clocks = clocks
        self._api_key = api_key
        self._max_retries = max_retries
        self._client = httpx.Client(
            transport=transport or GuardedTransport(allowed=SameMachineOrAny()),
            follow_redirects=False,
            trust_env=False,
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
        """Send `call` and read its answer, again where the rule allows it. Raises RivyaError."""
        deadline = Deadline(call.seconds or self.timeouts.operation, self.clocks.monotonic)
        return self._repeated(call, deadline, self._read)

    def open(self, call: Call, deadline: Deadline) -> httpx.Response:
        """Send `call` and hand over its 2xx answer unread, to be closed by the caller.

        Everything before the first byte of its body is as in `send`. Raises RivyaError.
        """
        return self._repeated(call, deadline, self._opened)

    def read(self, call: Call, response: httpx.Response, deadline: Deadline) -> Answer:
        """The JSON object of an opened answer, which is closed. Raises RivyaError."""
        with deadline.applied():
            return self._read(call, response, deadline)

    def masked(self, text: str) -> str:
        """`text` without the key and other secrets."""
        return _failures.masked(text, self._api_key)

    def _repeated(
        self,
        call: Call,
        deadline: Deadline,
        read: Callable[[Call, httpx.Response, Deadline], Result],
    ) -> Result:
        headers = self._headers(call)
        earlier: RivyaError | None = None
        retries = 0
        while True:
            try:
                with deadline.applied():
                    return read(call, self._attempt(call, headers, deadline), deadline)
            except RivyaError as error:
                failure = _failures.after(error, earlier, can_spend=call.can_spend)
                wait = self._wait(call, failure, retries, deadline)
                if wait is None:
                    if failure is error:
                        raise
                    raise failure from error
                earlier = more_doubtful(earlier, failure)
            retries += 1
            self.clocks.sleep(wait)

    def _wait(
        self, call: Call, error: RivyaError, retries: int, deadline: Deadline
    ) -> float | None:
        return wait_before_retry(
            call,
            error,
            retries=retries,
            max_retries=self._max_retries if call.max_retries is None else call.max_retries,
            seconds_left=deadline.remaining(),
            jitter=self.clocks.jitter(),
        )

    def _headers(self, call: Call) -> httpx.Headers:
        # httpx's own type: unlike a dict it hides the key where a frame's variables are printed.
        headers = httpx.Headers(call.headers)
        if call.idempotency_key is not None:
            headers[IDEMPOTENCY_HEADER] = call.idempotency_key
        if call.needs_key:
            if not self._api_key:
                raise AuthenticationFailed(
                    "No API key is set, so nothing was sent.", code="api_key_missing", sent=False
                )
            headers["Authorization"] = f"Bearer {self._api_key}"
        return headers

    def _attempt(self, call: Call, headers: httpx.Headers, deadline: Deadline) -> httpx.Response:
        request = self._client.build_request(
            call.method,
            f"{self.origin}{API_PREFIX}{call.path}",
            content=call.content,
            headers=headers,
            timeout=httpx.Timeout(
                connect=self.timeouts.connect,
                read=call.read_seconds or self.timeouts.read,
                write=self.timeouts.write,
                pool=self.timeouts.pool,
            ),
        )
        try:
            return self._client.send(request, stream=True)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._lost(call, deadline, error) from error

    def _lost(self, call: Call, deadline: Deadline, error: Exception) -> RivyaError:
        return _failures.lost(
            error,
            is_late=deadline.is_over,
            seconds=deadline.seconds,
            can_spend=call.can_spend,
        )

    def _opened(self, call: Call, response: httpx.Response, deadline: Deadline) -> httpx.Response:
        if response.status_code in SUCCESS_STATUSES:
            return response
        try:
            raise self._unsuccessful(call, response)
        finally:
            response.close()

    def _read(self, call: Call, response: httpx.Response, deadline: Deadline) -> Answer:
        self._opened(call, response, deadline)
        try:
            body = read_capped(response, JSON_CAP_BYTES)
        except (BodyTooLarge, BodyDamaged) as error:
            message = f"The answer cannot be read: {error}."
            raise self.bad(call, response, message) from error
        except httpx.TimeoutException as error:
            raise self._lost(call, deadline, error) from error
        except httpx.TransportError as error:
            message = "The answer ended before it was complete."
            raise self.bad(call, response, message) from error
        finally:
            response.close()
        return self._parsed(call, response, body)

    def _parsed(self, call: Call, response: httpx.Response, body: bytes) -> Answer:
        meta = self.meta(response)
        if call.may_be_empty and not body.strip():
            return Answer({}, meta)
        try:
            return Answer(parse_object(body), meta)
        except ValueError as error:
            kind = response.headers.get("content-type", "no content type")[:60]
            message = f"The answer ({kind}, {len(body)} bytes) is not a JSON object."
            raise self.bad(call, response, message, body=body) from error

    def meta(self, response: httpx.Response) -> AnswerMeta:
        return AnswerMeta(
            http_status=response.status_code,
            request_id=_failures.request_id(response.headers, {}),
            received_at=self.clocks.now(),
        )

    def _unsuccessful(self, call: Call, response: httpx.Response) -> RivyaError:
        status = response.status_code
        if 400 <= status <= 599:
            return self._refused(call, response, read_start(response, ERROR_CAP_BYTES))
        host = response.request.url.host
        if 300 <= status <= 399:
            message = f"{host} answered {status} and sent the request on to {_target(response)}."
            return self.bad(call, response, message, kind=RedirectRefused)
        return self.bad(call, response, f"{host} answered {status}, which is no answer of the API.")

    def _refused(self, call: Call, response: httpx.Response, body: bytes) -> StatusError:
        return _failures.refused(
            response.status_code,
            response.headers,
            body,
            api_key=self._api_key,
            can_spend=call.can_spend,
            now=self.clocks.now(),
        )

    def bad(
        self,
        call: Call,
        response: httpx.Response,
        message: str,
        *,
        kind: type[BadAnswer] = BadAnswer,
        body: bytes = b"",
    ) -> BadAnswer:
        """The error for a success that cannot be used; a call that can spend may have spent."""
        spent: Spent = "unknown" if call.can_spend else "no"
        return kind(
            self.masked(message),
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


def _target(response: httpx.Response) -> str:
    """The host that a redirect names; the rest of its address may hold anything."""
    try:
        host = httpx.URL(response.headers.get("location", "")).host
    except httpx.InvalidURL:
        host = ""
    return host or "another address"
