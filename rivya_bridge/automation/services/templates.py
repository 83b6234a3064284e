"""Writes of templates and their immutable versions."""

from dataclasses import asdict

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from rivya_bridge.automation.content import Draft, normalized
from rivya_bridge.automation.fields import read_slug
from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.texts import read_text

NAME_LENGTH = 120
DESCRIPTION_LENGTH = 5_000


def create_template(
    *, name: str, slug: str, draft: Draft, description: str = ""
) -> TemplateVersion:
    """A template with its version 1, which is current.

    Raises Refusal with every problem of name, slug, description and draft; Conflict when the slug is
    taken.
    """
    problems: list[Problem] = []
    fields = {
        "name": read_text(problems, "name", name, least=1, most=NAME_LENGTH).strip(),
        "slug": read_slug(problems, "slug", slug),
        "description": read_text(problems, "description", description, most=DESCRIPTION_LENGTH),
    }
    full = _checked(draft, problems)
    try:
        with transaction.atomic():
            template = JobTemplate.objects.create(**fields)
            return _store_version(template, full)
    except IntegrityError as error:
        raise slug_taken(slug) from error


def slug_taken(slug: str) -> Conflict:
    text = f"A template {slug!r} exists already: choose another slug, or add a version to that template."
    return Conflict(text, (Problem("slug", text),))


def add_version(template: JobTemplate, draft: Draft) -> TemplateVersion:
    """The next version of a template, which becomes the current one; older ones never change.

    Raises Refusal with every problem of the draft.
    """
    full = _checked(draft, [])
    with transaction.atomic():
        return _store_version(template, full)


def update_template(
    template: JobTemplate, *, name: str | None = None, description: str | None = None
) -> JobTemplate:
    """Changes name and description; the slug stays, because callers depend on it."""
    problems: list[Problem] = []
    if name is not None:
        template.name = read_text(problems, "name", name, least=1, most=NAME_LENGTH).strip()
    if description is not None:
        template.description = read_text(
            problems, "description", description, most=DESCRIPTION_LENGTH
        )
    if problems:
        raise Refusal.of(problems)
    template.save(update_fields=["name", "description", "updated_at"])
    return template


def _checked(draft: Draft, problems: list[Problem]) -> Draft:
    full, found = normalized(draft, get_model(draft.model_id))
    if problems or found:
        raise Refusal.of([*problems, *found])
    return full


def _store_version(template: JobTemplate, full: Draft) -> TemplateVersion:
    """The UPDATE comes first: it holds the template's row, so that two writers get two numbers."""
    row = JobTemplate.objects.filter(pk=template.pk)
    row.update(updated_at=timezone.now())
    last = template.versions.aggregate(last=Max("number"))["last"] or 0
    model = get_model(full.model_id)
    version = TemplateVersion.objects.create(
        template=template, number=last + 1, category=model.category, **asdict(full)
    )
    row.update(current_version=version)
    template.current_version = version
    return version
