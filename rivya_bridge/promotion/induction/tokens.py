"""Prompts as tokens whose places in the text are kept, so that nothing is lost between them."""

import re
import unicodedata
from typing import NamedTuple

# A letter or sign with what belongs to it: marks, variation selectors, skin tones, joined signs.
_MARKS = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    r"\u20d0-\u20ff\ufe00-\ufe0f"
)
_TONES = "\U0001f3fb-\U0001f3ff"
# Scripts that put no space between words: each of their letters is a token.
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_LETTER = rf"(?:(?![{_UNSPACED}])[\w{_MARKS}])"
_TOKEN = re.compile(
    rf"\d+(?:[.,]\d+)+(?!\w)|[{_UNSPACED}]|{_LETTER}(?:{_LETTER}|[\u200c\u200d](?=\w))*"
    rf"|[^\w\s](?:[{_MARKS}{_TONES}]|\u200d[^\w\s])*"
)

# Words that stand in any two English sentences, and so say little about a shape that both have.
COMMON_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "has",
        "in",
        "into",
        "is",
        "it",
        "its",
        "no",
        "not",
        "of",
        "on",
        "onto",
        "or",
        "over",
        "s",
        "so",
        "t",
        "than",
        "that",
        "the",
        "their",
        "then",
        "there",
        "these",
        "this",
        "to",
        "under",
        "up",
        "very",
        "was",
        "were",
        "while",
        "with",
        "without",
    ]
)


class Token(NamedTuple):
    """A word, a number, or one sign, from `start` to `end` of the prompt."""

    text: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        return self.text[0].isalnum() or self.text[0] == "_"


def tokens_of(text: str) -> list[Token]:
    """Words, numbers and single signs in order; white space stands between them."""
    return [Token(found[0], found.start(), found.end()) for found in _TOKEN.finditer(text)]


def is_telling(text: str) -> bool:
    """Whether a token is a word that two texts rarely share by chance."""
    if text[0].isalnum():
        return text.casefold() not in COMMON_WORDS
    return not text.isascii() and unicodedata.category(text[0]) == "So"


def weight_of(text: str) -> float:
    """How much of a prompt's meaning a token carries: its letters, less for common words and signs."""
    if is_telling(text):
        return float(len(text))
    return len(text) / 2 if text[0].isalnum() else 0.25
