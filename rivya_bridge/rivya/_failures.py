"""From what went wrong on the wire to the error tree."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from rivya_bridge.rivya._json import canonical, parse_object
from rivya_bridge.rivya.choices import REQUEST_ID_HEADERS, SIGNING_SECRET_KEYS
from rivya_bridge.rivya.errors import (
    ERRORS_BY_CODE,
    ConnectionFailed,
    DeadlineExceeded,
    InsufficientCredits,
    OutcomeUnknown,
    RivyaError,
    ServerFailure,
    Spent,
    StatusError,
    status_error_class,
)
from rivya_bridge.rivya.types.answer import AnswerMeta

ERROR_BODY_CHARACTERS: Final = 4_000
_MESSAGE_CHARACTERS: Final = 300
_ID_CHARACTERS: Final = 200
_SECRETS: Final = re.compile(r"(rvya_sk_|whsec_)[A-Za-z0-9_\-+/=]+")
# A signing secret is known by its member's name as well: its prefix is no promise.
# JSON inside a JSON text has its quotes escaped.
_SECRET_MEMBERS: Final = re.compile(
    rf'("(?:{"|".join(map(re.escape, SIGNING_SECRET_KEYS))})\\*"\s*:\s*\\*")(?:[^"\\]|\\.)*'
)
_SECONDS: Final = re.compile(r"\d{1,9}(\.\d{1,6})?", re.ASCII)

# httpx's names for "no byte of this request left the machine".
_NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


def masked(text: str, api_key: str | None) -> str:
    """`text` without this key and without anything else that looks like a vendor secret."""
    if api_key:
        text = text.replace(api_key, "[key]")
    return _SECRETS.sub(r"\1[masked]", _SECRET_MEMBERS.sub(r"\1[masked]", text))


def lost(error: Exception, *, is_late: bool, seconds: float, can_spend: bool) -> RivyaError:
    """The error for a request without an answer. `is_late`: the call's whole time is used up."""
    spent = _spent(can_spend)
    if isinstance(error, _NOT_SENT):
        return ConnectionFailed(f"The service could not be reached ({_reason(error)}).")
    if is_late:
        return DeadlineExceeded(
            f"The call was cut after {seconds:g} s without a complete answer.", spent=spent
        )
    if isinstance(error, httpx.TimeoutException):
        return OutcomeUnknown("The service did not answer in time.", spent=spent)
    return OutcomeUnknown("The connection broke before an answer arrived.", spent=spent)


def refused(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    api_key: str | None,
    can_spend: bool,
    now: datetime,
) -> StatusError:
    """The error for a 4xx or 5xx answer, whatever its body looks like."""
    envelope = _envelope(body)
    code = _word(envelope.get("code"))
    kind = status_error_class(code, status)
    shown_code = masked(code or kind.default_code, api_key)
    return kind(
        f"Rivya answered {status} "
        + _told(shown_code, envelope, lambda text: masked(text, api_key)),
        code=shown_code,
        http_status=status,
        request_id=request_id(headers, envelope),
        spent=None if can_spend else "no",
        body=text_of(body, api_key),
        retry_after=retry_after_seconds(headers.get("retry-after"), now),
    )


def failed_turn(
    envelope: Mapping[str, Any],
    payload: Mapping[str, Any],
    meta: AnswerMeta,
    *,
    told: str,
    mask: Callable[[str], str],
) -> StatusError:
    """The error inside a stream that had begun well; what the turn cost is not known.

    `envelope`: the `error` of `payload`; `told`: the text that came before it. An unknown code is taken
    for a failure of the server. Credits that do not suffice before the first word were never taken.
    """
    code = _word(envelope.get("code"))
    kind = ERRORS_BY_CODE.get(code or "", ServerFailure)
    shown_code = mask(code or kind.default_code)
    named = _word(envelope.get("requestId"))
    is_refusal = kind is InsufficientCredits and not told
    return kind(
        f"Rivya ended the stream with {_told(shown_code, envelope, mask)}",
        code=shown_code,
        http_status=meta.http_status,
        request_id=mask(named) if named else meta.request_id,
        spent="no" if is_refusal else "unknown",
        body=mask(canonical(payload).decode())[:ERROR_BODY_CHARACTERS],
    )


def after(error: RivyaError, earlier: RivyaError | None, *, can_spend: bool) -> RivyaError:
    """`error`, with the doubt that an earlier attempt of the same call has left.

    An attempt that was refused says nothing about one that was sent before and lost.
    """
    if earlier is None or earlier.sent is False or earlier.spent == "no":
        return error
    if isinstance(error, ConnectionFailed):
        return OutcomeUnknown(
            f"{error} An earlier attempt of this call was sent and its answer is not known.",
            spent=_spent(can_spend),
        )
    if error.spent == "no":
        error.spent = "unknown"
    return error


def request_id(headers: Mapping[str, str], envelope: Mapping[str, Any]) -> str | None:
    """The vendor's id of this request: from the error envelope, else from a header."""
    named = (_word(headers.get(name)) for name in REQUEST_ID_HEADERS)
    found = _word(envelope.get("requestId")) or next((word for word in named if word), None)
    return masked(found, None) if found else None


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds to wait from a Retry-After header, given in seconds or as an HTTP date."""
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def text_of(body: bytes, api_key: str | None) -> str:
    """A body as evidence: readable, masked before it is shortened."""
    text = body.decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    return masked(text, api_key)[:ERROR_BODY_CHARACTERS]


def _spent(can_spend: bool) -> Spent:
    return "unknown" if can_spend else "no"


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpx.PoolTimeout):
        return "all connections are busy"
    return str(error)[:120] or "connection refused"


def _told(code: str, envelope: Mapping[str, Any], mask: Callable[[str], str]) -> str:
    """The end of a sentence: the code, and what Rivya says besides, if it says more than the code."""
    said = envelope.get("message")
    detail = mask(said)[:_MESSAGE_CHARACTERS] if isinstance(said, str) else ""
    return f"{code}: {detail}" if detail and detail != code else f"{code}."


def _envelope(body: bytes) -> Mapping[str, Any]:
    try:
        envelope = parse_object(body).get("error")
    except ValueError:
        return {}
    return envelope if isinstance(envelope, dict) else {}


def _word(value: object) -> str | None:
    """A short printable identifier, or None."""
    if isinstance(value, str) and value.isprintable() and 0 < len(value) <= _ID_CHARACTERS:
        return value
    return None
