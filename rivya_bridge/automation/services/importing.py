"""Import of a template file: a new template, or the next version of the one at its address."""

from dataclasses import replace

from rivya_bridge.automation.models import TemplateVersion
from rivya_bridge.automation.portable.template_files import (
    is_same_content,
    read_template_file,
    template_of,
)
from rivya_bridge.automation.services.templates import add_version, create_template
from rivya_bridge.refusals import Conflict, Refusal


def import_template(raw: bytes, *, author: str = "") -> TemplateVersion:
    """Raises Refusal with every problem by its field, and Conflict when the current version has exactly
    this content; then nothing was made."""
    file = read_template_file(raw)
    if file.problems:
        raise Refusal.of(file.problems)
    reason = file.draft.reason or "Imported from a file."
    draft = replace(file.draft, author=author, reason=reason)
    template = template_of(file)
    if template is None:
        return create_template(
            name=file.name, slug=file.slug, draft=draft, description=file.description
        )
    current = template.current_version
    if current and is_same_content(current, draft):
        raise Conflict(
            f"Version {current.number} of {template.slug} has exactly this content: nothing to import."
        )
    return add_version(template, draft)
