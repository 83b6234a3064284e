"""Reading a message: what is asked for, about what, how many, and in which form."""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip
MOST_ITEMS = 20
USUAL_ITEMS = 4
LONGEST_ORDER = 2000
"""Characters in which the order is looked for."""

# The first that matches names the intent.
INTENTS: tuple[tuple[str, str], ...] = (
    ("summary", r"\b(summari[sz]e|summary|sum up|recap|tl;?dr)\b"),
    ("rewrite", r"\b(rewrite|rephrase|reword|shorten|polish|proofread|edit this|improve this)\b"),
    ("rewrite", r"\bmake (it|this|that) (shorter|longer|clearer|friendlier|more formal)\b"),
    ("prompts", r"\bprompts?\b"),
    ("compare", r"\b(compare|versus|vs\.?|difference between)\b"),
    ("picture", r"\b(describe|what do you see|what is in|look at)\b.*\b(picture|image|photo)\b"),
    ("greeting", r"^\W*(hi|hello|hey|thanks|thank you|good (morning|evening))\b.{0,24}$"),
    ("list", r"\b(list|ideas|names|titles|slogans|reasons|steps|options|tips|bullets?)\b"),
    ("explain", r"\b(why|how|what|explain|when|which|who|should|can|could|is|are|does)\b"),
)
COUNTED = re.compile(
    rf"\b(\d{{1,2}}|{'|'.join(NUMBERS)})\b(?=(?:\s+[\w-]+){{0,3}}\s+[\w-]+s\b)", re.IGNORECASE
)
PICKED = re.compile(
    rf"\b(?:(?P<word>{'|'.join(ORDINALS)})\s+(?:one|prompt|idea|item|option|point|version)"
    r"|(?:number|no\.|option|prompt|idea|item|point)\s+(?P<digits>\d{1,2}))\b",
    re.IGNORECASE,
)
ABOUT = re.compile(
    r"\b(?:for|about|of|on|regarding|between)\s+(?:(?:a|an|the|our|my|this|these)\s+)?(.+?)"
    r"(?=[.?!;:\n]|,\s|\s+(?:as json|in json|with (?:the )?(?:keys|fields)|please)\b|$)",
    re.IGNORECASE,
)
KEYS = re.compile(r"\b(?:keys|fields|properties)\b:?\s+([^.?!\n]+)", re.IGNORECASE)
COMMON = frozenset(
    re.findall(
        r"\w+",
        """a about above after again all also an and any are as ask at be because been but by can
        could create describe did do does each eight explain fields five for four from get give go
        has have help here how i idea ideas if in into is it its json just keys let like list make
        me more my need new nine now number of on one only option or our out please prompt prompts
        rewrite said say seven shorter should show six so some sum summarise summarize summary talk
        tell ten than that the their them then there these they thing this those three to two up
        use version very want was we were what when where which who why will with would write you
        your first second third fourth fifth sixth seventh eighth ninth tenth longer brief""",
    )
)


@dataclass(frozen=True)
class Reading:
    """One message, read. `material` is a text that was given to work on."""

    intent: str
    subject: str
    words: tuple[str, ...]
    count: int | None
    picked: int | None
    material: str
    wants_json: bool
    keys: tuple[str, ...]


def read(message: str) -> Reading:
    """What the message asks for; every message has an answer."""
    order, material = _parted(message)
    order = order[:LONGEST_ORDER]
    words = salient(message)
    asked = order.lower()
    intent = next((name for name, sign in INTENTS if re.search(sign, asked)), "discuss")
    count = _count(order)
    if intent in {"explain", "discuss"} and count is not None:
        intent = "list"
    return Reading(
        intent=intent,
        subject=_subject(order, words),
        words=words,
        count=count,
        picked=_picked(order),
        material=material,
        wants_json=bool(re.search(r"\bjson\b", asked)),
        keys=_keys(order),
    )


def salient(text: str) -> tuple[str, ...]:
    """The words that carry the meaning, in order, each once, at most twelve."""
    found = re.findall(r"[^\W\d_][\w'-]+", text[:4000])
    kept = [word.strip("'-") for word in found if word.lower().strip("'-") not in COMMON]
    return tuple(dict.fromkeys(word.lower() for word in kept if len(word) > 1))[:12]


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without list marks."""
    parts = re.split(r"(?<=[.!?])\s+|\n+", text)
    bare = [re.sub(r"^\s*(?:[-*>#]+|\d+[.)])\s*", "", part).strip(" *_") for part in parts]
    return [part for part in bare if part]


def _parted(message: str) -> tuple[str, str]:
    """The order and the text it is about, which follows a colon or a line break."""
    found = re.search(r":\s+|\n+", message)
    if not found or len(message) - found.end() < 12:
        return message, ""
    return message[: found.start()], message[found.end() :].strip()


def _count(order: str) -> int | None:
    found = COUNTED.search(order)
    if not found:
        return None
    text = found[1].lower()
    number = int(text) if text.isdigit() else NUMBERS.index(text) + 1
    return max(1, min(MOST_ITEMS, number))


def _picked(order: str) -> int | None:
    found = PICKED.search(order)
    if not found:
        return None
    return int(found["digits"]) if found["digits"] else ORDINALS.index(found["word"].lower()) + 1


def _subject(order: str, words: tuple[str, ...]) -> str:
    found = ABOUT.search(order)
    if found and salient(found[1]):
        return _cut(" ".join(found[1].split()), 80)
    return _cut(" ".join(words[:6]), 80) or "what you sent"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rpartition(" ")[0] or text[:most]


def _keys(order: str) -> tuple[str, ...]:
    found = KEYS.search(order)
    if not found:
        return ()
    parts = re.split(r",|\band\b", found[1])
    names = [re.sub(r"\W+", "_", part.strip()).strip("_") for part in parts]
    return tuple(dict.fromkeys(name for name in names if name and len(name) <= 32))[:8]
