"""Many prompts against each other: who belongs together, what words they share, and where these stand."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import and_

from rivya_bridge.promotion.induction.subsequence import common_length, common_words
from rivya_bridge.promotion.induction.tokens import Token, is_telling, weight_of

# Likeness is judged on so many words and against so many prompts; more would tell no more.
JUDGED_WORDS = 300
JUDGED_PROMPTS = 16
# A prompt that costs the shape more than this share of its words is an odd one...
KEPT_SHARE = 0.6
# ...as long as no more than one prompt in so many is odd.
ODD_ONE_IN = 4
# A prompt that was passed over belongs to the others if the shape keeps this share with it.
FREE_SHARE = 0.95
# Of so many prompts, one spoils the shape that costs it this share of its words, or this share in more
# than one place.
LEAST_TO_SPOIL = 5
SPOILT_SHARE = 0.3
SPOILT_IN_PLACES = 0.12
# Words that all share must mostly stand in one order: shuffled words are no shape.
LEAST_IN_ORDER = 0.6
# The least share of the prompts' weight that a shape must state, by the number of prompts: two
# prompts share words by chance where four do not.
LEAST_SHARE = {2: 0.5, 3: 0.4}
LEAST_SHARE_OF_MANY = 0.22
LEAST_TELLING = 2
# Places of shared words in one prompt that are weighed; a prompt of one word over and over has more.
MAX_PLACES = 60_000

Words = list[str]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The words that `members` (places in the row of prompts) share, in order."""

    members: tuple[int, ...]
    words: Words


def find_skeleton(rows: Sequence[Words]) -> Skeleton | None:
    """The words common to all prompts, or to all but a few odd ones; None when that is too little."""
    order = _by_likeness(rows)
    shared = [list(rows[order[0]])]
    for place in order[1:]:
        shared.append(common_words(shared[-1], rows[place]))
    for count in _counts_to_try(shared):
        taken = _taken_back(rows, order, shared[count - 1], count)
        members = tuple(sorted(_without_spoilers(rows, taken, len(rows))))
        words = common_to_all([rows[place] for place in members])
        if is_enough(words, [rows[place] for place in members]):
            return Skeleton(members, words)
    return None


def common_to_all(rows: Sequence[Words]) -> Words:
    """A common subsequence, found among the words that all rows have: two rows alone may share more of
    their values than of the literal text."""
    shared = set(rows[0]).intersection(*rows[1:])
    kept = [[word for word in row if word in shared] for row in rows]
    words = kept[0]
    for row in kept[1:]:
        words = common_words(words, row)
    return words


def _weight(words: Words) -> float:
    return sum(map(weight_of, words))


def _taken_back(rows: Sequence[Words], order: Sequence[int], words: Words, count: int) -> list[int]:
    """The first `count` prompts, and those behind them that cost the shape nothing to speak of."""
    taken = list(order[:count])
    for place in order[count:]:
        fewer = common_words(words, rows[place])
        if _weight(fewer) >= FREE_SHARE * _weight(words):
            taken.append(place)
            words = fewer
    return taken


def _without_spoilers(rows: Sequence[Words], members: list[int], total: int) -> list[int]:
    """Sets aside, one after another, the prompt without which the others share much more."""
    members = sorted(members)
    while len(members) >= LEAST_TO_SPOIL and total - len(members) < total // ODD_ONE_IN:
        heads, tails = _folded(rows, members), _folded(rows, members[::-1])[::-1]
        whole = heads[-1]
        without = [
            common_words(heads[at], tails[at + 1]) if heads[at] and tails[at + 1] else
            (heads[at] or tails[at + 1])
            for at in range(len(members))
        ]  # fmt: skip
        best = max(range(len(members)), key=lambda at: (_weight(without[at]), -at))
        if not _is_spoiled(without[best], whole):
            break
        members = [*members[:best], *members[best + 1 :]]
    return members


def _folded(rows: Sequence[Words], members: Sequence[int]) -> list[Words]:
    """The common words of the first 0, 1, 2, … members; none for the first 0."""
    found: list[Words] = [[], list(rows[members[0]])]
    for place in members[1:]:
        found.append(common_words(found[-1], rows[place]))
    return found


def _is_spoiled(words: Words, fewer: Words) -> bool:
    """Whether one prompt takes away words in several places, or a great part of them all.

    One place alone may be a value that all others happen to share, or a part that one prompt leaves out.
    """
    lost = 1 - _weight(fewer) / max(1.0, _weight(words))
    return lost >= SPOILT_SHARE or (lost >= SPOILT_IN_PLACES and _places_lost(words, fewer) > 1)


def _places_lost(words: Words, fewer: Words) -> int:
    """Runs of neighbouring words that are in `words` alone."""
    kept, runs, is_open = 0, 0, False
    for word in words:
        is_kept = kept < len(fewer) and fewer[kept] == word
        kept += is_kept
        runs += not is_kept and not is_open
        is_open = not is_kept
    return runs


def _by_likeness(rows: Sequence[Words]) -> list[int]:
    """The prompt that is most like the others first, then those most like it."""
    heads = [row[:JUDGED_WORDS] for row in rows]
    step = max(1, len(rows) // JUDGED_PROMPTS)
    sample = range(0, len(rows), step)

    def likeness(one: int, other: int) -> float:
        total = len(heads[one]) + len(heads[other])
        return 2 * common_length(heads[one], heads[other]) / total if total else 0.0

    sums = {one: sum(likeness(one, other) for other in sample if other != one) for one in sample}
    middle = max(sums, key=lambda one: (sums[one], -one))
    rest = [place for place in range(len(rows)) if place != middle]
    return [middle, *sorted(rest, key=lambda place: (-likeness(middle, place), place))]


def _counts_to_try(shared: Sequence[Words]) -> list[int]:
    """How many of the most alike prompts to take: all, unless the last few cost too many words."""
    total = len(shared)
    most_odd = total // ODD_ONE_IN
    weights = [sum(map(weight_of, words)) for words in shared]
    costly = [
        count
        for count in range(total - most_odd, total)
        if weights[count] < KEPT_SHARE * weights[count - 1]
    ]
    return [*costly[:1], total, *range(total - 1, total - most_odd - 1, -1)]


def is_enough(words: Words, rows: Sequence[Words]) -> bool:
    telling = {word for word in words if is_telling(word)}
    if sum(2 if len(word) > 3 else 1 for word in telling) < LEAST_TELLING:
        return False
    shared = sum(map(weight_of, words))
    if shared < LEAST_IN_ORDER * sum(map(weight_of, _in_all(rows))):
        return False
    shares = [shared / max(1.0, sum(map(weight_of, row))) for row in rows]
    return sum(shares) / len(shares) >= LEAST_SHARE.get(len(rows), LEAST_SHARE_OF_MANY)


def _in_all(rows: Sequence[Words]) -> Words:
    """The words that every prompt has, in whatever order, as often as all have them."""
    bags = [Counter(row) for row in rows]
    return list(reduce(and_, bags).elements())


# --- Where the shared words stand -----------------------------------------------------------------


def place_words(words: Words, rows: Sequence[Sequence[Token]]) -> list[list[int]]:
    """For each prompt the places of the shared words, chosen so that neighbours stay neighbours.

    Twice: what is a neighbour in most prompts weighs most in the second round.
    """
    bonus = [1.0] * (len(words) + 1)
    placed = [_placed(words, row, bonus) for row in rows]
    closed = [_closed(places, len(row)) for places, row in zip(placed, rows, strict=True)]
    shares = [sum(column) / len(rows) for column in zip(*closed, strict=True)]
    # What is open in some prompt is open: only what all prompts could close counts in full.
    bonus = [share**3 + 0.01 for share in shares]
    return [_placed(words, row, bonus) for row in rows]


def _closed(places: Sequence[int], length: int) -> list[bool]:
    ends = [-1, *places, length]
    return [after == before + 1 for before, after in pairwise(ends)]


def _placed(words: Words, row: Sequence[Token], bonus: Sequence[float]) -> list[int]:
    """The best places in one prompt, which holds all the words in this order."""
    spots: dict[str, list[int]] = {}
    for place, token in enumerate(row):
        spots.setdefault(token.text, []).append(place)
    if sum(len(spots[word]) for word in words) > MAX_PLACES:
        return _leftmost(words, spots)
    scores: dict[int, float] = {-1: 0.0}
    came_from: list[dict[int, int]] = []
    for number, word in enumerate([*words, ""]):
        here = [len(row)] if number == len(words) else spots[word]
        scores, back = _next_scores(scores, here, bonus[number])
        came_from.append(back)
    places = [len(row)]
    for back in reversed(came_from):
        places.append(back[places[-1]])
    return places[-2:0:-1]


def _next_scores(
    before: dict[int, float], here: Sequence[int], bonus: float
) -> tuple[dict[int, float], dict[int, int]]:
    """Score and predecessor of every place; of equally good predecessors the nearest."""
    scores: dict[int, float] = {}
    back: dict[int, int] = {}
    earlier = sorted(before)
    read, best, best_at = 0, -1.0, -2
    for place in here:
        while read < len(earlier) and earlier[read] < place:
            if before[earlier[read]] >= best:
                best, best_at = before[earlier[read]], earlier[read]
            read += 1
        if best_at == -2:
            continue
        near = before.get(place - 1, -1.0) + bonus
        is_near = place - 1 in before and near >= best
        scores[place], back[place] = (near, place - 1) if is_near else (best, best_at)
    return scores, back


def _leftmost(words: Words, spots: dict[str, list[int]]) -> list[int]:
    places: list[int] = []
    at = -1
    for word in words:
        at = spots[word][bisect_left(spots[word], at + 1)]
        places.append(at)
    return places
