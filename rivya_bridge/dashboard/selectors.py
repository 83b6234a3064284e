"""What the home page shows, in a fixed number of queries."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from rivya_bridge.automation.selectors import template_rows
from rivya_bridge.experiments.models import Run, RunResult
from rivya_bridge.experiments.selectors import experiment_rows
from rivya_bridge.rehearsal.selectors.drift import drifting_checks
from rivya_bridge.tasks.models import ADVANCING, Task

SHOWN = 6


def home_facts() -> dict[str, Any]:
    """The newest experiments, runs and templates; open and stopped tasks; templates that
    drift; runs without a verdict."""
    slim = Task.objects.defer("draft", "remote_payload", "request_body", "search_text")
    runs = Run.objects.select_related("task", "experiment").prefetch_related("results__file")
    runs = runs.filter(experiment__is_arriving=False)
    stopped = Q(status__in=["held", "failed"], handled_at=None)
    unjudged = runs.filter(Exists(RunResult.objects.filter(run=OuterRef("pk"))), verdict="")
    return {
        "experiments": list(experiment_rows().order_by("-id")[:SHOWN]),
        "templates": list(template_rows().order_by("-id")[:SHOWN]),
        "open_tasks": list(slim.filter(status__in=ADVANCING).order_by("-id")[:SHOWN]),
        "stopped_tasks": list(slim.filter(stopped).order_by("-id")[:SHOWN]),
        "drifting": drifting_checks(SHOWN),
        "unjudged_runs": list(unjudged.order_by("-id")[:SHOWN]),
    }
