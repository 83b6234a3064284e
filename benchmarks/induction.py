"""How well the shape of prompts is found: a seeded corpus of hidden shapes, against a naive method.

    python benchmarks/induction.py [--seed 7] [--sets 400] [--show] [--strange [--real FILE.tsv]]

Each set has 5 to 40 prompts from one hidden shape with 1 to 4 slots: values of one to four words in
several scripts, punctuation beside the slots, optional parts, and in every third set one odd prompt.
As many sets again are of unrelated prompts, in which any shape is a false one. Printed for both methods:

- precision: of the slots found, those whose values are exactly a hidden slot's values in every prompt;
- recall: of the hidden slots, those found so;
- exact: sets whose literal text and slots are all exactly the hidden ones;
- odd ones: sets whose odd prompt, and no other, was set aside;
- proof: prompts that the filled shape reproduces to the character, of those it claims as its own;
- false shapes: sets of unrelated prompts that were given a shape.

The naive method matches the first prompt's words with each other prompt's by difflib. The
corpus is made by the same hand as the method, from templates of the kind that people write for pictures:
its numbers tell regressions, not what a stranger's prompts would give.
"""

import argparse
import itertools
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.known_shapes import hidden_set, unrelated_set
from benchmarks.strange_shapes import FAMILIES, Hidden, set_of
from benchmarks.strange_shapes import UNRELATED as WITHOUT_SHAPE
from rivya_bridge.promotion.induction import Induction, Shape, Slot, induce
from rivya_bridge.promotion.induction.shape import joined

# --- Methods --------------------------------------------------------------------------------------


def naive(prompts: Sequence[str]) -> Induction:
    """The first prompt against each other one with difflib: words that all matched are literal."""
    rows = [prompt.split(" ") for prompt in prompts]
    places = [_matched(rows[0], row) for row in rows]
    kept = [at for at in range(len(rows[0])) if all(at in own for own in places)]
    if len(kept) * 3 < len(rows[0]):
        return Induction(None, reason="too little is shared")
    columns = [
        _between(row, [own[at] for at in kept]) for row, own in zip(rows, places, strict=True)
    ]
    pieces: list[str | Slot] = []
    for number, gap in enumerate(zip(*columns, strict=True)):
        if len(set(gap)) > 1:
            pieces.append(Slot(f"value_{number}", dict(enumerate(gap))))
        else:
            pieces.append(gap[0])
        pieces.append(rows[0][kept[number]] if number < len(kept) else "")
    return Induction(Shape(_spaced(pieces), tuple(range(len(prompts)))))


def _matched(first: list[str], other: list[str]) -> dict[int, int]:
    blocks = SequenceMatcher(None, first, other, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def _between(row: list[str], kept: list[int]) -> list[str]:
    ends = [-1, *kept, len(row)]
    return [" ".join(row[one + 1 : other]) for one, other in itertools.pairwise(ends)]


def _spaced(pieces: list[str | Slot]) -> tuple[str | Slot, ...]:
    """Single spaces between what is not empty."""
    found: list[str | Slot] = []
    for piece in pieces:
        if piece != "":
            found += [" ", piece] if found else [piece]
    return joined(found)


def marked(shape: Shape) -> str:
    """The shape as text, written as the hidden ones are."""
    return "".join(
        piece
        if isinstance(piece, str)
        else f"\1{piece.before}{'' if piece.is_flag else chr(0)}{piece.after}\1"
        if piece.is_optional
        else "\0"
        for piece in shape.pieces
    )


# --- Scores ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Score:
    found: int = 0
    right: int = 0
    hidden: int = 0
    sets: int = 0
    exact: int = 0
    odd_sets: int = 0
    odd_right: int = 0
    members: int = 0
    reproduced: int = 0
    false: int = 0
    unrelated: int = 0
    slowest: float = 0.0

    def add(self, truth: Hidden, result: Induction) -> bool:
        """Counts one set with a hidden shape; whether it was found exactly."""
        self.sets += 1
        own = [place for place in range(len(truth.prompts)) if place != truth.odd]
        wanted = [tuple(column[place] for place in own) for column in truth.slots]
        # A slot that had one value in all its prompts is literal: nobody could tell.
        self.hidden += len(wanted)
        if truth.odd is not None:
            self.odd_sets += 1
            self.odd_right += result.shape is not None and result.outliers == (truth.odd,)
        if result.shape is None:
            return False
        found = [tuple(slot.values.get(place) for place in own) for slot in result.shape.slots]
        self.found += len(found)
        self.right += sum(values in wanted for values in found)
        for member in result.shape.members:
            self.members += 1
            filled = result.shape.fill(result.shape.values_of(member))
            self.reproduced += filled == truth.prompts[member]
        is_exact = marked(result.shape) == truth.shape and not set(result.outliers) - {truth.odd}
        self.exact += is_exact
        return is_exact

    def plus(self, other: "Score") -> "Score":
        names = [field.name for field in fields(self)]
        both = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Score(**both | {"slowest": max(self.slowest, other.slowest)})

    def row(self) -> str:
        """Precision, recall, exact shapes and odd ones as shares."""
        pairs = [
            (self.right, self.found), (self.right, self.hidden), (self.exact, self.sets),
            (self.odd_right, self.odd_sets),
        ]  # fmt: skip
        return "  ".join(f"{part / whole:7.1%}" if whole else "      –" for part, whole in pairs)

    def lines(self) -> list[str]:
        def share(part: int, whole: int) -> str:
            return f"{part / whole if whole else 0:6.1%}  ({part} of {whole})"

        return [
            f"  slot precision  {share(self.right, self.found)}",
            f"  slot recall     {share(self.right, self.hidden)}",
            f"  exact shapes    {share(self.exact, self.sets)}",
            f"  odd ones        {share(self.odd_right, self.odd_sets)}",
            f"  proof           {share(self.reproduced, self.members)}",
            f"  false shapes    {share(self.false, self.unrelated)}",
            f"  slowest set     {self.slowest * 1000:.0f} ms",
        ]


def measure(
    method: Callable[[Sequence[str]], Induction], seed: int, sets: int, *, show: bool = False
) -> Score:
    """The same sets for every method with one seed."""
    chance = random.Random(seed)
    score = Score()
    for number in range(sets):
        truth, noise = hidden_set(chance, number), unrelated_set(chance)
        began = time.perf_counter()
        result = method(truth.prompts)
        score.slowest = max(score.slowest, time.perf_counter() - began)
        if not score.add(truth, result) and show:
            got = marked(result.shape) if result.shape else result.reason
            print(f"{truth.shape!r}\n{got!r} odd {truth.odd} {result.outliers}\n")
        score.unrelated += 1
        score.false += method(noise.prompts).shape is not None
    return score


def judge(
    method: Callable[[Sequence[str]], Induction],
    families: dict[str, Callable[[random.Random], Hidden]],
    seed: int,
    sets: int,
    *,
    show: bool = False,
) -> dict[str, Score]:
    """A score for each family of the second corpus; a family's sets depend on the seed alone."""
    scores = {}
    for name in families:
        chance = random.Random(f"{name} {seed}")
        score = scores[name] = Score()
        for _ in range(sets):
            truth = set_of(name, chance)
            began = time.perf_counter()
            result = method(truth.prompts)
            score.slowest = max(score.slowest, time.perf_counter() - began)
            if not score.add(truth, result) and show:
                _show(name, truth, result)
    return scores


def _show(name: str, truth: Hidden, result: Induction) -> None:
    got = marked(result.shape) if result.shape else result.reason
    print(f"{name}, {len(truth.prompts)} prompts\n  {truth.shape!r}\n  {got!r}")
    print(f"  odd {truth.odd}, found {result.outliers}")


def false_shapes(
    method: Callable[[Sequence[str]], Induction], sources: dict[str, list[list[str]]]
) -> dict[str, tuple[int, int]]:
    """By source of unrelated prompts: sets that were given a shape, and sets."""
    return {
        name: (sum(method(prompts).shape is not None for prompts in rows), len(rows))
        for name, rows in sources.items()
    }


def unrelated_sets(seed: int, sets: int, real: Path | None) -> dict[str, list[list[str]]]:
    """Sets without a shape; of real prompts too, where a file with one prompt a line is given."""
    found = {}
    for name, make in WITHOUT_SHAPE.items():
        chance = random.Random(f"{name} {seed}")
        found[name] = [make(chance) for _ in range(sets)]
    if real is not None:
        rows = real.read_text(encoding="utf-8").splitlines()[1:]
        prompts = [row.split("\t")[0] for row in rows if row.strip()]
        chance = random.Random(f"real {seed}")
        found["real prompts"] = [
            chance.sample(prompts, chance.randint(5, 40)) for _ in range(sets * 4)
        ]
    return found


def print_strange(seed: int, sets: int, real: Path | None, *, show: bool) -> None:
    print(f"second corpus: {sets} sets a family, seed {seed}")
    total = Score()
    print("  precision  recall   exact  odd ones")
    for name, score in judge(induce, FAMILIES, seed, sets, show=show).items():
        total = total.plus(score)
        print(f"  {score.row()}  {name}")
    print(f"  {total.row()}  all; slowest set {total.slowest * 1000:.0f} ms")
    for name, (false, count) in false_shapes(induce, unrelated_sets(seed, sets, real)).items():
        print(f"  {false} of {count} sets of unrelated prompts were given a shape: {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sets", type=int, default=400)
    parser.add_argument("--show", action="store_true", help="print the sets that were not exact")
    parser.add_argument("--strange", action="store_true", help="the second corpus, by family")
    parser.add_argument("--real", type=Path, help="a TSV of real prompts, with a line of headings")
    given = parser.parse_args()
    if given.strange:
        print_strange(given.seed, given.sets, given.real, show=given.show)
        return
    print(f"{given.sets} sets with a hidden shape, {given.sets} unrelated ones, seed {given.seed}")
    for name, method in (("induction", induce), ("difflib, the first against each", naive)):
        score = measure(method, given.seed, given.sets, show=given.show and method is induce)
        print(name, *score.lines(), sep="\n")


if __name__ == "__main__":
    main()
