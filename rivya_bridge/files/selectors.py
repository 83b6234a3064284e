"""Reads of the vault."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from rivya_bridge.files.models import Kind, StoredFile
from rivya_bridge.refusals import Missing, Problem, Refusal

NOTED = timedelta(hours=1)


def get_files(ids: Sequence[str | UUID], *, field: str = "references") -> list[StoredFile]:
    """The files in the given order, an id that stands twice twice (one query).

    Whoever asks has a use for them: one that was not asked for lately is noted (one more query), so
    that it is not removed as unused before the use is written. Raises Refusal naming every unknown id.
    """
    wanted = [(raw, _as_uuid(raw)) for raw in ids]
    rows = StoredFile.objects.filter(pk__in=[key for _, key in wanted if key])
    known = {file.pk: file for file in about_to_use(rows)}
    unknown = [raw for raw, key in wanted if key not in known]
    if unknown:
        raise Refusal.of([_unknown(field, raw) for raw in unknown])
    return [known[key] for _, key in wanted if key]


def known_files(ids: Iterable[object]) -> dict[str, StoredFile]:
    """Those of the ids that are there, by their text (one query); what is no id is passed over."""
    keys = {key for raw in ids if isinstance(raw, str | UUID) and (key := _as_uuid(raw))}
    return (
        {str(key): file for key, file in StoredFile.objects.in_bulk(keys).items()} if keys else {}
    )


def about_to_use(rows: QuerySet[StoredFile]) -> list[StoredFile]:
    """The files of `rows`, none of which is removed before a use of it is written (one query, and one
    more where a file was not asked for lately)."""
    files, now = list(rows), timezone.now()
    stale = [file.pk for file in files if file.seen_at < now - NOTED]
    if stale and StoredFile.objects.filter(pk__in=stale).update(seen_at=now) < len(stale):
        return list(rows.all())  # one was removed between the two
    return files


def get_file(file_id: str | UUID) -> StoredFile:
    """One file. Raises Missing."""
    key = _as_uuid(file_id)
    row = StoredFile.objects.filter(pk=key).first() if key else None
    if row is None:
        problem = _unknown("id", file_id)
        raise Missing(problem.message, (problem,))
    return row


def listed_files(kind: str = "") -> QuerySet[StoredFile]:
    """Files of a kind, or of all for ''. Refusal for a kind that does not exist."""
    if kind and kind not in Kind.values:
        raise Refusal.field(
            "kind", f"{kind[:40]!r} is no kind of file: use {', '.join(Kind.values)}, or none."
        )
    return StoredFile.objects.filter(kind=kind) if kind else StoredFile.objects.all()


def _unknown(field: str, raw: str | UUID) -> Problem:
    return Problem(field, f"There is no file {str(raw)[:60]!r} here: upload it first.")


def _as_uuid(raw: str | UUID) -> UUID | None:
    if isinstance(raw, UUID):
        return raw
    try:
        return UUID(raw)
    except (ValueError, AttributeError, TypeError):
        return None
