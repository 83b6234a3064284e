"""Checks of what people write about experiments and runs. Each adds to a list of problems."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rivya_bridge.catalog.params import check_request
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.refusals import Problem
from rivya_bridge.rivya import Model
from rivya_bridge.texts import clean_text, is_storable

TITLE_LENGTH = 200
QUESTION_LENGTH = 500
BRIEF_LENGTH = 10_000
NOTE_LENGTH = 5_000
PROMPT_LENGTH = 20_000
RESULT_TEXT_LENGTH = 100_000
MAX_TAGS = 20
TAG_LENGTH = 40
MAX_FILES = 50
MAX_CREDITS = 1_000_000
MAX_SECONDS = 7 * 24 * 3600


def read_tags(problems: list[Problem], value: object) -> list[str]:
    """At most 20 different tags of 1 to 40 characters, trimmed, in the order given."""
    if not isinstance(value, list | tuple) or any(clean_text(tag) is None for tag in value):
        message = "tags must be a list of texts without NUL characters."
        problems.append(Problem("tags", message, MAX_TAGS))
        return []
    tags = list(dict.fromkeys(tag.strip() for tag in value if tag.strip()))
    if len(tags) > MAX_TAGS:
        message = f"{len(tags)} tags were given; the limit is {MAX_TAGS}."
        problems.append(Problem("tags", message, MAX_TAGS))
    too_long = next((tag for tag in tags if len(tag) > TAG_LENGTH), None)
    if too_long:
        message = (
            f"The tag {too_long[:50]!r} has {len(too_long)} characters; the limit is {TAG_LENGTH}."
        )
        problems.append(Problem("tags", message, TAG_LENGTH))
    return tags


def read_choice(problems: list[Problem], field: str, value: object, known: Sequence[str]) -> str:
    """One of the known words."""
    if isinstance(value, str) and value in known:
        return value
    words = ", ".join(word or "'' (none)" for word in known)
    problems.append(Problem(field, f"{field} is {str(value)[:40]!r}: use one of {words}."))
    return known[0]


def read_category(problems: list[Problem], value: object) -> str:
    return read_choice(problems, "category", value, Experiment.Category.values)


def read_verdict(problems: list[Problem], value: object) -> str:
    """'' (undecided), accepted or rejected."""
    return read_choice(problems, "verdict", value, Run.Verdict.values)


def read_rating(problems: list[Problem], value: object) -> int | None:
    """1 to 5, or None for no rating."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if value is None or (is_whole and 1 <= value <= 5):  # type: ignore[operator]
        return value  # type: ignore[return-value]
    problems.append(Problem("rating", "rating must be a whole number from 1 to 5, or none.", 5))
    return None


def read_credits(problems: list[Problem], value: object) -> int | None:
    """Whole credits from 0, or None for unknown."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if value is None or (is_whole and 0 <= value <= MAX_CREDITS):  # type: ignore[operator]
        return value  # type: ignore[return-value]
    message = f"credits must be a whole number from 0 to {MAX_CREDITS:,}, or none."
    problems.append(Problem("credits", message, MAX_CREDITS))
    return None


def read_seconds(problems: list[Problem], value: object) -> float | None:
    """Seconds from 0 to a week, or None for unknown."""
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 <= value <= MAX_SECONDS:  # type: ignore[operator]
        return float(value)  # type: ignore[arg-type]
    message = f"duration_seconds must be a number from 0 to {MAX_SECONDS:,}, or none."
    problems.append(Problem("duration_seconds", message, MAX_SECONDS))
    return None


def check_count(problems: list[Problem], field: str, files: Sequence[Any]) -> None:
    if len(files) > MAX_FILES:
        message = f"{len(files)} {field} were given; the limit is {MAX_FILES}."
        problems.append(Problem(field, message, MAX_FILES))


def shape_problems(params: object) -> list[Problem]:
    """What keeps `params` from being stored at all."""
    if not isinstance(params, Mapping):
        return [Problem("params", "params must be an object of names and values.")]
    if not is_storable(params):
        return [Problem("params", "params must be texts and numbers without NUL characters.")]
    return []


def param_problems(model: Model, params: Mapping[str, Any]) -> list[Problem]:
    """What the model's own rules say of `params` alone, whatever its state and category."""
    if problems := shape_problems(params):
        return problems
    open_model = replace(model, api_status="available", category="image")
    found = check_request(open_model, prompt="-", params=params, references=())
    return [problem for problem in found if problem.field.startswith("params")]
