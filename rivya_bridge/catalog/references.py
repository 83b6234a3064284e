"""What reference files a model accepts: pure checks against its own limits."""

from collections.abc import Sequence
from typing import Protocol

from rivya_bridge.refusals import Problem
from rivya_bridge.rivya import KindLimit, Model
from rivya_bridge.rivya.choices import FILE_LIMITS

FIELD = "references"
MEGABYTE = 1_048_576

# Two spellings of one format; a limit that names either means both.
_SAME_TYPE = {"audio/x-wav": "audio/wav", "audio/wave": "audio/wav", "audio/mp3": "audio/mpeg"}


class ReferenceFile(Protocol):
    """The facts of a stored file that the rules look at."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def mime_type(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...


def accepted_kinds(model: Model) -> tuple[str, ...]:
    """Kinds of reference files that the model takes; () for none."""
    return model.reference_media.kinds if model.reference_media else model.file_kinds


def max_references(model: Model) -> int | None:
    """The most files at once; None where the list names no number, 0 for a model without files."""
    if not accepted_kinds(model):
        return 0
    return model.reference_media.max_files if model.reference_media else None


def limit_of(model: Model, kind: str) -> KindLimit:
    """Size and types of a kind: the model's own, else the defaults of "docs/api-files"."""
    own = model.reference_media.limits.get(kind) if model.reference_media else None
    default_size, default_types = FILE_LIMITS.get(kind, (None, ()))
    if own is None:
        return KindLimit(default_size, default_types)
    return KindLimit(own.max_size_mb or default_size, own.mime_types or default_types)


def check_references(model: Model, references: Sequence[ReferenceFile]) -> list[Problem]:
    """One problem for each file or count that breaks a rule."""
    if not references:
        return _check_absence(model)
    if not accepted_kinds(model):
        return [Problem(FIELD, f"{model.display_name} takes no reference files: remove them.", 0)]
    problems = _check_count(model, len(references))
    for file in references:
        if problem := _check_file(model, file):
            problems.append(problem)
    return problems


def _check_absence(model: Model) -> list[Problem]:
    if model.api_input_status != "requires_files_api":
        return []
    kinds = " or ".join(accepted_kinds(model)) or "file"
    text = f"{model.display_name} starts from a reference file: attach one ({kinds})."
    return [Problem(FIELD, text, 1)]


def _check_count(model: Model, count: int) -> list[Problem]:
    limit = max_references(model)
    if limit is None or count <= limit:
        return []
    text = (
        f"{count} reference files are attached; {model.display_name} takes at most {limit}: "
        f"remove {count - limit}."
    )
    return [Problem(FIELD, text, limit)]


def _check_file(model: Model, file: ReferenceFile) -> Problem | None:
    kinds = accepted_kinds(model)
    if file.kind not in kinds:
        named = ", ".join(kinds)
        text = f"{file.name} is {file.kind}; {model.display_name} takes {named} as references."
        return Problem(FIELD, text, named)
    limit = limit_of(model, file.kind)
    if limit.mime_types and not _is_among(file.mime_type, limit.mime_types):
        named = ", ".join(limit.mime_types)
        text = f"{file.name} is {file.mime_type}; {model.display_name} takes {named}: convert it."
        return Problem(FIELD, text, named)
    if limit.max_size_mb is not None and file.size_bytes > limit.max_size_mb * MEGABYTE:
        text = (
            f"{file.name} has {file.size_bytes / MEGABYTE:.2f} MB; the limit of "
            f"{model.display_name} for {file.kind} is {limit.max_size_mb:g} MB: make it smaller."
        )
        return Problem(FIELD, text, limit.max_size_mb)
    return None


def _is_among(mime_type: str, allowed: Sequence[str]) -> bool:
    plain = {_SAME_TYPE.get(name, name) for name in allowed}
    return _SAME_TYPE.get(mime_type, mime_type) in plain
