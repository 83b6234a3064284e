"""Self-contained pages as downloads."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from rivya_bridge.comparison.selectors import chosen_runs, get_comparison
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.sharing.pages.building import board_page, comparison_page, findings_page
from rivya_bridge.sharing.portable.writing import file_name


def as_download(content: bytes, name: str) -> HttpResponse:
    """HTML that a browser saves instead of showing it under this product's address."""
    response = HttpResponse(content, content_type="text/html; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.html"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def comparison(request: HttpRequest, comparison_id: UUID) -> HttpResponse:
    """A kept comparison as one file."""
    one = get_comparison(comparison_id)
    return as_download(comparison_page(one), f"{file_name(one.experiment)}-comparison")


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The runs of a board's address (?run=…&run=…) as one file, kept or not."""
    runs = chosen_runs(request.GET.getlist("run"))
    return as_download(board_page(runs), f"{file_name(runs[0].experiment)}-comparison")


@require_safe
def findings(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """An experiment's findings as one file."""
    experiment = get_experiment(experiment_id)
    return as_download(findings_page(experiment), f"{file_name(experiment)}-findings")
