"""Which words of a prompt varied between accepted runs. Pure, and careful: better none than a wrong one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from rivya_bridge.automation.prompts import escape_prompt

WORD = re.compile(r"\S+")
EDGE = re.compile(r"^[\W_]+|[\W_]+$")
MAX_WORDS = 1_000
MAX_SPAN_WORDS = 6
MAX_SPANS = 5
# At least this share of the words must be the same, or the prompts are simply two prompts.
LEAST_LIKENESS = 0.6


class Span(NamedTuple):
    """A part of the prompt, by character positions."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that may become a variable: its proposed name, the words, and what stood there elsewhere."""

    name: str
    text: str
    start: int
    end: int
    other_values: tuple[str, ...]


def find_candidates(prompt: str, others: Sequence[str]) -> list[Candidate]:
    """Parts of `prompt` that other, otherwise alike prompts replace by other words; at most 5.

    Words that were only added or left out propose nothing.
    """
    found: dict[Span, list[str]] = {}
    for other in dict.fromkeys(others):
        for span, value in _replaced(prompt, other):
            found.setdefault(span, []).append(value)
    merged = _merged(sorted(found))
    if len(merged) > MAX_SPANS:
        return []
    return [
        Candidate(
            name=f"value_{number}",
            text=prompt[span.start : span.end],
            start=span.start,
            end=span.end,
            other_values=tuple(dict.fromkeys(found.get(span, []))),
        )
        for number, span in enumerate(merged, 1)
    ]


def _replaced(prompt: str, other: str) -> Iterator[tuple[Span, str]]:
    """Each replaced part of `prompt` with the words that `other` has there."""
    ours, theirs = list(WORD.finditer(prompt)), list(WORD.finditer(other))
    if max(len(ours), len(theirs)) > MAX_WORDS:
        return
    words = ([word[0] for word in ours], [word[0] for word in theirs])
    matcher = SequenceMatcher(None, *words, autojunk=False)
    if matcher.ratio() < LEAST_LIKENESS:
        return
    for op, a, b, c, d in matcher.get_opcodes():
        if op == "replace" and max(b - a, d - c) <= MAX_SPAN_WORDS:
            span = Span(ours[a].start(), ours[b - 1].end())
            yield from _bare(prompt, span, other[theirs[c].start() : theirs[d - 1].end()])


def _bare(prompt: str, span: Span, value: str) -> Iterator[tuple[Span, str]]:
    """The span without the punctuation around it; nothing when only punctuation was replaced."""
    text = prompt[span.start : span.end]
    kept = EDGE.sub("", text)
    other = EDGE.sub("", value)
    if kept and other and kept != other:
        start = span.start + text.index(kept)
        yield Span(start, start + len(kept)), other


def _merged(spans: Sequence[Span]) -> list[Span]:
    """Overlapping spans as one."""
    merged: list[Span] = []
    for span in spans:
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def with_variables(prompt: str, candidates: Sequence[Candidate]) -> str:
    """Template source in which the candidates are variables and all else stands as it is."""
    pieces, done = [], 0
    for candidate in candidates:
        pieces.append(escape_prompt(prompt[done : candidate.start]))
        pieces.append("{{ " + candidate.name + " }}")
        done = candidate.end
    return "".join([*pieces, escape_prompt(prompt[done:])])
