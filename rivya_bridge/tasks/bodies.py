"""From a draft to the exact bytes that are sent."""

from collections.abc import Sequence
from typing import Any

from rivya_bridge.files.models import RemoteFile, StoredFile
from rivya_bridge.rivya.resources.generations import Generations


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
