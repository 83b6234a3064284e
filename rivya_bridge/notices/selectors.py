"""Reads of the notices app."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from rivya_bridge.notices.models import Delivery, Endpoint, Message
from rivya_bridge.refusals import Missing
from rivya_bridge.web.pagination import read_cursor

MOST_NEWS = 20


def endpoint_rows() -> QuerySet[Endpoint, Any]:
    """All endpoints, newest first, with their deliveries counted by state. One query."""
    counts = {
        f"{status}_count": Count("deliveries", filter=Q(deliveries__status=status))
        for status in Delivery.Status.values
    }
    return Endpoint.objects.select_related("template").annotate(**counts).order_by("-id")


def get_endpoint(endpoint_id: UUID) -> Endpoint:
    """Raises Missing."""
    found: Endpoint | None = endpoint_rows().filter(pk=endpoint_id).first()
    if found is None:
        raise Missing("There is no such endpoint; it may have been removed.")
    return found


def delivery_rows(endpoint: Endpoint, status: str = "") -> QuerySet[Delivery, Any]:
    """The endpoint's deliveries with their messages, of one state or all."""
    rows = endpoint.deliveries.select_related("message")
    return rows.filter(status=status) if status in Delivery.Status.values else rows


def get_delivery(delivery_id: UUID) -> Delivery:
    """With its message, endpoint and attempts. Raises Missing."""
    rows = Delivery.objects.select_related("message", "endpoint").prefetch_related("attempts")
    found = rows.filter(pk=delivery_id).first()
    if found is None:
        raise Missing("There is no such delivery; its endpoint may have been removed.")
    return found


def news_after(cursor: str) -> list[Message]:
    """Messages behind a message's id, oldest first; the newest one alone without a cursor."""
    after = read_cursor(cursor)
    if after is None:
        return list(Message.objects.order_by("-id")[:1])
    return list(Message.objects.filter(id__gt=after).order_by("id")[:MOST_NEWS])
