"""From a draft to the exact bytes that are sent."""

from collections.abc import Callable, Sequence
from typing import Any

from rivya_bridge.catalog.chat_options import chat_arguments
from rivya_bridge.files.models import RemoteFile, StoredFile
from rivya_bridge.rivya.resources.chat import Chat
from rivya_bridge.rivya.resources.generations import Generations
from rivya_bridge.tasks.models import Task


def reference_item(file: StoredFile, remote: RemoteFile) -> dict[str, Any]:
    """An entry of params.referenceMediaItems (docs/api-openapi-schema names its members)."""
    item: dict[str, Any] = {
        "url": remote.url,
        "kind": file.kind,
        "name": file.name,
        "mimeType": file.mime_type,
    }
    if file.duration_seconds is not None and file.kind != "image":
        item["durationSeconds"] = file.duration_seconds
    if remote.duration_token:
        item["durationToken"] = remote.duration_token
    return item


def request_body(
    draft: dict[str, Any], items: Sequence[dict[str, Any]], *, trace_id: str | None
) -> bytes:
    """Canonical JSON of a draft {"model", "prompt", "params"}: equal drafts give equal bytes."""
    params = dict(draft["params"])
    if items:
        params["referenceMediaItems"] = list(items)
    return Generations.build_body(draft["model"], draft["prompt"] or None, params or None, trace_id)


def attachment(file: StoredFile, remote: RemoteFile) -> dict[str, Any]:
    """An entry of a turn's `attachments` (docs/api-chat)."""
    return {"file_id": remote.remote_id}


def turn_body(
    draft: dict[str, Any], items: Sequence[dict[str, Any]], *, trace_id: str | None
) -> bytes:
    """Canonical JSON of a turn's draft, with the session that it continues if there is one."""
    return Chat.build_body(
        draft["model"],
        draft["prompt"],
        session_id=draft.get("session_id"),
        attachments=[item["file_id"] for item in items],
        client_request_id=trace_id,
        **chat_arguments(draft["params"]),
    )


# By kind of task: what a reference becomes, and the body around it.
BODIES: dict[str, tuple[Callable[..., dict[str, Any]], Callable[..., bytes]]] = {
    Task.Kind.GENERATION: (reference_item, request_body),
    Task.Kind.CHAT: (attachment, turn_body),
}
