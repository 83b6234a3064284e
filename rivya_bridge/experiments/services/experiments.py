"""Making and changing experiments."""

from collections.abc import Sequence
from typing import Any

from rivya_bridge.experiments import fields
from rivya_bridge.experiments.models import Experiment
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.texts import read_text


def create_experiment(
    *,
    title: str,
    question: str = "",
    brief: str = "",
    category: str = "image",
    tags: Sequence[str] = (),
) -> Experiment:
    """A new experiment that is exploring. Raises Refusal naming every field that breaks its limit."""
    given = {"title": title, "question": question, "brief": brief, "category": category}
    return Experiment.objects.create(**_checked({**given, "tags": tags}))


def update_experiment(experiment: Experiment, **changes: Any) -> Experiment:
    """Changes any of title, question, brief, category, tags and status.

    Raises Refusal naming every field that breaks its limit, or that does not exist.
    """
    checked = _checked(changes)
    for name, value in checked.items():
        setattr(experiment, name, value)
    experiment.save(update_fields=[*checked, "updated_at"])
    return experiment


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    problems: list[Problem] = []
    checked = {name: _read(problems, name, value) for name, value in given.items()}
    if problems:
        raise Refusal.of(problems)
    return checked


def _read(problems: list[Problem], name: str, value: Any) -> Any:
    match name:
        case "title":
            return read_text(problems, name, value, least=1, most=fields.TITLE_LENGTH).strip()
        case "question":
            return read_text(problems, name, value, most=fields.QUESTION_LENGTH)
        case "brief":
            return read_text(problems, name, value, most=fields.BRIEF_LENGTH)
        case "category":
            return fields.read_category(problems, value)
        case "tags":
            return fields.read_tags(problems, value)
        case "status":
            return fields.read_choice(problems, name, value, Experiment.Status.values)
    problems.append(Problem(name, f"{name} is no field of an experiment that can be changed."))
    return None
