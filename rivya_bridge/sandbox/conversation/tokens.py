"""Counting tokens and their price, both as estimates (assumed)."""

from __future__ import annotations

import math

from ..choices import Choices
from .reasoning import STEPS
from .talk import Talk

LETTERS_PER_TOKEN = 4
TOKENS_PER_SIGHT = 260
TOKENS_PER_STEP = 90
TOKENS_PER_SEARCH = 400
INPUT_SHARE = 0.2
INSTRUCTIONS = 8


def input_tokens(talk: Talk) -> int:
    """The message, the whole session before it, and every picture in it."""
    texts = [
        talk.message,
        *(text for said in talk.earlier for text in (said.question, said.answer)),
    ]
    sights = len(talk.sights) + sum(len(said.sights) for said in talk.earlier)
    searched = TOKENS_PER_SEARCH if talk.options.web_search else 0
    return INSTRUCTIONS + sum(map(estimate, texts)) + sights * TOKENS_PER_SIGHT + searched


def output_tokens(talk: Talk, answer: str) -> int:
    """The answer and the reasoning that the effort allowed."""
    return estimate(answer) + STEPS[talk.options.effort] * TOKENS_PER_STEP


def estimate(text: str) -> int:
    """Tokens of a text: a quarter of its UTF-8 bytes, at least one."""
    return max(1, math.ceil(len(text.encode()) / LETTERS_PER_TOKEN))


def price(reserved: int, tokens_in: int, tokens_out: int, choices: Choices) -> int:
    """Whole credits: at least one, and never more than was reserved."""
    thousands = (tokens_in * INPUT_SHARE + tokens_out) / 1000
    return min(reserved, max(1, round(thousands * choices.chat_credits_per_thousand_tokens)))
