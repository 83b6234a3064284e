"""Labels that wait for a rehearsal: where one is required, a version shows that it passed it lately."""

from django.urls import reverse
from django.utils import timezone

from rivya_bridge.automation.models import LabelMove, TemplateVersion
from rivya_bridge.refusals import Problem
from rivya_bridge.rehearsal.models import LabelRule, Rehearsal
from rivya_bridge.rehearsal.selectors.rehearsals import (
    passed_rehearsal,
    since_days,
    uncovered_cases,
)


def label_problems(version: TemplateVersion, name: str) -> list[Problem]:
    """Why the label may not move to the version: the rehearsal that is missing, and where to start it.

    The way back of its last move stays open however long ago that was rehearsed: who has to undo a
    move needs no new evidence for where the label stood a moment ago.
    """
    rule = LabelRule.objects.filter(template=version.template_id, label=name).first()
    if rule is None or _is_way_back(version, name):
        return []
    missing = missing_for(version, rule)
    if not missing:
        return []
    text = f"{name} may not move to version {version.number} of {version.template.slug}: {missing}"
    where = reverse("rehearsal:rehearsals", args=[version.template.slug])
    see = ("Rehearse it", f"{where}?version={version.number}")
    return [Problem("version", text, rule.max_age_days, see)]


def missing_for(version: TemplateVersion, rule: LabelRule) -> str:
    """Which rehearsal is missing, in a sentence; "" where nothing is."""
    days = f"the last {rule.max_age_days} days" if rule.max_age_days > 1 else "the last day"
    passed = passed_rehearsal(version, since_days(timezone.now(), rule.max_age_days))
    if passed is None:
        return (
            f"it needs a rehearsal of that very version that passed in {days}. {_newest(version)}"
        )
    if names := uncovered_cases(passed):
        shown = ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")
        return (
            f"golden cases were added since its last passed rehearsal ({shown}): rehearse it again."
        )
    return ""


def _newest(version: TemplateVersion) -> str:
    newest = Rehearsal.objects.filter(version=version).order_by("-id").first()
    if newest is None:
        return "It was never rehearsed."
    if newest.is_open:
        return "One is running now: wait for its end."
    if newest.verdict == "passed" and newest.finished_at:
        return f"It passed last on {newest.finished_at:%Y-%m-%d}."
    return (
        f"Its last one, on {newest.created_at:%Y-%m-%d}, came to: {newest.get_verdict_display()}."
    )


def _is_way_back(version: TemplateVersion, name: str) -> bool:
    moves = LabelMove.objects.filter(label__template=version.template_id, label__name=name)
    last = moves.order_by("-id").first()
    return last is not None and last.from_version_id == version.pk
