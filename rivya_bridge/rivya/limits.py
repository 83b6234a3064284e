"""What reference files a model takes: its own limits, else those of the Files API. Pure.

Source: https://rivya.ai/docs/api-files for the defaults, the model list for a model's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rivya_bridge.rivya.choices import FILE_LIMITS, MEGABYTE, SAME_MIME_TYPES
from rivya_bridge.rivya.types.model import KindLimit, Model


class FileNotAccepted(ValueError):
    """The vendor would refuse this file; `str(error)` names the limit and what to do.

    `limit`: the number of MB or the names that the file had to keep to.
    """

    def __init__(self, sentence: str, limit: str | int | float) -> None:
        super().__init__(sentence)
        self.limit = limit


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the rules look at. `kind`: image, video or audio. `name` only names it."""

    name: str
    kind: str
    mime_type: str
    size_bytes: int


def accepted_kinds(model: Model) -> tuple[str, ...]:
    """Kinds of reference files that the model takes; () for none."""
    return model.reference_media.kinds if model.reference_media else model.file_kinds


def max_references(model: Model) -> int | None:
    """The most files at once; None where the list names no number, 0 for a model without files."""
    if not accepted_kinds(model):
        return 0
    return model.reference_media.max_files if model.reference_media else None


def limit_of(model: Model | None, kind: str) -> KindLimit:
    """Size and types of a kind: the model's own, else the defaults of the Files API."""
    media = model.reference_media if model else None
    own = media.limits.get(kind) if media else None
    default_size, default_types = FILE_LIMITS.get(kind, (None, ()))
    if own is None:
        return KindLimit(default_size, default_types)
    return KindLimit(own.max_size_mb or default_size, own.mime_types or default_types)


def check_file(file: FileFacts, model: Model | None = None) -> None:
    """Hold one file against a model's limits, or against the defaults without a model.

    Raises FileNotAccepted for a wrong kind, type or size; exactly the limit is allowed.
    """
    taker = model.display_name if model else "Rivya"
    kinds = accepted_kinds(model) if model else tuple(FILE_LIMITS)
    if file.kind not in kinds:
        named = ", ".join(kinds)
        text = f"{file.name} is {file.kind}; {taker} takes {named or 'no files'} as references."
        raise FileNotAccepted(text, named)
    limit = limit_of(model, file.kind)
    if limit.mime_types and not _is_among(file.mime_type, limit.mime_types):
        named = ", ".join(limit.mime_types)
        text = f"{file.name} is {file.mime_type}; {taker} takes {named}: convert it."
        raise FileNotAccepted(text, named)
    if limit.max_size_mb is not None and file.size_bytes > limit.max_size_mb * MEGABYTE:
        text = (
            f"{file.name} has {file.size_bytes / MEGABYTE:.2f} MB; the limit of {taker} for "
            f"{file.kind} is {limit.max_size_mb:g} MB: make it smaller."
        )
        raise FileNotAccepted(text, limit.max_size_mb)


def _is_among(mime_type: str, allowed: Sequence[str]) -> bool:
    plain = {SAME_MIME_TYPES.get(name, name) for name in allowed}
    return SAME_MIME_TYPES.get(mime_type, mime_type) in plain
