"""A shape: literal text with slots, and what stood in the slots of each prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that prompts fill with words of their own.

    `values`: place of the prompt -> what stood there; None where an optional part was left out.
    `before` and `after` are literal and come and go with an optional slot. `is_flag`: an optional
    part without words of its own, all of it in `before`.
    """

    name: str
    values: Mapping[int, str | None] = field(hash=False)
    before: str = ""
    after: str = ""
    is_optional: bool = False
    is_flag: bool = False

    def text(self, value: str | None) -> str:
        """What the slot puts into the prompt for a value."""
        return "" if value is None else f"{self.before}{value}{self.after}"

    @property
    def examples(self) -> list[str]:
        """The different values, in the order of the prompts."""
        return list(dict.fromkeys(v for _, v in sorted(self.values.items()) if v is not None))


Piece = str | Slot


@dataclass(frozen=True, slots=True)
class Shape:
    """Literal texts and slots in turn, and the prompts (by place) that have this shape.

    A slot that always repeated another has its name and stands once more in `pieces`.
    """

    pieces: tuple[Piece, ...]
    members: tuple[int, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot once, in the order of its first use."""
        found = {piece.name: piece for piece in reversed(self.pieces) if isinstance(piece, Slot)}
        names = dict.fromkeys(piece.name for piece in self.pieces if isinstance(piece, Slot))
        return tuple(found[name] for name in names)

    def values_of(self, member: int) -> dict[str, str | None]:
        """Slot name -> what stood there in one prompt."""
        return {slot.name: slot.values[member] for slot in self.slots}

    def fill(self, values: Mapping[str, str | None]) -> str:
        """The prompt with these values: for those of a member exactly its prompt."""
        return "".join(
            piece if isinstance(piece, str) else piece.text(values[piece.name])
            for piece in self.pieces
        )


@dataclass(frozen=True, slots=True)
class Induction:
    """What was found. Without a `shape`, `reason` says why; `outliers` are the places of prompts
    that do not have the shape of the others."""

    shape: Shape | None
    outliers: tuple[int, ...] = ()
    reason: str = ""


def joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Neighbouring literals as one, empty ones left out."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    return tuple(found)
