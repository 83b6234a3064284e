"""An uploaded reference file ("docs/api-files"; most of its fields are assumed)."""

from dataclasses import dataclass, field
from typing import Any

from rivya_bridge.rivya.choices import (
    DURATION_KEYS,
    DURATION_TOKEN_KEYS,
    FILE_ID_KEYS,
    MIME_TYPE_KEYS,
    SIZE_KEYS,
)
from rivya_bridge.rivya.types import _fields as fields
from rivya_bridge.rivya.types.answer import AnswerMeta


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at the vendor.

    `url` goes into a generation's reference media exactly as it came. `duration_token` proves the
    duration of sound or video and has to be sent along with the url; None for pictures. `raw`: the
    whole answer.
    """

    id: str
    kind: str
    url: str
    name: str
    mime_type: str
    size_bytes: int | None
    duration_seconds: float | None
    duration_token: str | None = field(repr=False)
    meta: AnswerMeta = field(compare=False)
    raw: dict[str, Any] = field(repr=False, compare=False)


def read_file(data: dict[str, Any], meta: AnswerMeta, *, origin: str) -> RemoteFile:
    """A RemoteFile from JSON. Raises BadAnswer if the id or the url is missing."""
    file_id = fields.identifier(fields.first(data, FILE_ID_KEYS))
    url = fields.text(data.get("url"))
    if file_id is None:
        fields.missing("file", "id", data, meta, "no")
    if url is None or fields.web_url(url, origin) is None:
        fields.missing("file", "url", data, meta, "no")
    seconds = fields.number(fields.first(data, DURATION_KEYS))
    return RemoteFile(
        id=file_id,
        kind=fields.text(data.get("kind")) or "",
        url=url,
        name=fields.text(data.get("name")) or "",
        mime_type=fields.text(fields.first(data, MIME_TYPE_KEYS)) or "",
        size_bytes=fields.count(fields.first(data, SIZE_KEYS)),
        duration_seconds=float(seconds) if seconds is not None and seconds >= 0 else None,
        duration_token=fields.text(fields.first(data, DURATION_TOKEN_KEYS)),
        meta=meta,
        raw=data,
    )
