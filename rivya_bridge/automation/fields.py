"""Checks of single input fields. Each gives the value to keep and adds to a list of problems."""

import math
import re
from collections.abc import Collection
from typing import Any

from rivya_bridge.refusals import Problem
from rivya_bridge.texts import clean_text

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLUG_LENGTH = 80


def read_whole(problems: list[Problem], field: str, value: object, *, least: int, most: int) -> int:
    """A whole number from `least` to `most`; `least` and a problem otherwise."""
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    limit = f"{least:,} to {most:,}"
    problems.append(Problem(field, f"{field} must be a whole number from {limit}.", most))
    return least


def read_slug(problems: list[Problem], field: str, value: object) -> str:
    """Lower-case letters, digits and single hyphens, at most 80 characters."""
    text = clean_text(value) or ""
    if len(text) <= SLUG_LENGTH and SLUG.fullmatch(text):
        return text
    problems.append(
        Problem(
            field,
            f"{field} must have 1 to {SLUG_LENGTH} characters: lower-case letters, digits and single "
            "hyphens between them, such as product-banner.",
            SLUG_LENGTH,
        )
    )
    return ""


def as_number(value: object) -> int | float | None:
    """A finite number from a number or from its text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _number_in(value.strip())
    if isinstance(value, int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def _number_in(text: str) -> int | float | None:
    if not re.fullmatch(r"[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})([eE][+-]?\d{1,2})?", text, re.A):
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)


def unknown_keys(
    problems: list[Problem], field: str, entry: dict[str, Any], known: Collection[str]
) -> None:
    """A problem for keys that mean nothing here, so that a slip of the pen is not ignored."""
    extra = sorted(str(key)[:40] for key in entry if key not in known)
    if extra:
        names = ", ".join(sorted(known))
        problems.append(
            Problem(field, f"{field} has unknown keys ({', '.join(extra)}): use {names}.")
        )
