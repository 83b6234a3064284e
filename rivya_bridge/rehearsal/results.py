"""Reading what a run, a job or a golden case holds as its result."""

from rivya_bridge.automation.models import Job
from rivya_bridge.experiments.models import Run
from rivya_bridge.rehearsal.expectations import Result
from rivya_bridge.rehearsal.models import GoldenCase


def result_of_run(run: Run) -> Result:
    """No query when the run's results are at hand."""
    return Result(tuple(row.file for row in run.results.all()), run.answer)


def result_of_job(job: Job) -> Result:
    """No query when task and outputs are at hand."""
    files = tuple(output.file for output in job.task.outputs.all() if output.file)
    return Result(files, job.task.answer_text)


def result_of_case(case: GoldenCase) -> Result:
    """The accepted result. No query when its files are at hand."""
    return Result(tuple(row.file for row in case.files.all()), case.text)
