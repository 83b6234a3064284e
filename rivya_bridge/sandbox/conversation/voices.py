"""The voice of each model: how it opens, how it numbers, what it always thinks of.

The words are the sandbox's own; they only make the models tell apart.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """A manner of writing. `mark` is the list mark with `{}` for the number."""

    openings: tuple[str, ...]
    closings: tuple[str, ...]
    mark: str
    manner: str
    asides: int


CAREFUL = Voice(
    openings=(
        "Happy to help with “{}”.",
        "Let me take “{}” step by step.",
        "Here is a considered take on “{}”.",
    ),
    closings=(
        "Tell me what to keep and I will refine it.",
        "If one of these is close, I can take it further.",
        "I can adjust the tone if you say who it is for.",
    ),
    mark="{}. ",
    manner="calm",
    asides=2,
)
BRISK = Voice(
    openings=("Quick take on “{}”:", "“{}” — the short version:", "On “{}”:"),
    closings=("Want more like this?", "Say the word for another round.", "Shall I go on?"),
    mark="* ",
    manner="lively",
    asides=0,
)
CRISP = Voice(
    openings=(
        "Here is what works for “{}”.",
        "For “{}”, I would start here.",
        "This covers “{}”.",
    ),
    closings=(
        "Next step: pick one and test it at low cost.",
        "Tell me which part to push further.",
        "I left out what would not change the result.",
    ),
    mark="{}) ",
    manner="precise",
    asides=1,
)
TECHNICAL = Voice(
    openings=("Task: “{}”.", "Plan for “{}”:", "Working notes on “{}”:"),
    closings=(
        "Keep the fixed parts in a template and vary one field per run.",
        "Check: every line can be run as it stands.",
        "Change one variable at a time, then compare.",
    ),
    mark="{:02d}. ",
    manner="systematic",
    asides=1,
)
VOICES = {"claude": CAREFUL, "gemini": BRISK}


def voice_of(model_id: str) -> Voice:
    """The voice of a model, by its family; unknown families get one by their name."""
    if "codex" in model_id:
        return TECHNICAL
    if model_id.startswith("gpt"):
        return CRISP
    family = model_id.partition("-")[0]
    return VOICES.get(family) or habit(model_id).choice((CAREFUL, BRISK, CRISP, TECHNICAL))


def habit(model_id: str) -> random.Random:
    """Chance that depends on the model alone: what it prefers."""
    return random.Random(hashlib.sha256(model_id.encode()).hexdigest())  # noqa: S311
