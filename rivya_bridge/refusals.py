"""What a service says when it will not do something: a sentence for people, named fields, no loss.

Refusal            422  the input breaks a rule; `problems` names each field
├── Missing        404  what was named does not exist
├── Conflict       409  somebody or something else was first
└── Unavailable    503  what is needed does not answer now
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One field that breaks a rule: its name, a sentence, and the limit if there is one.

    `see` is (words, address) of the page of ours where it is put right.
    """

    field: str
    message: str
    limit: str | int | float | None = None
    see: tuple[str, str] | None = None


class Refusal(Exception):
    """Nothing was done and nothing was spent; the message says why and what to do next."""

    status = 422
    code = "validation_failed"

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> "Refusal":
        """A refusal whose message is the problems' own sentences."""
        return cls(" ".join(problem.message for problem in problems), problems)

    @classmethod
    def field(cls, name: str, message: str, limit: str | int | float | None = None) -> "Refusal":
        """A refusal about one field."""
        return cls(message, (Problem(name, message, limit),))


class Missing(Refusal):
    status = 404
    code = "not_found"


class Conflict(Refusal):
    status = 409
    code = "conflict"


class Unavailable(Refusal):
    status = 503
    code = "unavailable"
