"""Writes of what rehearsals are held to: tolerances, what counts, and the labels that wait for one."""

from collections.abc import Mapping, Sequence

from rivya_bridge.automation.fields import SLUG, read_whole
from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.automation.services.labels import NAME_LENGTH
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.rehearsal.expectations import COUNTS, TOLERANCES
from rivya_bridge.rehearsal.models import LabelRule, TemplateMeasure
from rivya_bridge.rehearsal.services.golden import read_tolerance
from rivya_bridge.texts import clean_text

MOST_DAYS = 365


def set_measure(
    template: JobTemplate, tolerances: Mapping[str, object], counts: Sequence[str] | None
) -> TemplateMeasure:
    """Tolerances that differ from the usual ones (None or absent: the usual), and what counts (None:
    everything). Rehearsals that began keep what held then. Raises Refusal with every problem."""
    problems: list[Problem] = []
    kept = {}
    for kind, value in tolerances.items():
        if kind not in TOLERANCES:
            text = f"{str(kind)[:40]!r} is no kind of result: use {', '.join(TOLERANCES)}."
            problems.append(Problem("tolerances", text))
            continue
        tolerance = read_tolerance(problems, f"tolerances.{kind}", value)
        if tolerance is not None:
            kept[kind] = tolerance
    chosen = None if counts is None else _counts(problems, counts)
    if problems:
        raise Refusal.of(problems)
    row, _ = TemplateMeasure.objects.update_or_create(
        template=template, defaults={"tolerances": kept, "counts": chosen}
    )
    return row


def _counts(problems: list[Problem], counts: Sequence[str]) -> list[str]:
    unknown = [str(one)[:40] for one in counts if one not in COUNTS]
    if unknown or not counts:
        text = f"counts must name at least one of {', '.join(COUNTS)}."
        problems.append(Problem("counts", text))
    return [one for one in COUNTS if one in counts]


def require_rehearsal(
    template: JobTemplate, label: str, max_age_days: object, *, author: str = ""
) -> LabelRule:
    """From now on the label only moves to a version that passed a rehearsal so lately."""
    problems: list[Problem] = []
    name = clean_text(label) or ""
    if not (len(name) <= NAME_LENGTH and SLUG.fullmatch(name)):
        text = f"label must be the name of a label, at most {NAME_LENGTH} characters: production."
        problems.append(Problem("label", text, NAME_LENGTH))
    days = read_whole(problems, "max_age_days", max_age_days, least=1, most=MOST_DAYS)
    if problems:
        raise Refusal.of(problems)
    row, _ = LabelRule.objects.update_or_create(
        template=template, label=name, defaults={"max_age_days": days, "author": author}
    )
    return row


def release_label(template: JobTemplate, label: str) -> None:
    """The label moves without a rehearsal again. Again is harmless."""
    LabelRule.objects.filter(template=template, label=label).delete()
