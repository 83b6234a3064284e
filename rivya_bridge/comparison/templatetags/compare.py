"""The compare tray on the pages of an experiment."""

from collections.abc import Sequence
from typing import Any

from django import template

from rivya_bridge.comparison.tray import Membership, read_tray
from rivya_bridge.experiments.models import Experiment, Run

register = template.Library()


@register.inclusion_tag("comparison/_tray.html", takes_context=True)
def compare_tray(context: dict[str, Any]) -> dict[str, Any]:
    """The tray of the page's `experiment`; nothing on a page that is about none."""
    request, experiment = context.get("request"), context.get("experiment")
    if not isinstance(experiment, Experiment) or request is None:
        return {}
    return {
        "tray": read_tray(request.session, experiment),
        "here": request.get_full_path(),
        "request": request,
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def in_or_first(runs: Sequence[Run], in_tray: Membership) -> Run:
    """Of the runs that one tick stands for, the one that lies in the tray, else the first."""
    return next((run for run in runs if run.pk in in_tray), runs[0])
