"""Pages of deliveries: what was sent, and what was answered; and the news for the browser."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.notices import services
from rivya_bridge.notices.selectors import get_delivery, news_after
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.errors import add_refusal


@require_safe
def delivery(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """One delivery: its body as it was posted, and every try."""
    row = get_delivery(delivery_id)
    body = json.dumps(json.loads(row.message.body), indent=2, ensure_ascii=False)
    context = {"delivery": row, "message": row.message, "endpoint": row.endpoint, "body": body}
    return render(request, "notices/delivery.html", context)


@require_POST
def replay(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    row = get_delivery(delivery_id)
    try:
        services.replay(row)
        messages.success(request, "It is sent again, under the same id.")
    except Refusal as refusal:
        add_refusal(request, refusal)
    return redirect("notices:delivery", row.pk)


@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """What happened behind a cursor, for notifications of the browser."""
    found = news_after(request.GET.get("after", ""))
    items = [{"id": str(one.pk), "title": one.title, "url": one.path} for one in found]
    return JsonResponse({"items": items})
