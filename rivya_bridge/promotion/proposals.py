"""What a promotion would look like: drawn from the run and the accepted runs beside it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

from rivya_bridge.automation.content import model_problems
from rivya_bridge.automation.fields import SLUG_LENGTH
from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.automation.prompts import escape_prompt
from rivya_bridge.automation.slots import slot_limit
from rivya_bridge.catalog.params import estimate_credits
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.selectors import accepted_runs
from rivya_bridge.files.models import StoredFile
from rivya_bridge.promotion.variation import Candidate, find_candidates, with_variables
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rivya import Model

MAX_COMPARED = 20
# Params that make the result random again; fixing one silently would make all jobs alike.
SEED_KEYS = frozenset({"seed", "seeds"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A filled-in promotion form.

    `prompt` is template source that renders to the run's prompt; `prompt_with_candidates` is the same
    with the candidates as variables, declared in `candidate_variables`. `varied_params`: values seen,
    by key. `accepted_runs` were looked at. With `problems`, the run cannot be promoted.
    """

    name: str
    slug: str
    model_id: str
    prompt: str
    candidates: list[Candidate]
    prompt_with_candidates: str
    candidate_variables: list[dict[str, Any]]
    fixed_params: dict[str, Any]
    exposed_params: list[dict[str, Any]]
    varied_params: dict[str, list[Any]]
    file_slots: list[dict[str, Any]]
    expected: dict[str, Any]
    credit_cap: int
    accepted_runs: int
    problems: list[Problem]


def propose(run: Run) -> Proposal:
    """The promotion that the evidence suggests; a person confirms or changes it.

    Raises Refusal when the model is unknown. A constant number of queries.
    """
    model = get_model(run.model_id)
    others = _accepted_beside(run)
    references = [reference.file for reference in run.references.all()]
    candidates = find_candidates(run.prompt, [other.prompt for other in others])
    varied = _varied_params(run, others)
    exposed = _exposed(run, model, varied)
    return Proposal(
        name=run.experiment.title[:120],
        slug=free_slug(run.experiment.title),
        model_id=run.model_id,
        prompt=escape_prompt(run.prompt),
        candidates=candidates,
        prompt_with_candidates=with_variables(run.prompt, candidates),
        candidate_variables=[_declared(candidate) for candidate in candidates],
        fixed_params=without(run.params, exposed),
        exposed_params=exposed,
        varied_params=varied,
        file_slots=slots_for(references, model),
        expected=expected_of(run),
        credit_cap=cap_for(run, model),
        accepted_runs=len(others) + (run.verdict == Run.Verdict.ACCEPTED),
        problems=promotion_problems(run),
    )


def promotion_problems(run: Run) -> list[Problem]:
    """What keeps this run from being promoted, whatever the template would look like."""
    problems = [*_unfinished(run)]
    if run.verdict == Run.Verdict.REJECTED:
        text = f"Run {run.number} was rejected: promote an accepted run, or judge it again."
        problems.append(Problem("run", text))
    try:
        problems += model_problems(get_model(run.model_id))
    except Refusal as refusal:
        problems += refusal.problems
    return problems


def _unfinished(run: Run) -> list[Problem]:
    if run.task is not None and run.task.status != "succeeded":
        text = f"Run {run.number} is {run.task.status}: only a succeeded run can be promoted."
        return [Problem("run", text)]
    if run.task is None and not run.result_text and not run.results.exists():
        return [Problem("run", f"Run {run.number} has no result: add what Studio made first.")]
    return []


def _accepted_beside(run: Run) -> list[Run]:
    """Other accepted runs of the same model in the experiment, the newest first."""
    rows = accepted_runs(run.experiment).filter(model_id=run.model_id).exclude(pk=run.pk)
    return list(rows[:MAX_COMPARED])


def _varied_params(run: Run, others: Sequence[Run]) -> dict[str, list[Any]]:
    """Key -> the different values that it had; None stands for the model's default."""
    runs = [run, *others]
    keys = dict.fromkeys(key for one in runs for key in one.params)
    values = {key: _different([one.params.get(key) for one in runs]) for key in keys}
    return {key: seen for key, seen in values.items() if len(seen) > 1}


def _different(values: Sequence[Any]) -> list[Any]:
    """By their JSON, in which 1, "1" and true are three values."""
    return list({json.dumps(value, sort_keys=True): value for value in values}.values())


def _exposed(run: Run, model: Model, varied: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """What varied, and the seed; each with the value this run used as its default."""
    return [
        {"key": param.key, "default": run.params.get(param.key), "label": ""}
        for param in model.params
        if param.key in varied or (param.key in SEED_KEYS and param.key in run.params)
    ]


def without(params: dict[str, Any], exposed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Params that stay fixed when some are exposed."""
    keys = {entry.get("key") for entry in exposed}
    return {key: value for key, value in params.items() if key not in keys}


def _declared(candidate: Candidate) -> dict[str, Any]:
    return {
        "name": candidate.name,
        "type": "text",
        "label": "",
        "default": candidate.text,
        "required": False,
    }


def slots_for(references: Sequence[StoredFile], model: Model) -> list[dict[str, Any]]:
    """A slot per reference, within the model's limits, with the used file as its default."""
    return [_slot(number, file, model) for number, file in enumerate(references, 1)]


def _slot(number: int, file: StoredFile, model: Model) -> dict[str, Any]:
    limit = slot_limit(model, file.kind)
    return {
        "name": f"reference_{number}",
        "kind": file.kind,
        "label": "",
        "required": False,
        "default_file": str(file.pk),
        "mime_types": list(limit.mime_types) if limit else [],
        "max_size_mb": limit.max_size_mb if limit else None,
    }


def expected_of(run: Run) -> dict[str, Any]:
    return {"category": run.category, "count": max(1, run.results.count())}


def cap_for(run: Run, model: Model) -> int:
    """The greater of the estimate and what the run cost, at least 1 credit."""
    return max(1, estimate_credits(model, run.params), run.credits or 0)


def free_slug(title: str) -> str:
    """A slug for the title that no template has yet (one query)."""
    base = slugify(title)[: SLUG_LENGTH - 5].replace("_", "-").strip("-") or "template"
    while "--" in base:
        base = base.replace("--", "-")
    taken = set(JobTemplate.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    tries = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(slug for slug in tries if slug not in taken)
