"""An answer before it is set: as prose with lists, or as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from .reading import Reading
from .voices import Voice


@dataclass
class Draft:
    """The parts of an answer. `noun` names the items in JSON."""

    opening: str = ""
    items: list[str] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    closing: str = ""
    noun: str = "items"
    reasoning: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


def as_text(draft: Draft, voice: Voice) -> str:
    """Paragraphs, with one list where there are items."""
    listed = "\n".join(
        voice.mark.format(number) + item for number, item in enumerate(draft.items, start=1)
    )
    thoughts = "\n".join(f"> {step}" for step in draft.reasoning)
    sources = "\n".join(f"[{n}] {source}" for n, source in enumerate(draft.sources, start=1))
    parts = [thoughts, draft.opening, listed, *draft.paragraphs, draft.closing, sources]
    return "\n\n".join(part for part in parts if part)


def as_json(draft: Draft, reading: Reading) -> str:
    """One JSON object and nothing around it."""
    if reading.keys:
        return _dumped(_keyed(draft, reading))
    document: dict[str, object] = {"subject": reading.subject}
    if draft.items:
        document[draft.noun] = draft.items
    notes = [part for part in (draft.opening, *draft.paragraphs, draft.closing) if part]
    document["notes"] = notes
    if draft.reasoning:
        document["reasoning"] = draft.reasoning
    if draft.sources:
        document["sources"] = draft.sources
    return _dumped(document)


def _keyed(draft: Draft, reading: Reading) -> object:
    """Objects with the keys that were asked for; as many as were asked for."""
    texts = [*draft.items, *draft.paragraphs, draft.opening]
    rows = [
        {key: _value(texts[(row + n) % len(texts)], key) for n, key in enumerate(reading.keys)}
        for row in range(reading.count or 1)
    ]
    return rows[0] if reading.count is None else {draft.noun: rows}


def _value(text: str, key: str) -> object:
    if re.search(r"(?i)count|number|price|score|amount|length|rank", key):
        return len(text)
    if re.search(r"(?i)title|name|headline", key):
        return " ".join(text.split()[:6]).strip(" .,:;—")
    return text


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
