"""What a person or a program asks a sweep to do, read and bounded. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rivya_bridge.catalog.params import one_spelling
from rivya_bridge.experiments.fields import MAX_FILES, PROMPT_LENGTH
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.sweeps.values import MOST_VALUES, read_values
from rivya_bridge.texts import read_text

TITLE_LENGTH = 200
MOST_MODELS = 20
MOST_PARAMS = 30
MOST_REPLACEMENTS = 3
MOST_REPEATS = 20
MOST_AT_ONCE = 50
USUAL_AT_ONCE = 6
LARGEST_CAP = 1_000_000
MOST_RULES = 20
RULE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Replacement:
    """`search` is one of the values; each alternative takes its place in the prompt."""

    search: str
    alternatives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Several `prompts` are an axis. `params` by key: one value fixes a param, several make an axis.
    `references` are ids of files: they go in together, or each alone as an axis with `each_reference`;
    `with_and_without` makes an axis of references on and off. `skip` are rules such as
    ``SKIP: flux & 16:9``."""

    models: tuple[str, ...]
    prompts: tuple[str, ...] = ("",)
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replacements: tuple[Replacement, ...] = ()
    references: tuple[str, ...] = ()
    each_reference: bool = False
    with_and_without: bool = False
    skip: tuple[str, ...] = ()
    repeats: int = 1
    title: str = ""
    concurrency: int = USUAL_AT_ONCE
    credit_cap: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def read_plan(given: Mapping[str, Any]) -> Plan:
    """A plan of what was given. Raises Refusal naming every field that breaks its rule."""
    problems: list[Problem] = []
    plan = Plan(
        models=_models(problems, given.get("models", ())),
        prompts=_prompts(problems, given),
        params=_params(problems, given.get("params", {})),
        replacements=_replacements(problems, given.get("replacements", ())),
        references=_references(problems, given.get("references", ())),
        each_reference=bool(given.get("each_reference")),
        with_and_without=bool(given.get("with_and_without")),
        skip=_rules(problems, given.get("skip", ())),
        repeats=_whole(problems, "repeats", given.get("repeats", 1), MOST_REPEATS),
        title=read_text(problems, "title", given.get("title", ""), most=TITLE_LENGTH).strip(),
        concurrency=_whole(
            problems, "concurrency", given.get("concurrency", USUAL_AT_ONCE), MOST_AT_ONCE
        ),
        credit_cap=_cap(problems, given.get("credit_cap")),
    )
    if problems:
        raise Refusal.of(problems)
    return plan


def _models(problems: list[Problem], given: object) -> tuple[str, ...]:
    models = read_values(problems, "models", list(given) if isinstance(given, tuple) else given)
    if not models:
        problems.append(Problem("models", "Choose at least one model.", MOST_MODELS))
    if len(models) > MOST_MODELS:
        text = f"{len(models)} models are chosen; the limit is {MOST_MODELS}: take some away."
        problems.append(Problem("models", text, MOST_MODELS))
    return tuple(models)


def _prompts(problems: list[Problem], given: Mapping[str, Any]) -> tuple[str, ...]:
    """`prompts`, or the one `prompt`; at least one, which may be empty."""
    rows = given.get("prompts") or [given.get("prompt", "")]
    if not isinstance(rows, list | tuple) or len(rows) > MOST_VALUES:
        text = f"prompts must be a list of at most {MOST_VALUES} texts: take some away."
        problems.append(Problem("prompts", text, MOST_VALUES))
        return ("",)
    prompts = [read_text(problems, "prompt", row, most=PROMPT_LENGTH) for row in rows]
    return tuple(dict.fromkeys(prompts))


def _params(problems: list[Problem], given: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(given, Mapping) or len(given) > MOST_PARAMS:
        text = f"params must be an object of at most {MOST_PARAMS} names with their values."
        problems.append(Problem("params", text, MOST_PARAMS))
        return {}
    params = {}
    for key, written in given.items():
        name = read_text(problems, "params", key, least=1, most=80)
        if values := read_values(problems, f"params.{name}", written):
            params[name] = tuple(values)
    if len({one_spelling(name) for name in params}) < len(params):
        text = "A param is given twice in two spellings, such as aspectRatio and aspect_ratio."
        problems.append(Problem("params", text))
    return params


def _replacements(problems: list[Problem], given: object) -> tuple[Replacement, ...]:
    rows = list(given) if isinstance(given, list | tuple) else []
    if len(rows) > MOST_REPLACEMENTS:
        text = f"{len(rows)} replacements are given; the limit is {MOST_REPLACEMENTS}."
        problems.append(Problem("replacements", text, MOST_REPLACEMENTS))
    found = []
    for number, row in enumerate(rows[:MOST_REPLACEMENTS], start=1):
        name = f"replacements.{number}"
        wanted = row if isinstance(row, Mapping) else {}
        search = read_text(problems, name, wanted.get("search", ""), most=2_000)
        values = read_values(problems, name, wanted.get("alternatives", ()))
        if not search.strip() and not values:
            continue
        if not search.strip() or not values:
            text = f"{name} needs both: the words to search for, and what takes their place."
            problems.append(Problem(name, text))
        found.append(Replacement(search, tuple(value for value in values if value != search)))
    return tuple(found)


def _references(problems: list[Problem], given: object) -> tuple[str, ...]:
    ids = [str(one) for one in given] if isinstance(given, list | tuple) else []
    if len(ids) > MAX_FILES:
        text = f"{len(ids)} reference files are given; the limit is {MAX_FILES}."
        problems.append(Problem("references", text, MAX_FILES))
    return tuple(dict.fromkeys(ids))


def _rules(problems: list[Problem], given: object) -> tuple[str, ...]:
    lines: Sequence[object] = given.splitlines() if isinstance(given, str) else given  # type: ignore[assignment]
    if not isinstance(lines, list | tuple) or len(lines) > MOST_RULES:
        text = f"skip takes at most {MOST_RULES} rules, one on a line."
        problems.append(Problem("skip", text, MOST_RULES))
        return ()
    rules = [read_text(problems, "skip", line, most=RULE_LENGTH).strip() for line in lines]
    return tuple(rule for rule in rules if rule)


def _whole(problems: list[Problem], name: str, value: object, most: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    problems.append(Problem(name, f"{name} must be a whole number from 1 to {most}.", most))
    return 1


def _cap(problems: list[Problem], value: object) -> int | None:
    return None if value is None else _whole(problems, "credit_cap", value, LARGEST_CAP)
