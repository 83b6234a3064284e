"""The files that a job is given for its slots, looked up in the vault and checked against the limits."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.selectors import get_files
from rivya_bridge.refusals import Problem, Refusal

if TYPE_CHECKING:
    from rivya_bridge.automation.inputs import InputSpec

MEGABYTE = 1_048_576


def read_files(
    problems: list[Problem],
    specs: "Sequence[InputSpec]",
    raw: Mapping[str, Any],
    files: Mapping[str, StoredFile] | None,
) -> dict[str, StoredFile | None]:
    """The file of every slot in `specs`, None for one left empty; what is wrong is added to `problems`.

    `files` are those known already, by id; only for others there is a query.
    """
    wanted = {spec.name: raw.get(spec.name) or spec.default for spec in specs}
    given = {name: str(file_id) for name, file_id in wanted.items() if file_id}
    if files is not None and all(file_id in files for file_id in given.values()):
        found = {name: files[file_id] for name, file_id in given.items()}
    else:
        found = _load(problems, given)
    for spec in specs:
        file = found.get(spec.name)
        if file is not None:
            problems.extend(_file_problems(spec, file))
        elif spec.required and not wanted[spec.name]:
            message = f"{spec.name} is required: give the id of a file of kind {spec.kind}."
            problems.append(Problem(spec.name, message))
    return {spec.name: found.get(spec.name) for spec in specs}


def _load(problems: list[Problem], ids: Mapping[str, str]) -> dict[str, StoredFile]:
    """The files by slot in one query; only when one is unknown, slot by slot to name it."""
    try:
        return dict(zip(ids, get_files(list(ids.values())), strict=True)) if ids else {}
    except Refusal:
        found = {}
    for name, file_id in ids.items():
        try:
            [found[name]] = get_files([file_id], field=name)
        except Refusal as refusal:
            problems.extend(refusal.problems)
    return found


def _file_problems(spec: "InputSpec", file: StoredFile) -> list[Problem]:
    if file.kind != spec.kind:
        message = (
            f"{spec.name} takes files of kind {spec.kind}; {file.name} is of kind {file.kind}."
        )
        return [Problem(spec.name, message, spec.kind)]
    problems = []
    if spec.mime_types and file.mime_type not in spec.mime_types:
        allowed = ", ".join(spec.mime_types)
        message = f"{spec.name} takes {allowed}; {file.name} is {file.mime_type}."
        problems.append(Problem(spec.name, message, allowed))
    if spec.max_size_mb is not None and file.size_bytes > spec.max_size_mb * MEGABYTE:
        size = file.size_bytes / MEGABYTE
        message = (
            f"{spec.name}: {file.name} has {size:.1f} MB; the limit is {spec.max_size_mb:g} MB."
        )
        problems.append(Problem(spec.name, message, spec.max_size_mb))
    return problems + _length_problems(spec, file)


def _length_problems(spec: "InputSpec", file: StoredFile) -> list[Problem]:
    """A clip or sound whose length nobody could read is not held against the limit."""
    seconds = file.duration_seconds
    if spec.max_seconds is None or seconds is None or seconds <= spec.max_seconds:
        return []
    message = (
        f"{spec.name}: {file.name} lasts {seconds:.1f} s; the limit is {spec.max_seconds:g} s."
    )
    return [Problem(spec.name, message, spec.max_seconds)]
