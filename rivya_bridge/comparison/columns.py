"""Answers in parallel columns: each with what differs from the baseline's, word by word."""

from dataclasses import dataclass

from rivya_bridge.comparison.matrix import Cell, Matrix
from rivya_bridge.word_diff import Piece


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One run's answer and prompt. `words` counts those of the answer, `changed_percent` how much of
    both answers is not common to them; None for the baseline itself."""

    answer: Cell
    prompt: Cell
    words: int
    changed_percent: int | None


def text_columns(matrix: Matrix) -> list[TextColumn]:
    """The columns of a board of texts, from the rows that the matrix has worked out already."""
    rows = {row.label: row for row in matrix.rows if row.group in ("request", "outcome")}
    answers, prompts = rows["answer"].cells, rows["prompt"].cells
    return [
        TextColumn(
            answer,
            prompt,
            len(answer.text.split()),
            None if index == matrix.baseline_index else _changed(answer.word_diff),
        )
        for index, (answer, prompt) in enumerate(zip(answers, prompts, strict=True))
    ]


def _changed(pieces: list[Piece] | None) -> int:
    """Percent of the letters of both texts that stand in only one of them."""
    if not pieces:
        return 0
    common = 2 * sum(len(text) for op, text in pieces if op == "equal")
    alone = sum(len(text) for op, text in pieces if op != "equal")
    # Texts that differ at all never count as the same.
    return max(1, round(100 * alone / (common + alone))) if alone else 0
