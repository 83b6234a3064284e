"""Reads of template versions and of the labels that stand at them."""

from django.db.models import Prefetch, QuerySet

from rivya_bridge.automation.models import (
    JobTemplate,
    LabelMove,
    TemplateLabel,
    TemplateVersion,
)
from rivya_bridge.refusals import Missing, Problem, Refusal


def get_version(template: JobTemplate, number: int) -> TemplateVersion:
    """One version by its number, with its labels and promotion (two queries). Raises Missing."""
    version = version_rows(template).filter(number=number).first()
    if version is None:
        text = f"{template.slug} has no version {number}."
        raise Missing(text, (Problem("version", text),))
    return version


def version_rows(template: JobTemplate) -> QuerySet[TemplateVersion]:
    """The versions of a template with their labels and promotions (two queries)."""
    labels = Prefetch("labels", TemplateLabel.objects.order_by("name"))
    return template.versions.select_related("promotion").prefetch_related(labels)


def chosen_version(template: JobTemplate, label: str = "") -> TemplateVersion:
    """The version that a label stands at, or without one the current version.

    Raises Refusal for a template without a version, and for an unknown label, naming those there are.
    """
    if not label:
        if template.current_version is None:
            text = f"{template.slug} has no version yet: add one first."
            raise Refusal.field("template", text)
        return template.current_version
    rows = TemplateLabel.objects.select_related("version")
    found = None if "\0" in label else rows.filter(template=template, name=label).first()
    if found is None:
        raise _unknown(template, label)
    return found.version


def _unknown(template: JobTemplate, label: str) -> Refusal:
    names = ", ".join(row.name for row in label_rows(template))
    known = f"its labels are: {names}" if names else "it has no labels yet"
    text = (
        f"{template.slug} has no label {label[:40]!r}: {known}. Name one of them, or none for the "
        "current version. Nothing was started."
    )
    return Refusal.field("label", text, names)


def label_rows(template: JobTemplate) -> QuerySet[TemplateLabel]:
    """The labels of a template by name, with their versions (one query)."""
    return (
        TemplateLabel.objects.filter(template=template).select_related("version").order_by("name")
    )


def move_rows(template: JobTemplate) -> QuerySet[LabelMove]:
    """Every move of its labels, newest first, with the versions (one query)."""
    rows = LabelMove.objects.filter(label__template=template).order_by("-id")
    return rows.select_related("label", "from_version", "to_version")
