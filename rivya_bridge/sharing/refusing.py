"""A refusal as it is kept in a row, until somebody comes to read it."""

from typing import Any

from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.sharing.models import Staged


def as_json(refusal: Refusal) -> dict[str, Any]:
    return {
        "is_conflict": isinstance(refusal, Conflict),
        "message": refusal.message,
        "problems": [
            {"field": one.field, "message": one.message, "limit": one.limit}
            for one in refusal.problems
        ],
    }


def refusal_of(staged: Staged) -> Refusal:
    """Why it was not taken."""
    kept = staged.refusal
    kind = Conflict if kept["is_conflict"] else Refusal
    return kind(kept["message"], [Problem(**one) for one in kept["problems"]])
