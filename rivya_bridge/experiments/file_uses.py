"""Which runs use a file, for the page of the file."""

from rivya_bridge.experiments.models import Experiment, Run, RunReference, RunResult
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.uses import Finder, Use


def _find(file: StoredFile, most: int) -> list[Use]:
    found: list[tuple[Run, str]] = []
    for model, how in ((RunResult, "result"), (RunReference, "reference")):
        rows = model._base_manager.filter(file=file).select_related("run__experiment")
        found += [(row.run, how) for row in rows.order_by("-run_id")[:most]]
    found.sort(key=lambda row: row[0].pk, reverse=True)
    return [
        Use(f"Run {run.number} of {run.experiment.title}", f"/runs/{run.pk}/", how)
        for run, how in found[:most]
    ]


# The picture that stands for an experiment is always a result of one of its runs.
RUN_USES = Finder("Runs", (RunResult, RunReference, Experiment), _find)
