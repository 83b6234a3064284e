"""Texts that people and programs send: what can be stored, and how long it may be."""

from collections.abc import Mapping

from rivya_bridge.refusals import Problem


def clean_text(value: object) -> str | None:
    """The text with line ends as ``\\n``; None for what is no text or cannot be stored.

    NUL characters and halves of surrogate pairs cannot be stored or sent.
    """
    if not isinstance(value, str) or "\0" in value:
        return None
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        return None
    return value.replace("\r\n", "\n").replace("\r", "\n")


def is_storable(value: object) -> bool:
    """Whether every text inside a JSON value can be stored."""
    if isinstance(value, Mapping):
        return all(is_storable(key) and is_storable(part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return all(is_storable(part) for part in value)
    return not isinstance(value, str) or clean_text(value) is not None


def read_text(
    problems: list[Problem], field: str, value: object, *, least: int = 0, most: int
) -> str:
    """A text of `least` to `most` characters; '' and a problem otherwise."""
    text = clean_text(value)
    if text is None:
        problems.append(Problem(field, f"{field} must be text without NUL characters.", most))
        return ""
    if least and not text.strip():
        problems.append(Problem(field, f"{field} is required: {least} to {most} characters.", most))
        return ""
    if len(text) > most:
        message = f"{field} has {len(text):,} characters; the limit is {most:,}."
        problems.append(Problem(field, message, most))
        return ""
    return text
