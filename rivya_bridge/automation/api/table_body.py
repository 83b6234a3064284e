"""The table in the body of a request: JSON rows, CSV or JSON Lines, kept in a file while it is read."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from django.http import HttpRequest

from rivya_bridge.automation.inputs import InputSpec
from rivya_bridge.automation.tables import MAX_BYTES, RawRow, read_objects, read_table
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.json_body import read_json

IN_MEMORY = 1024 * 1024
JSON_BYTES = 4 * 1024 * 1024
KINDS = {
    "application/json": "json",
    "text/csv": "csv",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
}
DESCRIPTION = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["rows"],
                    "additionalProperties": False,
                    "properties": {"rows": {"type": "array", "items": {"type": "object"}}},
                }
            },
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


@dataclass(frozen=True, slots=True)
class TableBody:
    """The received bytes, their SHA-256 and their kind: json, csv or jsonl."""

    stream: BinaryIO
    sha256: str
    kind: str

    def rows(self, specs: Sequence[InputSpec]) -> tuple[Iterator[RawRow], list[str]]:
        """As `read_table`; JSON is {"rows": [{...}]}. Raises Refusal."""
        if self.kind != "json":
            return read_table(self.stream, self.kind, specs)
        value = read_json(self.stream.read(JSON_BYTES + 1))
        if not isinstance(value, dict) or not isinstance(value.get("rows"), list):
            raise Refusal.field("rows", 'The body must be {"rows": [{input: value, …}, …]}.')
        if extra := sorted(str(name)[:40] for name in value if name != "rows"):
            text = f"{', '.join(extra)}: no field of the body. Options are given in the query."
            raise Refusal.field(extra[0], text)
        return read_objects(value["rows"]), []


@contextmanager
def received_table(request: HttpRequest) -> Iterator[TableBody]:
    """Reads the body piece by piece. Raises Refusal for another content type or too many bytes."""
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    kind = KINDS.get(content_type)
    if kind is None:
        text = f"Content-Type is {content_type[:60]!r}: send one of {', '.join(KINDS)}."
        raise Refusal.field("Content-Type", text)
    limit = JSON_BYTES if kind == "json" else MAX_BYTES
    with SpooledTemporaryFile(IN_MEMORY) as file:
        digest = _copy(request, file, limit)
        file.seek(0)
        yield TableBody(cast(BinaryIO, file), digest, kind)


def _copy(request: HttpRequest, file: Any, limit: int) -> str:
    digest, size = hashlib.sha256(), 0
    while piece := request.read(65_536):
        size += len(piece)
        if size > limit:
            text = (
                f"The body is larger than {limit // 1_048_576} MB: split it into several batches."
            )
            raise Refusal.field("body", text, limit)
        digest.update(piece)
        file.write(piece)
    return digest.hexdigest()
