"""Which tasks use a file, for the page of the file."""

from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.uses import Finder, Use
from rivya_bridge.tasks.models import TaskOutput, TaskReference


def _find(file: StoredFile, most: int) -> list[Use]:
    found = []
    for model, how in ((TaskOutput, "result"), (TaskReference, "reference")):
        rows = model._base_manager.filter(file=file).select_related("task").order_by("-task_id")
        found += [(row.task, how) for row in rows[:most]]
    found.sort(key=lambda row: row[0].pk, reverse=True)
    return [
        Use(f"Task of {task.model_id}, {task.status}", f"/tasks/{task.pk}/", how)
        for task, how in found[:most]
    ]


TASK_USES = Finder("Tasks", (TaskOutput, TaskReference), _find)
