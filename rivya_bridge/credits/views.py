"""The credits page: balance, what was spent on what, and the ledger behind it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.credits.selectors import (
    current_wallet,
    ledger_rows,
    spending,
    spending_by_model,
)
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
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
    }
    return render_page(request, "credits/overview.html", "credits/_ledger.html", context)


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    wallet = refresh_wallet()
    if wallet.error:
        messages.error(request, f"The balance could not be read. {wallet.error}")
    else:
        messages.success(request, "The balance was read just now.")
    return redirect("credits:overview")
