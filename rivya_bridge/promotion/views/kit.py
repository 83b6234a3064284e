"""The integration kit of a version."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from rivya_bridge.automation.selectors import get_template, get_version
from rivya_bridge.promotion.kit import build_kit


@require_safe
def kit(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    response = HttpResponse(
        build_kit(get_version(get_template(slug), number)), content_type="application/zip"
    )
    response["Content-Disposition"] = f'attachment; filename="{slug}-v{number}.zip"'
    return response
