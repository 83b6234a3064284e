"""Promoting a run: from a trial that was accepted to a recipe that a program may use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from rivya_bridge.automation.content import Draft, normalized
from rivya_bridge.automation.models import TemplateVersion
from rivya_bridge.automation.prompts import escape_prompt
from rivya_bridge.automation.selectors import get_template
from rivya_bridge.automation.services import add_version, create_template
from rivya_bridge.catalog.params import check_request
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Run
from rivya_bridge.promotion.evidence import evidence_of
from rivya_bridge.promotion.models import Promotion
from rivya_bridge.promotion.previews import Preview, previews_of
from rivya_bridge.promotion.proposals import (
    Proposal,
    cap_for,
    expected_of,
    free_slug,
    promotion_problems,
    propose,
    slots_for,
    without,
)
from rivya_bridge.promotion.round_trip import round_trip_difference
from rivya_bridge.promotion.variables import complete_variables
from rivya_bridge.refusals import Problem, Refusal

__all__ = [
    "Choices",
    "add_version_from_run",
    "preview_promotion",
    "promote_run",
    "propose",
    "round_trip_difference",
]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person chose for the version. None means: as the run had it.

    `prompt` is template source. A variable without "default", or without a declaration, takes the
    words that stood there in the run; an exposed param without "default" takes the run's value. A
    bare name stands for a declaration with defaults only.
    """

    prompt: str | None = None
    variables: Sequence[Mapping[str, Any] | str] = ()
    exposed_params: Sequence[Mapping[str, Any] | str] = ()
    fixed_params: Mapping[str, Any] | None = None
    file_slots: Sequence[Mapping[str, Any]] | None = None
    expected: Mapping[str, Any] | None = None
    credit_cap: int | None = None
    reason: str = ""
    author: str = ""


def promote_run(
    run: Run, *, name: str, slug: str | None = None, description: str = "", **choices: Any
) -> TemplateVersion:
    """A new template whose version 1 repeats the run; nothing is sent or spent.

    `choices` are the fields of Choices. Raises Refusal when the run is unfinished or rejected, its
    model is not available, the choices break a rule, or the defaults would not repeat the run; Conflict
    naming `slug` when that is taken.
    """
    return _promote(
        run,
        Choices(**choices),
        lambda draft: create_template(
            name=name,
            slug=free_slug(name) if slug is None else slug,
            draft=draft,
            description=description,
        ),
    )


def add_version_from_run(run: Run, *, template_slug: str, **choices: Any) -> TemplateVersion:
    """The next version of an existing template, made from the run like `promote_run`.

    Raises Missing when there is no such template, and Refusal like `promote_run`.
    """
    template = get_template(template_slug)
    return _promote(run, Choices(**choices), lambda draft: add_version(template, draft))


def preview_promotion(
    run: Run, proposal: Proposal, **choices: Any
) -> tuple[list[Preview], list[Problem]]:
    """What the chosen version would send for each source run, or what is wrong with it; stores nothing.

    Raises Refusal when the choices cannot be read at all.
    """
    draft = _draft(run, Choices(**choices))
    full, problems = normalized(draft, get_model(draft.model_id))
    if problems:
        return [], problems
    return previews_of(full, proposal.sources, proposal.induction), []


def _promote(
    run: Run, choices: Choices, store: Callable[[Draft], TemplateVersion]
) -> TemplateVersion:
    if problems := promotion_problems(run):
        raise Refusal.of(problems)
    draft = _draft(run, choices)
    _check(draft, run)
    with transaction.atomic():
        version = store(draft)
        Promotion.objects.create(run=run, version=version, evidence=evidence_of(run))
    return version


def _draft(run: Run, choices: Choices) -> Draft:
    """The version as chosen, completed from the run."""
    model = get_model(run.model_id)
    prompt = escape_prompt(run.prompt) if choices.prompt is None else choices.prompt
    variables = _objects("variables", "name", choices.variables)
    exposed = [
        {"default": _value(run, entry), **entry}
        for entry in _objects("exposed_params", "key", choices.exposed_params)
    ]
    references = [reference.file for reference in run.references.all()]
    fixed, slots = choices.fixed_params, choices.file_slots
    return Draft(
        model_id=run.model_id,
        prompt=prompt,
        variables=complete_variables(prompt, run.prompt, variables),
        fixed_params=without(run.params, exposed) if fixed is None else fixed,
        exposed_params=exposed,
        file_slots=slots_for(references, model) if slots is None else slots,
        expected=expected_of(run) if choices.expected is None else choices.expected,
        credit_cap=cap_for(run, model) if choices.credit_cap is None else choices.credit_cap,
        reason=choices.reason or f"Promoted from run {run.number} of {run.experiment.title}.",
        author=choices.author,
    )


def _objects(field: str, key: str, entries: Any) -> list[dict[str, Any]]:
    """Declarations as objects; a bare text is an object with that `key` alone."""
    is_list = isinstance(entries, list | tuple)
    if not is_list or not all(isinstance(entry, Mapping | str) for entry in entries):
        text = f"{field} must be a list of names, or of objects with {key}, default and label."
        raise Refusal.field(field, text)
    return [{key: entry} if isinstance(entry, str) else dict(entry) for entry in entries]


def _value(run: Run, entry: Mapping[str, Any]) -> Any:
    key = entry.get("key")
    return run.params.get(key) if isinstance(key, str) else None


def _check(draft: Draft, run: Run) -> None:
    """Its own rules first, then the proof, then the model's rules over the whole request."""
    model = get_model(draft.model_id)
    full, problems = normalized(draft, model)
    problems = problems or round_trip_difference(full, run)
    if not problems:
        references = [reference.file for reference in run.references.all()]
        problems = check_request(model, prompt=run.prompt, params=run.params, references=references)
    if problems:
        raise Refusal.of(problems)
