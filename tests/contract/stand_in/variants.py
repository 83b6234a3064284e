"""What the documentation leaves open, and every choice that it allows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """One server's choices; the defaults are what the documentation's examples show."""

    accepted: int = 202
    """The status of a new generation; `uploaded` of a file, `answered` of a chat turn."""
    uploaded: int = 201
    answered: int = 200
    protocol: str = "HTTP/1.1"
    has_length: bool = True
    is_lower_case: bool = False
    """The names of the answer's headers."""
    request_id: str = "X-Request-Id"
    """The header that names the request, "" for none."""
    amounts: type = int
    charge: str = "told"
    """Of `final_credits`: told, null until it is known, or absent."""
    has_extra_members: bool = False
    has_bare_models: bool = False
    """Models of which only id, name and category are told."""
    unpaid: str = "402"
    """A wallet that is too low: the status of the refusal, or `task` for a failed task."""
    unknown_reads: int = 0
    """So many readings of a new task answer 404."""
    results: int = 1
    result_names: str = "both"
    """Of `primary_url` and `urls`: both, primary, urls."""
    is_relative: bool = False
    """Addresses of results and files begin at the server's root."""
    files: str = "documented"
    """Spelling of a file: documented, camel, least."""
    delta: str = "delta"
    """Where a stream's text stands: delta, delta.content, content_delta, text."""
    has_names: bool = True
    line_end: str = "\n"
    is_many_lines: bool = False
    piece_bytes: int = 0
    has_done: bool = False
    end: str = "whole"
    """What ends a stream: the whole turn, or one without its text."""
    has_streams: bool = True
    unclear_end: bool = False
    """A status that nobody knows stands before the end."""


VARIANTS = {
    "as documented": Variant(),
    "other statuses": Variant(accepted=200, uploaded=200, answered=201),
    "created": Variant(accepted=201, has_done=True),
    "an old server": Variant(protocol="HTTP/1.0", has_length=False, is_lower_case=True),
    "without lengths": Variant(has_length=False, request_id="Rivya-Request-Id"),
    "no request id": Variant(request_id=""),
    "fractions": Variant(amounts=float, has_extra_members=True, delta="text"),
    "no charge told": Variant(charge="absent"),
    "a late charge": Variant(charge="null", unclear_end=True),
    "bare models": Variant(has_bare_models=True, delta="content_delta", has_names=False),
    "unknown at first": Variant(unknown_reads=2),
    "several results": Variant(results=3, is_relative=True),
    "one address": Variant(result_names="primary", files="camel", delta="delta.content"),
    "a list of addresses": Variant(result_names="urls", results=2, files="least"),
    "windows lines": Variant(line_end="\r\n", has_names=False, piece_bytes=3),
    "old lines": Variant(line_end="\r", is_many_lines=True, has_done=True),
    "an end without text": Variant(end="no text", has_names=False),
    "no streams": Variant(has_streams=False),
    "relative files": Variant(is_relative=True, files="camel"),
}
