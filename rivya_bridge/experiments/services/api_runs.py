"""Trying something through the API: a run and its task, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments import fields
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.services.storing import check_lineage, store_run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.identifiers import new_id
from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.rivya import Model
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.preflight import blockers
from rivya_bridge.tasks.services import create_task
from rivya_bridge.texts import read_text


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked for, checked."""

    model: Model
    prompt: str
    params: dict[str, Any]
    references: list[StoredFile]


def start_api_run(
    experiment: Experiment,
    *,
    model_id: str,
    prompt: str,
    params: Mapping[str, Any],
    references: Sequence[StoredFile],
    continues_from: Run | None = None,
    intent_key: str | None = None,
    note: str = "",
) -> Run:
    """A run whose task waits to be sent; the same `intent_key` gives the same run.

    Raises Refusal with every blocker, and then nothing was stored or spent; Conflict when the key
    belongs to a run of another experiment or another request.
    """
    problems: list[Problem] = []
    model = get_model(model_id)
    prompt = read_text(problems, "prompt", prompt, most=fields.PROMPT_LENGTH)
    note = read_text(problems, "note", note, most=fields.NOTE_LENGTH)
    check_lineage(problems, experiment, continues_from)
    problems += fields.shape_problems(params)
    if problems:
        raise Refusal.of(problems)
    request = _Request(model, prompt, dict(params), list(references))
    key = f"run:{intent_key}" if intent_key else None
    if earlier := _run_of(key):
        return _same_run(earlier, experiment, request)
    _refuse_blocked(request)
    try:
        return _store(experiment, request, key, note=note, continues_from=continues_from)
    except IntegrityError:
        earlier = _run_of(key)
        if earlier is None:
            raise
        return _same_run(earlier, experiment, request)


def _refuse_blocked(request: _Request) -> None:
    problems = blockers(
        request.model,
        prompt=request.prompt,
        params=request.params,
        references=request.references,
    )
    if problems:
        raise Refusal.of(problems)


@transaction.atomic
def _store(experiment: Experiment, request: _Request, key: str | None, **written: Any) -> Run:
    """The task first, because the run's row must name it; both know each other's id."""
    run_id = new_id()
    task = create_task(
        origin=Task.Origin.RUN,
        origin_id=run_id,
        model=request.model,
        prompt=request.prompt,
        params=request.params,
        references=request.references,
        group_label=experiment.title,
        group_url=f"/experiments/{experiment.pk}/",
        intent_key=key,
    )
    return store_run(
        experiment,
        request.references,
        id=run_id,
        source=Run.Source.API,
        task=task,
        model_id=request.model.id,
        category=request.model.category,
        prompt=request.prompt,
        params=request.params,
        **written,
    )


def _run_of(key: str | None) -> Run | None:
    if key is None:
        return None
    return Run.objects.select_related("task").filter(task__intent_key=key).first()


def _same_run(earlier: Run, experiment: Experiment, request: _Request) -> Run:
    """The earlier run, unless the key was meant for something else."""
    asked = {
        "experiment": experiment.pk,
        "model": request.model.id,
        "prompt": request.prompt,
        "params": request.params,
        "references": [file.pk for file in request.references],
    }
    done = {
        "experiment": earlier.experiment_id,
        "model": earlier.model_id,
        "prompt": earlier.prompt,
        "params": earlier.params,
        "references": list(earlier.references.values_list("file_id", flat=True)),
    }
    differing = [name for name in asked if asked[name] != done[name]]
    if differing:
        raise Conflict(
            f"This key started another run before (different: {', '.join(differing)}): use a new key "
            "for a new run. Nothing was started.",
            [
                Problem(name, f"{name} differs from the first use of this key.")
                for name in differing
            ],
        )
    return earlier
