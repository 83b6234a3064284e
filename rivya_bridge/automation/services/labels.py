"""Writes of labels: moved in one step, by whoever still sees where the label stood."""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils import timezone

from rivya_bridge.automation.fields import SLUG
from rivya_bridge.automation.models import (
    JobTemplate,
    LabelMove,
    TemplateLabel,
    TemplateVersion,
)
from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.texts import clean_text, read_text

NAME_LENGTH = 40
REASON_LENGTH = 1_000
MOST_LABELS = 20
# It would read as if it were the template's current version.
RESERVED = "current"

Gate = Callable[[TemplateVersion, str], list[Problem]]
_gates: list[Gate] = []


def register_label_gate(gate: Gate) -> None:
    """Apps above say what keeps a label of a name from standing at a version."""
    _gates.append(gate)


def move_label(
    template: JobTemplate,
    name: str,
    number: int,
    *,
    seen: int | None,
    reason: str,
    author: str = "",
) -> TemplateLabel:
    """Lets a label stand at another version, or makes it.

    `seen` is the number of the version at which the caller saw it, None when there was no such label.
    Raises Conflict when somebody else moved it in the meantime, and Refusal for a name, version or
    reason that does not fit; then it stays where it is.
    """
    problems: list[Problem] = []
    name = _read_name(problems, name)
    reason = read_text(problems, "reason", reason, least=1, most=REASON_LENGTH)
    version = _read_version(problems, template, "version", number)
    before = None if seen is None else _read_version(problems, template, "seen", seen)
    if problems:
        raise Refusal.of(problems)
    assert version is not None
    if problems := [problem for gate in _gates for problem in gate(version, name)]:
        raise Refusal.of(problems)
    try:
        with transaction.atomic():
            label = _put(template, name, before, version)
            LabelMove.objects.create(
                label=label, from_version=before, to_version=version, reason=reason, author=author
            )
    except IntegrityError as error:  # two made it at once
        raise _moved(template, name) from error
    return label


def roll_back_label(
    template: JobTemplate, name: str, *, seen: int, author: str = ""
) -> TemplateLabel:
    """Back to where the label stood before its last move. Raises Conflict like `move_label`, and
    Refusal when it never stood elsewhere."""
    rows = LabelMove.objects.filter(label__template=template, label__name=name)
    last = rows.select_related("from_version", "to_version").order_by("-id").first()
    if last is None or last.from_version is None:
        raise Refusal.field("label", f"{name[:40]!r} has never stood at another version.")
    if last.to_version.number != seen:
        raise _moved(template, name)
    number = last.from_version.number
    text = f"Rolled back from version {seen} to version {number}."
    return move_label(template, name, number, seen=seen, reason=text, author=author)


def _read_name(problems: list[Problem], value: str) -> str:
    text = clean_text(value) or ""
    if len(text) <= NAME_LENGTH and SLUG.fullmatch(text) and text != RESERVED:
        return text
    message = (
        f"A label has 1 to {NAME_LENGTH} characters, lower-case letters, digits and single hyphens, "
        f"such as production, and is not {RESERVED!r}."
    )
    problems.append(Problem("name", message, NAME_LENGTH))
    return ""


def _read_version(
    problems: list[Problem], template: JobTemplate, field: str, number: int
) -> TemplateVersion | None:
    in_range = isinstance(number, int) and 0 < number < 2**31
    version = template.versions.filter(number=number).first() if in_range else None
    if version is None:
        last = template.versions.count()
        text = f"{field} must be one of the versions 1 to {last} of {template.slug}."
        problems.append(Problem(field, text, last))
    return version


def _put(
    template: JobTemplate, name: str, before: TemplateVersion | None, version: TemplateVersion
) -> TemplateLabel:
    """One INSERT or one conditional UPDATE decides who is first."""
    now = timezone.now()
    if before is None:
        if template.labels.count() >= MOST_LABELS:
            text = f"A template has at most {MOST_LABELS} labels: move one that is there."
            raise Refusal.field("name", text, MOST_LABELS)
        return TemplateLabel.objects.create(
            template=template, name=name, version=version, moved_at=now
        )
    if before.pk == version.pk:
        text = f"{name} stands at version {version.number} already: choose another version."
        raise Refusal.field("version", text)
    mine = TemplateLabel.objects.filter(template=template, name=name, version_id=before.pk)
    if not mine.update(version=version, moved_at=now):
        raise _moved(template, name)
    return TemplateLabel.objects.select_related("version").get(template=template, name=name)


def _moved(template: JobTemplate, name: str) -> Conflict:
    rows = TemplateLabel.objects.filter(template=template, name=name)
    label = rows.select_related("version").first()
    if label is None:
        text = f"There is no label {name!r} any more. Reload the page and look again."
    else:
        last = label.moves.order_by("-id").first()
        who = f" by {last.author}" if last and last.author else ""
        text = (
            f"{name} was moved to version {label.version.number}{who} in the meantime, and stays "
            "there. Reload the page and decide again."
        )
    return Conflict(text, (Problem("seen", text),))
