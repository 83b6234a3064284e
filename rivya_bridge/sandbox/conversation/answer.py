"""Composing the answer to one message."""

from __future__ import annotations

import random

from .draft import Draft, as_json, as_text
from .inventions import ideas, prompts, versions
from .reading import Reading, read
from .reasoning import considerations, sources, steps, thoughts
from .recalling import picked_item, rewriting, subject_of, summary
from .talk import Talk
from .voices import Voice, voice_of

DETAILS = (
    "The main point about {s} is to decide what it is for before how it looks.",
    "With {s}, most of the effect comes from light and from what is left out.",
    "For {s}, a small trial says more than a long plan.",
    "People judge {s} in the first second, so the first second deserves the work.",
    "The cost of {s} lies in the repeats, not in the first attempt.",
)


def compose(talk: Talk) -> str:
    """The text of the answer: the same for the same talk, never empty."""
    reading, voice, chance = read(talk.message), voice_of(talk.model_id), talk.chance()
    subject = subject_of(reading, talk)
    draft = _drafted(reading, talk, subject, voice, chance)
    _open_and_close(draft, subject, voice, chance)
    _look_back(draft, reading, talk)
    _tell_of_pictures(draft, talk)
    _apply_options(draft, reading, talk, subject, chance)
    return as_json(draft, reading) if reading.wants_json else as_text(draft, voice)


def _drafted(
    reading: Reading, talk: Talk, subject: str, voice: Voice, chance: random.Random
) -> Draft:
    chosen = picked_item(reading, talk)
    if chosen is not None and reading.intent not in {"summary", "rewrite"}:
        return _developed(chosen, reading, talk, chance)
    if reading.intent == "summary":
        return summary(reading, talk)
    if reading.intent == "rewrite":
        return rewriting(reading, talk, chance)
    if reading.intent == "prompts":
        return Draft(items=prompts(reading, talk, subject, chance), noun="prompts")
    if reading.intent == "list":
        return Draft(items=ideas(reading, talk, subject, chance), noun="ideas")
    if reading.intent == "greeting":
        offer = "Ask for prompts, a rewrite, a list or a summary of our talk."
        return Draft("Hello! This is the sandbox's stand-in for a chat model.", paragraphs=[offer])
    return _discussed(reading, talk, subject, voice, chance)


def _developed(chosen: str, reading: Reading, talk: Talk, chance: random.Random) -> Draft:
    """One entry of an earlier list, taken further."""
    bare = chosen.rstrip(".")
    opening = f"Taking number {reading.picked} further: {bare}."
    return Draft(opening, versions(bare, reading, talk, chance), noun="versions")


def _discussed(
    reading: Reading, talk: Talk, subject: str, voice: Voice, chance: random.Random
) -> Draft:
    details = chance.sample(DETAILS, 2 + voice.asides)
    body = " ".join(detail.format(s=f"“{subject}”") for detail in details)
    words = ", ".join(reading.words[:4]) or subject
    if reading.intent == "compare":
        body += f" Put side by side, judge {words} by the same three things: effort, cost, effect."
    closer = f"In your message I would hold on to: {words}."
    return Draft(paragraphs=[body, closer])


def _open_and_close(draft: Draft, subject: str, voice: Voice, chance: random.Random) -> None:
    opening = chance.choice(voice.openings).format(subject)
    draft.opening = draft.opening or opening[:1].upper() + opening[1:]
    draft.closing = chance.choice(voice.closings)


def _look_back(draft: Draft, reading: Reading, talk: Talk) -> None:
    """Say what of the talk this answer goes on from."""
    if not talk.earlier or reading.intent in {"summary", "greeting"}:
        return
    before = read(talk.earlier[-1].question).subject
    number = len(talk.earlier) + 1
    draft.paragraphs.append(f"This follows on from “{before}”; it is turn {number} of our talk.")


def _tell_of_pictures(draft: Draft, talk: Talk) -> None:
    for number, sight in enumerate(talk.sights, start=1):
        name = "The attached picture" if len(talk.sights) == 1 else f"Picture {number}"
        draft.paragraphs.append(f"{name} is {sight.described()}.")
    seen = talk.sight()
    if seen and not talk.sights:
        draft.paragraphs.append(f"I still have the earlier picture in mind: {seen.described()}.")


def _apply_options(
    draft: Draft, reading: Reading, talk: Talk, subject: str, chance: random.Random
) -> None:
    found = steps(reading, talk, subject, chance)
    if talk.options.thoughts:
        draft.reasoning = thoughts(found, subject)
    elif found:
        draft.paragraphs.append(considerations(found))
    if talk.options.web_search:
        draft.sources = sources(subject, chance)
