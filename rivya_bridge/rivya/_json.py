"""JSON in and out: one spelling per value going out, nothing odd coming in."""

import json
import math
import re
from typing import Any, Final, NoReturn

# An escaped NUL whose backslash is not itself escaped; PostgreSQL cannot store one.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def canonical(value: Any) -> bytes:
    """The one UTF-8 spelling of a value: keys sorted, no spaces, no NaN. Raises ValueError."""
    try:
        text = json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return text.encode()
    except (TypeError, RecursionError) as error:
        raise ValueError(f"the request cannot be written as JSON: {error}") from error


def parse_object(body: bytes) -> dict[str, Any]:
    """The object in `body`. Raises ValueError for anything else.

    Refused too: NaN and infinities, NUL characters, lone surrogates and endless nesting, because
    such a value could be read here and not be stored or sent on anywhere else.
    """
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite)
        if _NUL.search(body):
            raise ValueError("a text contains a NUL character")
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number
