"""The credits page: balance, what was spent on what, and the ledger behind it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.caps import set_caps, spending_caps, spent_today
from rivya_bridge.credits.chart import day_chart
from rivya_bridge.credits.forms import CapsForm
from rivya_bridge.credits.selectors import (
    current_wallet,
    ledger_rows,
    spending,
    spending_by_group,
    spending_by_model,
    unexplained,
)
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    return _overview(request)


def _overview(request: HttpRequest, form: CapsForm | None = None) -> HttpResponse:
    caps = spending_caps()
    page = keyset_page(ledger_rows(), request.GET.get("after"))
    by_model = spending_by_model()
    most = max((int(str(row["credits"])) for row in by_model), default=0)
    context = {
        "page": page,
        "next_query": f"after={page.next_cursor}",
        "first_query": "",
        "wallet": current_wallet(),
        "spending": spending(),
        "by_model": by_model,
        "most": most or 1,
        "by_group": spending_by_group(),
        "chart": day_chart(),
        "gaps": unexplained(),
        "today": spent_today(current_connection().account),
        "caps": caps,
        "form": form or CapsForm(initial={"run_cap": caps.run_cap, "day_cap": caps.day_cap}),
    }
    status = 422 if form else 200
    return render_page(
        request, "credits/overview.html", "credits/_ledger.html", context, status=status
    )


@require_POST
def change_caps(request: HttpRequest) -> HttpResponse:
    form = CapsForm(request.POST)
    if not form.is_valid():
        return _overview(request, form)
    set_caps(**form.cleaned_data)
    messages.success(request, "The caps are changed.")
    return redirect("credits:overview")


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    wallet = refresh_wallet()
    if wallet.error:
        messages.error(request, f"The balance could not be read. {wallet.error}")
    else:
        messages.success(request, "The balance was read just now.")
    return redirect("credits:overview")
