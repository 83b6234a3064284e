"""One case beside its golden result: the compare board with the verdict, and what a person decides."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.access.authors import author_of
from rivya_bridge.comparison.view_state import read_state
from rivya_bridge.refusals import Refusal
from rivya_bridge.rehearsal import services
from rivya_bridge.rehearsal.board import board_context
from rivya_bridge.rehearsal.models import RehearsalCase
from rivya_bridge.rehearsal.selectors.rehearsals import get_case, get_rehearsal
from rivya_bridge.rehearsal.services.deciding import OVERRULABLE
from rivya_bridge.rehearsal.views.golden import page_context
from rivya_bridge.rehearsal.views.lines import case_line
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.htmx import render_page


def _case(rehearsal_id: UUID, ordinal: int) -> RehearsalCase:
    return get_case(get_rehearsal(rehearsal_id), ordinal)


@require_safe
def case(request: HttpRequest, rehearsal_id: UUID, ordinal: int) -> HttpResponse:
    """The board of the accepted result and the rehearsed one."""
    rehearsal = get_rehearsal(rehearsal_id)
    row = get_case(rehearsal, ordinal)
    state = read_state(request.GET.dict())
    others = rehearsal.cases.values_list("ordinal", flat=True)
    is_open = row.status == RehearsalCase.Status.JUDGED and not row.stands
    context = page_context(rehearsal.template, "rehearsals") | {
        "rehearsal": rehearsal,
        "case": row,
        "line": case_line(row),
        "last": max(others),
        "can_accept": is_open and row.verdict in OVERRULABLE and row.golden.ended_at is None,
        "can_overrule": is_open and row.verdict in OVERRULABLE,
        **board_context(row, state),
    }
    return render_page(request, "rehearsal/case.html", "comparison/_board.html", context)


@require_POST
def accept(request: HttpRequest, rehearsal_id: UUID, ordinal: int) -> HttpResponse:
    """The result is the new golden one."""
    row = _case(rehearsal_id, ordinal)
    try:
        services.accept_result(row, author=author_of(request))
        messages.success(
            request, f"{row.golden.name} now has this result: the case counts as passed."
        )
    except Refusal as refusal:
        add_refusal(request, refusal)
    return redirect("rehearsal:case", rehearsal_id, ordinal)


@require_POST
def overrule(request: HttpRequest, rehearsal_id: UUID, ordinal: int) -> HttpResponse:
    """The case stands all the same, for a written reason."""
    row = _case(rehearsal_id, ordinal)
    try:
        services.overrule(row, request.POST.get("reason", ""), author=author_of(request))
        messages.success(request, f"{row.golden.name} counts as passed, with your reason.")
    except Refusal as refusal:
        add_refusal(request, refusal)
    return redirect("rehearsal:case", rehearsal_id, ordinal)
