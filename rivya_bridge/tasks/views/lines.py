"""Lines of the task history as plain text, worked out before the template runs.

A template looks a name up in a dictionary several times faster than on a model, and a list of fifty
rows does little else.
"""

from collections.abc import Iterable
from typing import Any

from rivya_bridge.tasks.explanation import STOPPED, title_of
from rivya_bridge.tasks.models import Exposure, Task
from rivya_bridge.web.moments import moment

# The columns that a line is made from.
LINE_FIELDS = (
    "status", "reason", "exposure", "origin", "origin_id", "group_url", "group_label", "model_id",
    "final_credits", "estimated_credits", "created_at",
)  # fmt: skip


def task_lines(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """For `tasks/_row.html`; `final_credits` is '' until they are known."""
    return [_line(task) for task in tasks]


def _line(task: Task) -> dict[str, Any]:
    key = str(task.pk)
    final = task.final_credits
    if final is None and task.is_terminal and task.exposure == Exposure.NONE:
        final = 0
    return {
        "pk": key,
        "short": key[-8:],
        "status": task.status,
        "reason": title_of(task) if task.status in STOPPED else "",
        "origin": task.origin,
        "origin_id": str(task.origin_id),
        "group_url": task.group_url,
        "group_label": task.group_label,
        "model_id": task.model_id,
        "final_credits": "" if final is None else str(final),
        "estimated_credits": str(task.estimated_credits),
        "created": moment(task.created_at),
    }
