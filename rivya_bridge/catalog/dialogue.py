"""Dialogue turns as lines a person can type: ``Voice: text``, and back."""

from collections.abc import Sequence
from typing import Any


def read_turns(text: str) -> list[dict[str, str]]:
    """[{"voice", "text"}] of the lines; a line without a voice goes on with the turn before it.

    Raises ValueError with a sentence when the first line names no voice, or a turn has no text.
    """
    turns: list[dict[str, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        voice, colon, words = (part.strip() for part in line.partition(":"))
        if colon and _is_voice(voice):
            if not words:
                raise ValueError(f"Line {number}: {voice} says nothing. Write the text behind it.")
            turns.append({"voice": voice, "text": words})
        elif line.strip() and not turns:
            raise ValueError(f"Line {number} names no voice. Write it as “Adam: Good morning.”")
        elif line.strip():
            turns[-1]["text"] += f" {line.strip()}"
    return turns


def write_turns(turns: Sequence[Any]) -> str:
    """The lines that `read_turns` reads; anything that is no turn is left out."""
    pairs = [turn for turn in turns if isinstance(turn, dict)]
    return "\n".join(
        f"{turn.get('voice', '')}: {' '.join(str(turn.get('text', '')).split())}" for turn in pairs
    )


def _is_voice(word: str) -> bool:
    """A name or an id: up to three words. Longer words before a colon are part of a sentence."""
    return 0 < len(word) <= 40 and len(word.split()) <= 3
