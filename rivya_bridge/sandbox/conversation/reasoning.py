"""What options add: steps of reasoning by effort, thoughts, and marked sources."""

from __future__ import annotations

import random

from .reading import Reading
from .talk import Talk

STEPS = {"minimal": 0, "low": 1, "default": 2, "medium": 3, "high": 4, "xhigh": 6}
CONSIDERED = (
    "{s} has to be recognisable at first glance",
    "what the message stresses is {w}",
    "the result should survive a small screen",
    "one variable at a time keeps runs comparable",
    "a cheaper model can settle {w} before a dear one is asked",
    "what is not said about {s} should stay open",
    "the plainest wording for {w} is the easiest to repeat",
    "the talk so far should not be contradicted",
)


def steps(reading: Reading, talk: Talk, subject: str, chance: random.Random) -> list[str]:
    """As many considerations as the effort allows."""
    words = reading.words or (subject,)
    chosen = chance.sample(CONSIDERED, STEPS[talk.options.effort])
    return [
        text.format(s=f"“{subject}”", w=f"“{words[n % len(words)]}”")
        for n, text in enumerate(chosen)
    ]


def considerations(found: list[str]) -> str:
    """The steps as one paragraph of the answer."""
    return f"What I weighed: {'; '.join(found)}." if found else ""


def thoughts(found: list[str], subject: str) -> list[str]:
    """The steps as visible thoughts."""
    return [f"The question is about “{subject}”.", *(f"Step: {step}." for step in found)]


def sources(subject: str, chance: random.Random) -> list[str]:
    """Sources of a search that never left this machine, and that say so."""
    slug = "-".join(subject.lower().split()[:4]) or "notes"
    names = chance.sample(("field notes", "style guide", "glossary", "case study", "survey"), 2)
    return [
        f"Sandbox {name} on {subject} (invented, nothing was searched): "
        f"sandbox.invalid/{name.replace(' ', '-')}/{slug}"
        for name in names
    ]
