"""One template version as a file that people read and other installations import."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from jsonschema import Draft202012Validator, ValidationError

from rivya_bridge.automation.content import Draft, normalized
from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.automation.portable.documents import read_document, write_yaml
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.selectors import about_to_use
from rivya_bridge.refusals import Problem, Refusal

FORMAT = "rivya-bridge/job-template"
FORMAT_VERSION = 1
KINDS = ("yaml", "json")
MOST_PROBLEMS = 30
CONTENT = (
    "prompt", "variables", "fixed_params", "exposed_params", "expected", "credit_cap", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A file that was read: what it would make. With `problems` it cannot be imported."""

    slug: str
    name: str
    description: str
    draft: Draft
    problems: list[Problem]


# --- Writing --------------------------------------------------------------------------------------


def version_document(version: TemplateVersion) -> dict[str, Any]:
    """The version as plain data; files stand by their hash (one query for them, one for the template)."""
    template = version.template
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "template": {
            "slug": template.slug,
            "name": template.name,
            "description": template.description,
        },
        "version": {
            "model": version.model_id,
            **{name: getattr(version, name) for name in CONTENT},
            "file_slots": _portable_slots(version.file_slots),
        },
    }


def write_version(version: TemplateVersion, kind: str) -> str:
    """The file's text; `kind` is yaml or json."""
    document = version_document(version)
    if kind == "json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return write_yaml(document)


def _portable_slots(slots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [slot["default_file"] for slot in slots if slot["default_file"]]
    files = {str(file.pk): file for file in StoredFile.objects.filter(pk__in=ids)}
    return [
        slot | {"default_file": _by_hash(files.get(slot["default_file"] or ""))} for slot in slots
    ]


def _by_hash(file: StoredFile | None) -> dict[str, str] | None:
    return {"sha256": file.sha256, "name": file.name} if file else None


# --- Reading --------------------------------------------------------------------------------------


@cache
def schema() -> dict[str, Any]:
    """The published JSON Schema."""
    path = Path(settings.PROJECT_DIR) / "docs" / "job-template.schema.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def read_template_file(raw: bytes) -> TemplateFile:
    """What a file would make, with every problem by its field, such as `version.variables[0].name`.

    Raises Refusal for what cannot be read at all, or is no template file of a known version.
    """
    document = read_document(raw)
    _check_format(document)
    errors = Draft202012Validator(schema()).iter_errors(document)
    problems = [_problem(error) for _, error in zip(range(MOST_PROBLEMS), errors, strict=False)]
    if problems:
        raise Refusal.of(problems)
    template, version = document["template"], document["version"]
    slots = list(_local_slots(problems, version.get("file_slots", [])))
    given = {name: version[name] for name in CONTENT if name in version}
    draft = Draft(model_id=version["model"], file_slots=slots, **given)
    try:
        draft, found = normalized(draft, get_model(draft.model_id))
    except Refusal as refusal:
        found = [replace(problem, field="model") for problem in refusal.problems]
    problems += [replace(one, field=f"version.{one.field}") for one in found]
    return TemplateFile(
        template["slug"], template["name"], template.get("description", ""), draft, problems
    )


def _check_format(document: Any) -> None:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        text = f"This is no template file: it must be an object with `format: {FORMAT}`."
        raise Refusal.field("format", text, FORMAT)
    if document.get("format_version") != FORMAT_VERSION:
        found = str(document.get("format_version"))[:20]
        text = f"format_version is {found}: this installation reads version {FORMAT_VERSION}."
        raise Refusal.field("format_version", text, FORMAT_VERSION)


def _problem(error: ValidationError) -> Problem:
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
    field = path.removeprefix(".") or "file"
    value: Any = error.validator_value
    limit = value if isinstance(value, int | float | str) else None
    message = error.message if len(error.message) < 200 else f"it breaks {error.validator}"
    shown = f" (limit: {limit})" if limit is not None else ""
    return Problem(field[:200], f"{field[:200]}: {message}{shown}.", limit)


def _local_slots(
    problems: list[Problem], slots: list[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Slots with the ids that their files have in this vault (two queries)."""
    hashes = [slot["default_file"]["sha256"] for slot in slots if slot.get("default_file")]
    files = about_to_use(StoredFile.objects.filter(sha256__in=hashes))
    ids = {file.sha256: file.pk for file in files}
    for number, slot in enumerate(slots):
        file = slot.get("default_file") or {}
        found = ids.get(file.get("sha256", ""))
        if file and found is None:
            field = f"version.file_slots[{number}].default_file"
            text = (
                f"{field}: {file.get('name') or 'this file'} is not in the vault "
                f"({file['sha256'][:12]}…). Upload it on the Files page first, or take default_file out."
            )
            problems.append(Problem(field, text))
        yield dict(slot) | {"default_file": str(found) if found else None}


def is_same_content(version: TemplateVersion, draft: Draft) -> bool:
    """Whether the version says what the draft says, whoever wrote it and why."""
    told = ("reason", "author")
    names = [field.name for field in fields(Draft) if field.name not in (*told, "file_slots")]
    # Slots made before there was a limit of length have none.
    old, new = (
        [{"max_seconds": None, **slot} for slot in one.file_slots] for one in (version, draft)
    )
    return old == new and all(getattr(version, name) == getattr(draft, name) for name in names)


def template_of(file: TemplateFile) -> JobTemplate | None:
    """The template that the file's version would join (one query)."""
    rows = JobTemplate.objects.select_related("current_version")
    return rows.filter(slug=file.slug).first()
