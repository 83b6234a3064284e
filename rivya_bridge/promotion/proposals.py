"""What a promotion would look like: drawn from the run and the accepted runs beside it."""

import json
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.db.models import Q
from django.utils.text import slugify

from rivya_bridge.automation.content import model_problems
from rivya_bridge.automation.fields import SLUG_LENGTH
from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.automation.prompts import escape_prompt
from rivya_bridge.automation.slots import slot_limit
from rivya_bridge.catalog.params import estimate_credits
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.selectors import accepted_runs, run_rows
from rivya_bridge.files.models import StoredFile
from rivya_bridge.promotion.induction import Induction, Shape, declare, induce, source_of, switch_of
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rivya import Model

MAX_COMPARED = 39
# Params that make the result random again; fixing one silently would make all jobs alike.
SEED_KEYS = frozenset({"seed", "seeds"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A filled-in promotion form.

    `sources` are the runs it is drawn from: the run itself first, then other accepted runs of its model,
    the newest first; `is_undecided`: none is accepted, so these are undecided ones. `induction` speaks of
    their prompts in this order. `prompt` is template source with a variable where the prompts differ,
    declared in `variables`; with its defaults it renders to the run's prompt. `seen`: by variable, the
    words that stood there and the numbers of their runs. `varied_params`: values seen, by key. With
    `problems`, the run cannot be promoted.
    """

    name: str
    slug: str
    model_id: str
    prompt: str
    variables: list[dict[str, Any]]
    seen: dict[str, list[tuple[str, list[int]]]]
    induction: Induction
    sources: list[Run]
    fixed_params: dict[str, Any]
    exposed_params: list[dict[str, Any]]
    varied_params: dict[str, list[Any]]
    file_slots: list[dict[str, Any]]
    expected: dict[str, Any]
    credit_cap: int
    accepted_runs: int
    is_undecided: bool
    problems: list[Problem]

    @property
    def odd_runs(self) -> list[int]:
        """Numbers of the runs whose prompts have another shape than the others."""
        return [self.sources[place].number for place in self.induction.outliers]


def propose(run: Run) -> Proposal:
    """The promotion that the evidence suggests; a person confirms or changes it.

    Raises Refusal when the model is unknown. A constant number of queries.
    """
    model = get_model(run.model_id)
    others, is_undecided = _beside(run)
    references = _references_of(run)
    sources = [run, *others]
    slots = slots_for(references, model, [_references_of(other) for other in others])
    induction = induce(
        [source.prompt for source in sources],
        taken=[*(param.key for param in model.params), *(slot["name"] for slot in slots)],
    )
    shape = induction.shape if induction.shape and 0 in induction.shape.members else None
    varied = _varied_params(run, others)
    exposed = _exposed(run, model, varied)
    return Proposal(
        name=run.experiment.title[:120],
        slug=free_slug(run.experiment.title),
        model_id=run.model_id,
        prompt=source_of(shape) if shape else escape_prompt(run.prompt),
        variables=declare(shape, 0) if shape else [],
        seen=_seen(shape, sources) if shape else {},
        induction=induction,
        sources=sources,
        fixed_params=without(run.params, exposed),
        exposed_params=exposed,
        varied_params=varied,
        file_slots=slots,
        expected=expected_of(run),
        credit_cap=cap_for(run, model),
        accepted_runs=sum(one.verdict == Run.Verdict.ACCEPTED for one in sources),
        is_undecided=is_undecided,
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


def _beside(run: Run) -> tuple[list[Run], bool]:
    """Other accepted runs of the same model in the experiment, the newest first.

    While nobody has judged any, those with a result that wait for a verdict, and True.
    """
    same = {"model_id": run.model_id}
    rows = accepted_runs(run.experiment).filter(**same).exclude(pk=run.pk)
    if (found := list(rows[:MAX_COMPARED])) or run.verdict == Run.Verdict.ACCEPTED:
        return found, False
    waiting = run_rows(run.experiment).filter(**same, verdict=Run.Verdict.NONE).exclude(pk=run.pk)
    ended = waiting.filter(Q(task__isnull=True) | Q(task__status="succeeded")).order_by("-id")
    found = list(ended[:MAX_COMPARED])
    return found, bool(found)


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


def _seen(shape: Shape, sources: Sequence[Run]) -> dict[str, list[tuple[str, list[int]]]]:
    """Variable -> each text that stood there, with the numbers of its runs."""
    found: dict[str, list[tuple[str, list[int]]]] = {}
    for slot in shape.slots:
        numbers: dict[str | None, list[int]] = {}
        for member, value in sorted(slot.values.items()):
            insort(numbers.setdefault(value, []), sources[member].number)
        absent = numbers.pop(None, [])
        present = sorted(number for runs in numbers.values() for number in runs)
        if slot.is_optional:
            found[switch_of(slot)] = [("yes", present), ("no", absent)]
        if not slot.is_flag:
            found[slot.name] = [(value, runs) for value, runs in numbers.items() if value]
    return found


def _references_of(run: Run) -> list[StoredFile]:
    return [reference.file for reference in run.references.all()]


def slots_for(
    references: Sequence[StoredFile], model: Model, others: Sequence[Sequence[StoredFile]] = ()
) -> list[dict[str, Any]]:
    """A slot per reference, within the model's limits, with the used file as its default.

    Where other runs had another file in its place, each job must give its own: the file that was used
    is then only the example that the promotion is proved with. Clips and sounds may be as long as the
    longest that was used.
    """
    slots = [_slot(number, file, model) for number, file in enumerate(references, 1)]
    for place, slot in enumerate(slots):
        given = [references[place], *(other[place] for other in others if place < len(other))]
        slot["required"] = len({file.pk for file in given}) > 1
        slot["max_seconds"] = _longest([file for file in given if file.kind == slot["kind"]])
    return slots


def _longest(files: Sequence[StoredFile]) -> int | None:
    """Whole seconds that the longest clip or sound needs; the model list tells no limit of its own."""
    lengths = [file.duration_seconds for file in files if file.kind != "image"]
    known = [length for length in lengths if length]
    return ceil(max(known)) if known else None


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
        "max_seconds": None,
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
