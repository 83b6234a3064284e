"""The compare board of one case: the accepted result as A, that of the rehearsal as B."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from rivya_bridge.automation.models import Job
from rivya_bridge.comparison.board_parts import board_parts
from rivya_bridge.comparison.matrix import Column, build_matrix
from rivya_bridge.experiments.models import Run
from rivya_bridge.rehearsal.expectations import Result
from rivya_bridge.rehearsal.models import RehearsalCase
from rivya_bridge.rehearsal.results import result_of_case, result_of_job


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One side of the board: what a pane shows of a run, also of a job."""

    title: str
    where: str
    result: Result
    status: str
    credits: int | None
    column: Column
    number: int = 0
    rating: int | None = None
    verdict: str = ""

    @property
    def pk(self) -> str:
        return self.where

    @property
    def result_text(self) -> str:
        return self.result.text

    @property
    def answer(self) -> str:
        return self.result.text

    @property
    def duration_seconds(self) -> float | None:
        return self.column.seconds


def exhibits_of(case: RehearsalCase) -> list[Exhibit]:
    """Both sides; references are read from the tasks and runs (two queries)."""
    golden = case.golden
    accepted = result_of_case(golden)
    if golden.run is not None:
        first = _run_exhibit(golden.run, accepted)
    else:
        assert golden.job is not None  # a golden case has one source
        first = _job_exhibit(golden.job, accepted, "accepted")
    if case.job is None:
        return [first]
    return [first, _job_exhibit(case.job, result_of_job(case.job), "")]


def _run_exhibit(run: Run, result: Result) -> Exhibit:
    used = [(one.file.sha256, one.file.name) for one in run.references.select_related("file")]
    column = _column(run.model_id, run.prompt, run.params, used, run, result)
    return Exhibit(
        f"Run {run.number}",
        reverse("experiments:run", args=[run.pk]),
        result,
        run.status,
        run.credits,
        column,
        run.number,
        run.rating,
        run.verdict,
    )


def _job_exhibit(job: Job, result: Result, verdict: str) -> Exhibit:
    task = job.task
    used = [(one.file.sha256, one.file.name) for one in task.references.select_related("file")]
    draft = task.draft
    column = _column(task.model_id, draft["prompt"], draft["params"], used, job, result)
    return Exhibit(
        f"Job ··{job.pk.hex[-6:]}",
        reverse("automation:job", args=[job.pk]),
        result,
        task.status,
        task.final_credits,
        column,
        verdict=verdict,
    )


def _column(
    model: str,
    prompt: str,
    params: dict[str, Any],
    references: list[tuple[str, str]],
    made_by: Run | Job,
    result: Result,
) -> Column:
    is_run = isinstance(made_by, Run)
    return Column(
        model=model,
        prompt=prompt,
        params=params,
        references=references,
        credits=made_by.credits if isinstance(made_by, Run) else made_by.task.final_credits,
        seconds=_seconds(made_by),
        source=f"run, {made_by.source}" if is_run else f"job, {made_by.source}",
        rating=made_by.rating if isinstance(made_by, Run) else None,
        verdict=made_by.verdict if isinstance(made_by, Run) else "",
        answer=result.text,
    )


def _seconds(made_by: Run | Job) -> float | None:
    if isinstance(made_by, Run):
        return made_by.duration_seconds
    task = made_by.task
    if task.accepted_at is None or task.finished_at is None:
        return None
    return (task.finished_at - task.accepted_at).total_seconds()


def board_context(case: RehearsalCase, state: dict[str, str]) -> dict[str, Any]:
    """What the template of the compare boards needs; `state` is how the board looks."""
    exhibits = exhibits_of(case)
    wanted = int(state.get("result", 1)) - 1
    panes = [
        {
            "run": exhibit,
            "letter": letter,
            "name": name,
            "title": exhibit.title,
            "where": exhibit.where,
            "file": _shown(exhibit.result, wanted),
            "results": len(exhibit.result.files),
            "index": index,
        }
        for index, (exhibit, letter, name) in enumerate(
            zip(exhibits, "AB", ("Accepted", "Rehearsed"), strict=False)
        )
    ]
    columns = [exhibit.column for exhibit in exhibits]
    return {
        "run_query": "",
        **board_parts(panes, state, lambda index: build_matrix(columns, index)),
    }


def _shown(result: Result, wanted: int) -> Any:
    """The wanted file, or the last before it."""
    return result.files[min(wanted, len(result.files) - 1)] if result.files else None
