"""What reference files a model accepts: the client's limits, as problems of a form."""

from collections.abc import Sequence
from typing import Protocol

from rivya_bridge.refusals import Problem
from rivya_bridge.rivya import (
    FileFacts,
    FileNotAccepted,
    Model,
    accepted_kinds,
    check_file,
    limit_of,
    max_references,
)

__all__ = ["FIELD", "accepted_kinds", "check_references", "limit_of", "max_references"]

FIELD = "references"


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
    facts = FileFacts(file.name, file.kind, file.mime_type, file.size_bytes)
    try:
        check_file(facts, model)
    except FileNotAccepted as refusal:
        return Problem(FIELD, str(refusal), refusal.limit)
    return None
