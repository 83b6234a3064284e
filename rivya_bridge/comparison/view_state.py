"""The state of a board as a query: what is shown, how far it is enlarged, where a clip stands.

It changes how a board looks and nothing else, so that a part which makes no sense is left out
instead of refused.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

LENGTH = 300
_NUMBER = r"-?\d{1,6}(?:\.\d{1,5})?"
_PARTS = {
    "result": r"[1-9]\d?",
    "rows": "all",
    "baseline": r"\d",
    "view": "side|wipe|blink|difference",
    "pair": "[A-F]{2}",
    "zoom": _NUMBER,
    "x": _NUMBER,
    "y": _NUMBER,
    "wipe": _NUMBER,
    "gain": "1|4|16",
    "t": _NUMBER,
    "rate": "0.25|0.5|1|1.5|2",
    "heard": "[A-F]",
    "offsets": rf"{_NUMBER}(?:,{_NUMBER}){{1,5}}",
    "loop": "[01]",
    "level": "[01]",
    "text": "plain",
    "scroll": "alone",
}
_PATTERNS = {key: re.compile(pattern) for key, pattern in _PARTS.items()}


def read_state(query: Mapping[str, str]) -> dict[str, str]:
    """The parts of a query that are a board's state, as they were written."""
    return {
        key: query[key]
        for key, pattern in _PATTERNS.items()
        if key in query and pattern.fullmatch(query[key])
    }


def kept_state(query: str) -> str:
    """A query reduced to a board's state, at most LENGTH characters long."""
    pairs = dict(parse_qsl(query[: 4 * LENGTH], max_num_fields=None))
    kept = urlencode(read_state(pairs))
    return kept if len(kept) <= LENGTH else ""
