"""The JSON body of a request, refused before any route sees what could not be stored or answered."""

import json
import math
from collections.abc import Iterator
from typing import Any

from rivya_bridge.refusals import Refusal

MAX_DEPTH = 32
SHOWN = 80


class NotJson(Refusal):
    status = 400
    code = "malformed_json"


def read_json(raw: bytes) -> Any:
    """The value of a JSON text in UTF-8.

    Raises NotJson for anything else (NaN and Infinity are no JSON) and for numbers beyond a float;
    Refusal for texts with NUL or half a surrogate pair, and for more than 32 levels.
    """
    try:
        value = json.loads(raw.decode(), parse_constant=_no_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise NotJson.field("body", "The body is no UTF-8 text: send JSON in UTF-8.") from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        text = f"The body is no JSON: {error}. Send it with Content-Type: application/json."
        raise NotJson.field("body", text) from error
    _check_texts(value)
    return value


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _check_texts(value: Any) -> None:
    for place, text in _texts(value):
        if "\0" in text or not _is_encodable(text):
            field = ".".join(place).encode("ascii", "replace").decode().replace("\0", "?")[:SHOWN]
            problem = "has a NUL character or half of a surrogate pair: send plain Unicode text"
            raise Refusal.field(field or "body", f"{field or 'body'} {problem}.")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _texts(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in a value with its place, names of members too; without recursion."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while waiting:
        place, one = waiting.pop()
        if len(place) > MAX_DEPTH:
            raise _too_deep()
        if isinstance(one, str):
            yield place, one
        elif isinstance(one, dict):
            yield from ((place, name) for name in one)
            waiting += (((*place, name[:SHOWN]), part) for name, part in one.items())
        elif isinstance(one, list):
            waiting += (((*place, str(number)), part) for number, part in enumerate(one))


def _too_deep() -> Refusal:
    text = f"The body nests deeper than {MAX_DEPTH} levels: make it flatter."
    return Refusal.field("body", text, MAX_DEPTH)
