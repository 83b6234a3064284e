"""The request that a job would send, as it is shown before any file is uploaded. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from rivya_bridge.catalog.chat_options import chat_arguments
from rivya_bridge.files.models import StoredFile
from rivya_bridge.rivya import Model


def preview_body(
    model: Model, prompt: str, params: Mapping[str, Any], references: Sequence[StoredFile]
) -> dict[str, Any]:
    """The body of a generation, or of a turn for a chat model; a file's address is named by its hash.

    What an upload alone can tell is left out: addresses, ids and duration tokens.
    """
    if model.category == "chat":
        turn = {"model": model.id, "message": prompt, **chat_arguments(params)}
        attachments = [{"file_id": address_of(file)} for file in references]
        return turn | ({"attachments": attachments} if attachments else {})
    body: dict[str, Any] = {"model": model.id}
    if prompt:
        body["prompt"] = prompt
    shown = dict(params)
    if references:
        shown["referenceMediaItems"] = [_item(file) for file in references]
    if shown:
        body["params"] = shown
    return body


def address_of(file: StoredFile) -> str:
    """What stands for the address that a file gets when it is uploaded."""
    return f"upload:{file.sha256}"


def _item(file: StoredFile) -> dict[str, Any]:
    item: dict[str, Any] = {
        "url": address_of(file),
        "kind": file.kind,
        "name": file.name,
        "mimeType": file.mime_type,
    }
    if file.duration_seconds is not None and file.kind != "image":
        item["durationSeconds"] = file.duration_seconds
    return item
