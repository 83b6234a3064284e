"""Lists of values as people write them: ``1, 2, .., 10``. Pure."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from rivya_bridge.refusals import Problem
from rivya_bridge.texts import clean_text

MOST_VALUES = 100
VALUE_LENGTH = 2_000
DOTS = ("..", "...", "…")
SKIP = "SKIP:"


def read_values(problems: list[Problem], field: str, written: object) -> list[str]:
    """The different values in their order, as texts; problems name `field` and its limit.

    A text is split at commas, or at ``||`` where values hold commas. ``1, 2, .., 10`` counts on in the
    step of the two numbers before, ``1, .., 10`` by one. ``SKIP: 4`` leaves a value out without removing
    it. A list of texts and numbers is taken as it is.
    """
    words = _words(problems, field, written)
    values = _counted(problems, field, words)
    kept = list(dict.fromkeys(word for word in values if not word.upper().startswith(SKIP)))
    if len(kept) > MOST_VALUES:
        text = f"{field} has {len(kept)} values; the limit is {MOST_VALUES}: take some away."
        problems.append(Problem(field, text, MOST_VALUES))
        return kept[:MOST_VALUES]
    return kept


def _words(problems: list[Problem], field: str, written: object) -> list[str]:
    if isinstance(written, str):
        separator = "||" if "||" in written else ","
        parts: Iterable[object] = written.replace("\n", separator).split(separator)
    elif isinstance(written, list | tuple):
        parts = written
    else:
        parts = [written]
    words = [_word(problems, field, part) for part in parts]
    return [word for word in words if word]


def _word(problems: list[Problem], field: str, part: object) -> str:
    if isinstance(part, int | float) and not isinstance(part, bool):
        return str(part)
    word = clean_text(part)
    if word is None:
        text = f"{field} takes texts and numbers: {str(part)[:40]!r} is neither."
        problems.append(Problem(field, text))
        return ""
    word = word.strip()
    if len(word) > VALUE_LENGTH:
        text = f"A value of {field} has {len(word):,} characters; the limit is {VALUE_LENGTH:,}."
        problems.append(Problem(field, text, VALUE_LENGTH))
        return ""
    return word


def _counted(problems: list[Problem], field: str, words: list[str]) -> list[str]:
    """With every ``..`` replaced by the numbers that it stands for."""
    values: list[str] = []
    for place, word in enumerate(words):
        if word in DOTS:
            end = words[place + 1] if place + 1 < len(words) else ""
            values += _between(problems, field, values, end)
        else:
            values.append(word)
    return values


def _between(problems: list[Problem], field: str, before: list[str], end: str) -> list[str]:
    """The numbers after the last of `before`, up to but without `end`."""
    last, goal = _number(before[-1:]), _number([end])
    earlier = _number(before[-2:-1])
    if last is None or goal is None:
        problems.append(
            Problem(field, f"{field}: '..' stands between two numbers, such as 1, 2, .., 10.")
        )
        return []
    step = last - earlier if earlier is not None else Decimal(1 if goal > last else -1)
    if step == 0 or (goal - last) / step < 0 or (goal - last) % step:
        text = (
            f"{field}: counting from {last} in steps of {step} does not reach {goal}. Write a last "
            "value that is reached, or list the values."
        )
        problems.append(Problem(field, text))
        return []
    count = int((goal - last) / step) - 1
    if count > MOST_VALUES:
        text = (
            f"{field}: from {last} to {goal} are {count + 2:,} values; the limit is {MOST_VALUES}."
        )
        problems.append(Problem(field, f"{text} Take a larger step.", MOST_VALUES))
        return []
    return [_plain(last + step * number) for number in range(1, count + 1)]


def _number(words: list[str]) -> Decimal | None:
    try:
        number = Decimal(words[0])
    except (InvalidOperation, IndexError):
        return None
    return number if number.is_finite() and abs(number) < 10**15 else None


def _plain(number: Decimal) -> str:
    """'0.5', '10': without exponent."""
    return format(number.normalize(), "f")
