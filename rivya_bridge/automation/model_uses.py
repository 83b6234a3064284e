"""Templates and the models that they depend on: who uses a model, and what is wrong with it now."""

from collections.abc import Collection, Iterator

from django.urls import reverse

from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.catalog.changes import changes_since
from rivya_bridge.catalog.models import CatalogChange
from rivya_bridge.catalog.readiness import state_of, status_words
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.catalog.uses import Use
from rivya_bridge.refusals import Refusal

MOST = 50


def template_uses(model_ids: Collection[str]) -> Iterator[Use]:
    """Templates whose current version uses one of the models, newest first (one query)."""
    rows = JobTemplate.objects.filter(current_version__model_id__in=model_ids)
    columns = rows.order_by("-id").values_list("current_version__model_id", "name", "slug")
    for model_id, name, slug in columns[:MOST]:
        yield Use(model_id, "template", name, reverse("automation:template", args=[slug]))


def model_trouble(version: TemplateVersion) -> str:
    """Why jobs of this version are refused or doubtful because of its model; "" when all is well."""
    try:
        model = get_model(version.model_id)
    except Refusal as refusal:
        return refusal.message
    return "" if state_of(model) == "ready" else f"{model.display_name}: {status_words(model)}"


def model_changes(version: TemplateVersion) -> list[CatalogChange]:
    """What changed in the model list for its model since this version was made."""
    return changes_since(version.model_id, version.created_at)
