"""Answers that work on text: of the message itself, or of earlier turns."""

from __future__ import annotations

import random
import re

from .draft import Draft
from .reading import Reading, read, sentences
from .talk import Talk

FILLERS = re.compile(
    r"\b(very|really|just|quite|basically|actually|in order|simply|kind of|sort of)\s+", re.I
)
LISTED = re.compile(r"(?m)^(?:\*|\d+[.)])\s+(.+)$")
PLAIN = {
    "utilize": "use", "utilise": "use", "approximately": "about", "commence": "start",
    "purchase": "buy", "additionally": "also", "however": "but", "numerous": "many",
    "assist": "help", "demonstrate": "show", "we would like": "we want",
}  # fmt: skip


def summary(reading: Reading, talk: Talk) -> Draft:
    """The points of a given text, or of the session so far."""
    if reading.material:
        points = sentences(reading.material)
        kept = [_short(point) for point in points[: reading.count or 3]]
        return Draft(f"The text has {len(points)} points; these carry it:", kept, noun="points")
    if not talk.earlier:
        return Draft("We have only just begun: this is the first message of the session.")
    points = [_turn_point(said.question, said.answer) for said in talk.earlier]
    count = len(points)
    opening = f"So far we have had {count} {'exchange' if count == 1 else 'exchanges'}:"
    # A count asks for the latest ones; without it every turn is told, up to a page.
    return Draft(opening, points[-(reading.count or 12) :], noun="points")


def rewriting(reading: Reading, talk: Talk, chance: random.Random) -> Draft:
    """The given text, or else the last answer, in plainer words."""
    source = reading.material or (talk.earlier[-1].answer if talk.earlier else "")
    if not source:
        return Draft(
            "Paste the text after a colon and I will rewrite it.",
            paragraphs=[f"I read the request as being about {reading.subject}."],
        )
    lines = [_plain(line) for line in sentences(source)]
    if "short" in talk.message.lower():
        lines = [_short(line) for line in lines[: max(1, (len(lines) + 1) // 2)]]
    lead = chance.choice(("Rewritten", "A plainer version", "Tightened up"))
    return Draft(f"{lead}:", paragraphs=[" ".join(map(_ended, lines))])


def picked_item(reading: Reading, talk: Talk) -> str | None:
    """The entry of the latest list that the message points at."""
    if reading.picked is None:
        return None
    for said in reversed(talk.earlier):
        listed = LISTED.findall(said.answer)
        if len(listed) >= reading.picked > 0:
            return str(listed[reading.picked - 1])
    return None


def subject_of(reading: Reading, talk: Talk) -> str:
    """The subject, taken from earlier turns where the message names none."""
    if not talk.earlier or (reading.words and reading.picked is None):
        return reading.subject
    questions = [read(said.question) for said in talk.earlier]
    named = [question.subject for question in questions if question.words]
    return named[-1] if named else reading.subject


def _turn_point(question: str, answer: str) -> str:
    return f"You asked: {_short(question, 16)} I answered: {_short(_gist(answer), 16)}"


def _gist(answer: str) -> str:
    """The first entry of a list, or the first line that says something by itself."""
    if answer.startswith("{"):
        return f"a JSON object of {len(answer)} characters."
    listed = LISTED.search(answer)
    told = sentences("\n".join(x for x in answer.splitlines() if not x.startswith(">")))
    return listed[1] if listed else next((x for x in told if not x.endswith(":")), answer)


def _plain(line: str) -> str:
    text = FILLERS.sub("", line)
    for long, short in PLAIN.items():
        text = re.sub(rf"\b{long}\b", short, text, flags=re.I)
    return text[:1].upper() + text[1:]


def _short(text: str, most: int = 18) -> str:
    words = text.split()
    return (
        _ended(text.strip()) if len(words) <= most else " ".join(words[:most]).rstrip(",;") + " …"
    )


def _ended(line: str) -> str:
    return line if line.endswith((".", "!", "?", "…", ":")) else line + "."
