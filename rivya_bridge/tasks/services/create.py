"""Writing down an intent: the row first, then the doorbell."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from rivya_bridge.catalog.params import estimate_credits
from rivya_bridge.connection import current_connection
from rivya_bridge.files.models import StoredFile
from rivya_bridge.rivya import Model
from rivya_bridge.tasks.doorbell import ring_on_commit
from rivya_bridge.tasks.models import Task, TaskReference, counted
from rivya_bridge.tasks.services.transitions import add_event


def create_task(
    *,
    origin: Task.Origin,
    origin_id: UUID,
    model: Model,
    prompt: str,
    params: dict[str, Any],
    references: Sequence[StoredFile],
    group_label: str,
    group_url: str,
    intent_key: str | None = None,
    session_id: str = "",
    retry_of: Task | None = None,
    is_told: bool = False,
    hears_events: bool = True,
) -> Task:
    """A queued task with its own idempotency key; call it inside the transaction of its origin.

    A chat model makes it a chat turn; `session_id`: the conversation at Rivya that the turn continues.
    `is_told`: a webhook is expected, so that it is polled slowly. `hears_events`: one may hurry it.

    Nothing is sent here: a worker is rung after the commit, and the sweep finds the row anyway.
    """
    connection = current_connection()
    estimate = estimate_credits(model, params)
    task = Task.objects.create(
        kind=Task.Kind.CHAT if model.category == "chat" else Task.Kind.GENERATION,
        origin=origin,
        origin_id=origin_id,
        intent_key=intent_key,
        group_label=group_label[:200],
        group_url=group_url,
        account=connection.account,
        base_url=connection.base_url,
        model_id=model.id,
        category=model.category,
        draft=_draft(model, prompt, params, session_id),
        session_id=session_id,
        search_text=" ".join((group_label, model.id, model.display_name, prompt))[:20_000],
        idempotency_key=f"bridge-{uuid4()}",
        estimated_credits=estimate,
        due_at=timezone.now(),
        retry_of=retry_of,
        is_told=is_told,
        hears_events=hears_events,
    )
    TaskReference.objects.bulk_create(
        TaskReference(task=task, file=file, position=position)
        for position, file in enumerate(references)
    )
    add_event(task, "created", f"Created; about {counted(estimate)} expected.", credits=estimate)
    ring_on_commit(task.pk)
    return task


def _draft(model: Model, prompt: str, params: dict[str, Any], session_id: str) -> dict[str, Any]:
    draft = {"model": model.id, "prompt": prompt, "params": params}
    return {**draft, "session_id": session_id} if session_id else draft
