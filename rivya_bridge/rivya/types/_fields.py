"""Reading single fields from JSON that may be null, of another type, or damaged."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

from rivya_bridge.rivya._failures import masked, text_of
from rivya_bridge.rivya._json import canonical
from rivya_bridge.rivya.choices import CREDITS_MAX, LIST_KEYS
from rivya_bridge.rivya.errors import BadAnswer, Spent
from rivya_bridge.rivya.types.answer import AnswerMeta

Json = Mapping[str, Any]

ID_MAX = 200


def first(data: Json, keys: Iterable[str]) -> Any:
    """The first value that is not null among several spellings of one field."""
    return next((data[key] for key in keys if data.get(key) is not None), None)


def text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def identifier(value: Any) -> str | None:
    """An opaque id: printable, not too long, and no path step such as `..`."""
    word = text(value)
    if word is None or len(word) > ID_MAX or not word.isprintable() or word in (".", ".."):
        return None
    return word


def texts(value: Any) -> tuple[str, ...]:
    """The non-empty strings of a list; anything else in it is left out."""
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value if isinstance(item, str) and item)


def objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def listed(data: Json, noun: str, meta: AnswerMeta) -> list[Any]:
    """The entries of a list answer. Raises BadAnswer if there is no list."""
    entries = first(data, LIST_KEYS)
    if not isinstance(entries, list):
        missing(noun, LIST_KEYS[0], data, meta, "no")
    return entries


def truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def number(value: Any) -> int | float | None:
    """A finite number; a JSON true is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    return value if math.isfinite(value) else None


def count(value: Any) -> int | None:
    """A whole number of at least 0; an integral float is taken as well."""
    found = number(value)
    return int(found) if found is not None and found >= 0 and int(found) == found else None


def credit_amount(value: Any) -> int | None:
    """Credits as a whole number, at least 0. A fraction is rounded up: never shown too low."""
    found = number(value)
    return math.ceil(found) if found is not None and 0 <= found <= CREDITS_MAX else None


def moment(value: Any) -> datetime | None:
    """An ISO 8601 time as UTC; a time without zone is taken for UTC."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def web_url(value: Any, origin: str) -> str | None:
    """An absolute http or https URL; a relative one is resolved against `origin`."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        return None
    try:
        absolute = urljoin(f"{origin}/", value.strip())
        parts = urlsplit(absolute)
    except ValueError:
        return None
    return absolute if parts.scheme in ("http", "https") and parts.netloc else None


def missing(noun: str, field: str, data: Json, meta: AnswerMeta, spent: Spent) -> NoReturn:
    """Raise BadAnswer for an object that lacks a field nothing can be done without."""
    names = ", ".join(sorted(str(key) for key in data)[:12]) or "no fields"
    raise BadAnswer(
        f"The answer is no usable {noun}: `{field}` is missing or unreadable "
        f"(it has {masked(names[:200], None)}).",
        http_status=meta.http_status,
        request_id=meta.request_id,
        spent=spent,
        body=text_of(canonical(data), None),
    )
