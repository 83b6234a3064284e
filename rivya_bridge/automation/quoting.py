"""Variables between quotes: a value that closes them would write the rest of the prompt itself. Pure."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from rivya_bridge.refusals import Problem

CLOSING = {'"': '"', "“": "”", "«": "»", "„": "“", "「": "」", "『": "』", "`": "`", "'": "'"}
_PIECE = re.compile(r"\{\{\s*([a-z]\w*)[^{}]*\}\}|\{[%{][^{}]*[%}]\}", re.ASCII)


def quote_problems(
    source: str, values: Mapping[str, Any], examples: Mapping[str, Any]
) -> list[Problem]:
    """A problem for each value that ends the quotes in which its variable stands.

    What the version itself has as its default was proved with it, and may. An apostrophe between two
    letters ends nothing.
    """
    problems = []
    for name, closing in quoted_variables(source).items():
        value = values.get(name)
        if isinstance(value, str) and value != examples.get(name) and _ends(value, closing):
            text = (
                f"{name} stands between quotes in the prompt, and {value[:60]!r} holds {closing}, "
                "which would end them: leave it out, or write another quote."
            )
            problems.append(Problem(name, text, closing))
    return problems


def _ends(value: str, closing: str) -> bool:
    if closing != "'":
        return closing in value
    return bool(re.search(r"(?<![^\W\d_])'|'(?![^\W\d_])", value))


@lru_cache(maxsize=256)
def quoted_variables(source: str) -> Mapping[str, str]:
    """Variable -> the sign that closes the quotes around it, on one line of the prompt."""
    found: dict[str, str] = {}
    for line in source.split("\n"):
        pieces = list(_pieces(line))
        for place, (name, _) in enumerate(pieces):
            if name:
                before = "".join(text for _, text in pieces[:place])
                behind = "".join(text for _, text in pieces[place + 1 :])
                if closing := _open_quote(before, behind):
                    found.setdefault(name, closing)
    return found


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    """(variable, "") and ("", literal text) in turn; statements are left out."""
    end = 0
    for piece in _PIECE.finditer(line):
        yield "", line[end : piece.start()]
        yield piece[1] or "", ""
        end = piece.end()
    yield "", line[end:]


def _open_quote(before: str, behind: str) -> str:
    """The closing sign of the quotes that are open here and closed later; '' for none.

    A single quote counts only right beside the variable, because it is an apostrophe as well.
    """
    for opening, closing in CLOSING.items():
        if closing not in behind:
            continue
        if opening == "'":
            is_open = before.endswith("'") and behind.startswith("'")
        elif opening == closing:
            is_open = before.count(opening) % 2 == 1
        else:
            is_open = before.rfind(opening) > before.rfind(closing)
        if is_open:
            return closing
    return ""
