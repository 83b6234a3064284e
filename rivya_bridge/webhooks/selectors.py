"""Reads of the webhooks app."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from rivya_bridge.refusals import Missing
from rivya_bridge.tasks.models import Task
from rivya_bridge.webhooks.models import Endpoint, Event

MOST_MISSED = 20


def endpoint_rows() -> QuerySet[Endpoint, Any]:
    """All endpoints, newest first, with their events counted. One query."""
    counted = Count("events", filter=~Q(events__state="refused"))
    return Endpoint.objects.annotate(event_count=counted).order_by("-id")


def get_endpoint(endpoint_id: UUID) -> Endpoint:
    """Raises Missing."""
    found: Endpoint | None = endpoint_rows().filter(pk=endpoint_id).first()
    if found is None:
        raise Missing("There is no such webhook endpoint; it may have been removed.")
    return found


def event_rows(state: str = "", remote_id: str = "") -> QuerySet[Event, Any]:
    """What came, of one state or all, about one generation or all; without bodies."""
    rows = Event.objects.select_related("endpoint", "task").defer("body")
    if state in Event.State.values:
        rows = rows.filter(state=state)
    return rows.filter(remote_id=remote_id) if remote_id else rows


def get_event(event_id: UUID) -> Event:
    """Raises Missing."""
    found = Event.objects.select_related("endpoint", "task").filter(pk=event_id).first()
    if found is None:
        raise Missing("There is no such event; its endpoint may have been removed.")
    return found


def how_learned(task: Task) -> str:
    """How the end of a task was learned, as a sentence; '' while it runs, or if Rivya never had it."""
    if task.remote_id is None or task.status not in ("saving", "succeeded", "failed"):
        return ""
    events = Event.objects.filter(remote_id=task.remote_id).exclude(state="refused")
    event = events.order_by("received_at").first()
    ended_at = task.finished_at or task.updated_at
    if event and event.received_at <= ended_at:
        heard = "hurried its reading" if task.hears_events else "came; this template polls alone"
        return f"A webhook {heard}."
    if event:
        return "By polling; the webhook came later."
    endpoint = Endpoint.objects.filter(account=task.account, is_enabled=True).order_by("id").first()
    if endpoint and task.accepted_at and task.accepted_at > endpoint.created_at:
        return "Finished by poll, webhook missing."
    return "By polling; there was no webhook endpoint."


def finished_without_news() -> list[Task]:
    """The latest tasks that a reading finished although an endpoint was there to be told, and was not."""
    endpoint = Endpoint.objects.filter(is_enabled=True).order_by("id").first()
    if endpoint is None:
        return []
    told = Event.objects.filter(remote_id=OuterRef("remote_id")).exclude(state="refused")
    rows = Task.objects.filter(
        account=endpoint.account,
        status__in=("succeeded", "failed"),
        remote_id__isnull=False,
        accepted_at__gt=endpoint.created_at,
    )
    return list(rows.filter(~Exists(told)).order_by("-id")[:MOST_MISSED])
