"""Recording by hand what somebody made in Studio."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from rivya_bridge.access.services import do_once
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments import fields
from rivya_bridge.experiments.models import Experiment, Run, RunResult
from rivya_bridge.experiments.services.storing import check_lineage, store_run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.texts import read_text


def record_studio_run(
    experiment: Experiment,
    *,
    model_id: str,
    prompt: str,
    params: Mapping[str, Any],
    references: Sequence[StoredFile],
    results: Sequence[StoredFile],
    result_text: str = "",
    credits: int | None = None,
    duration_seconds: float | None = None,
    rating: int | None = None,
    verdict: str = "",
    note: str = "",
    continues_from: Run | None = None,
    intent_key: str | None = None,
) -> Run:
    """A run with at least one result file or a result text; nothing is sent or spent.

    The same `intent_key` and inputs give the same run. Raises Refusal with every problem, Conflict
    when the key was used with other inputs.
    """
    row = check_studio_run(
        experiment,
        model_id=model_id,
        prompt=prompt,
        params=params,
        references=references,
        results=results,
        result_text=result_text,
        credits=credits,
        duration_seconds=duration_seconds,
        rating=rating,
        verdict=verdict,
        note=note,
        continues_from=continues_from,
    )
    return _store(experiment, row, references, results, continues_from, intent_key)


def check_studio_run(
    experiment: Experiment,
    *,
    model_id: str,
    prompt: Any,
    params: Mapping[str, Any],
    references: Sequence[Any],
    results: Sequence[Any],
    result_text: Any,
    credits: Any,
    duration_seconds: Any,
    rating: Any,
    verdict: Any,
    note: Any,
    continues_from: Run | None,
) -> dict[str, Any]:
    """The columns of a run as they would be stored. Raises Refusal with every problem.

    Of the files only their number matters here.
    """
    problems: list[Problem] = []
    model = get_model(model_id)
    problems += fields.param_problems(model, params)
    texts = _texts(problems, prompt, result_text, note)
    judged = _judged(problems, credits, duration_seconds, rating, verdict)
    fields.check_count(problems, "references", references)
    _check_results(problems, results, result_text)
    check_lineage(problems, experiment, continues_from)
    if problems:
        raise Refusal.of(problems)
    return {
        "model_id": model.id,
        "category": model.category,
        "params": dict(params),
        **texts,
        **judged,
    }


def record_each(
    experiment: Experiment,
    *,
    results: Sequence[StoredFile],
    intent_key: str | None = None,
    **given: Any,
) -> list[Run]:
    """One Studio run for each result file, in their order, or none; `given` as `record_studio_run`.

    The same `intent_key` and inputs give the same runs.
    """
    with transaction.atomic():
        return [
            record_studio_run(
                experiment,
                results=[file],
                intent_key=f"{intent_key}:{number}" if intent_key else None,
                **given,
            )
            for number, file in enumerate(results, start=1)
        ]


def _texts(problems: list[Problem], prompt: str, result_text: str, note: str) -> dict[str, Any]:
    return {
        "prompt": read_text(problems, "prompt", prompt, most=fields.PROMPT_LENGTH),
        "result_text": read_text(
            problems, "result_text", result_text, most=fields.RESULT_TEXT_LENGTH
        ),
        "note": read_text(problems, "note", note, most=fields.NOTE_LENGTH),
    }


def _judged(
    problems: list[Problem],
    credits: int | None,
    seconds: float | None,
    rating: int | None,
    verdict: str,
) -> dict[str, Any]:
    return {
        "studio_credits": fields.read_credits(problems, credits),
        "studio_seconds": fields.read_seconds(problems, seconds),
        "rating": fields.read_rating(problems, rating),
        "verdict": fields.read_verdict(problems, verdict),
    }


def _check_results(
    problems: list[Problem], results: Sequence[StoredFile], result_text: str
) -> None:
    fields.check_count(problems, "results", results)
    is_text = isinstance(result_text, str) and bool(result_text.strip())
    if not results and not is_text:
        message = "A Studio run needs a result: add at least one file, or the text that came back."
        problems.append(Problem("results", message, 1))


def _store(
    experiment: Experiment,
    row: dict[str, Any],
    references: Sequence[StoredFile],
    results: Sequence[StoredFile],
    continues_from: Run | None,
    intent_key: str | None,
) -> Run:
    def make() -> str:
        source = Run.Source.STUDIO
        run = store_run(experiment, references, source=source, continues_from=continues_from, **row)
        RunResult.objects.bulk_create(
            RunResult(run=run, file=file, position=position)
            for position, file in enumerate(results)
        )
        if results:
            Experiment.objects.filter(pk=experiment.pk).update(preview=results[0])
        return str(run.pk)

    body = {
        **row,
        "references": [str(file.pk) for file in references],
        "results": [str(file.pk) for file in results],
        "continues_from": str(continues_from.pk) if continues_from else None,
    }
    run_id, _ = do_once(f"studio-run:{experiment.pk}", intent_key, body, make)
    return Run.objects.get(pk=run_id)
