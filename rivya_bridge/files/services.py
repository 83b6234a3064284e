"""Writes of the vault: bytes in, deduplicated by content."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from rivya_bridge.files import media, store
from rivya_bridge.files.decoding import asking
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.peaks import draw
from rivya_bridge.files.preview import SIDES
from rivya_bridge.files.removing import adding
from rivya_bridge.files.selectors import get_files
from rivya_bridge.refusals import Missing, Problem, Refusal

MEGABYTE = 1_048_576
NAME_LENGTH = 200
MAX_FILES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class _Checked:
    """Received bytes that passed every check: facts of a new content, or the row of a known one."""

    incoming: store.Incoming
    name: str
    found: media.Media | StoredFile


def store_upload(
    stream: store.Readable, name: str, *, max_bytes: int | None = None, field: str = "files"
) -> StoredFile:
    """Keeps a file that a person or program handed over; the same content gives the same row.

    `max_bytes` defaults to UPLOAD_MAX_BYTES. Raises Refusal naming `field`, the file and the limit.
    """
    limit = settings.UPLOAD_MAX_BYTES if max_bytes is None else max_bytes
    with ExitStack() as stack:
        return _keep(_check(stack, stream, name, limit, field))


def store_uploads(files: "Sequence[UploadedFile[bytes]]", field: str = "files") -> list[StoredFile]:
    """Keeps several files in their order, or none: Refusal with one problem for each bad file."""
    return store_fields({field: files})[field]


def store_fields(
    given: "Mapping[str, Sequence[UploadedFile[bytes] | str]]",
    kinds: Mapping[str, str] | None = None,
) -> dict[str, list[StoredFile]]:
    """Keeps the files of several form fields, or none of any: uploads, and ids of files in the vault.

    `kinds`: fields that take files of one kind only. Raises Refusal with one problem for each bad
    file, under its field's name.
    """
    checked: dict[str, list[_Checked | StoredFile]] = {}
    problems: list[Problem] = []
    with ExitStack() as stack:
        for field, files in given.items():
            checked[field] = _check_all(stack, problems, field, files)
            if kind := (kinds or {}).get(field):
                problems += _other_kinds(field, kind, checked[field])
        if problems:
            raise Refusal.of(problems)
        return {
            field: [_keep(one) if isinstance(one, _Checked) else one for one in found]
            for field, found in checked.items()
        }


def store_each(
    files: "Sequence[UploadedFile[bytes] | str]", field: str
) -> tuple[list[StoredFile], list[Problem]]:
    """Keeps each file by itself, so that one that is refused takes no other with it: those kept, in their
    order, and a problem for each other."""
    stored: list[StoredFile] = []
    problems = _too_many(field, files)
    for file in [] if problems else files:
        try:
            stored += store_fields({field: [file]})[field]
        except Refusal as refusal:
            problems += refusal.problems
    return stored, problems


def _too_many(field: str, files: Sequence[object]) -> list[Problem]:
    if len(files) <= MAX_FILES_AT_ONCE:
        return []
    text = (
        f"{len(files)} files were sent at once; the limit is {MAX_FILES_AT_ONCE}. Send them in "
        "smaller groups."
    )
    return [Problem(field, text, MAX_FILES_AT_ONCE)]


def _check_all(
    stack: ExitStack,
    problems: list[Problem],
    field: str,
    files: "Sequence[UploadedFile[bytes] | str]",
) -> "list[_Checked | StoredFile]":
    too_many = _too_many(field, files)
    if too_many:
        problems += too_many
        return []
    found: list[_Checked | StoredFile] = []
    for file in files:
        try:
            if isinstance(file, str):
                found += get_files([file], field=field)
            else:
                limit = settings.UPLOAD_MAX_BYTES
                found.append(_check(stack, file, file.name or "", limit, field))
        except Refusal as refusal:
            problems.extend(refusal.problems)
    return found


def _other_kinds(
    field: str, kind: str, files: "Sequence[_Checked | StoredFile]"
) -> Iterable[Problem]:
    for one in files:
        found = one.found if isinstance(one, _Checked) else one
        if found.kind != kind:
            text = f"{field} takes files of kind {kind}; {one.name} is of kind {found.kind}."
            yield Problem(field, text, kind)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file would be in the vault. `is_known`: the same content is there already."""

    sha256: str
    size_bytes: int
    name: str
    kind: str
    mime_type: str
    is_known: bool


def look_at(
    stream: store.Readable, name: str, *, max_bytes: int | None = None, field: str = "files"
) -> Looked:
    """Checks a file as `store_upload` does, and keeps nothing of it. Raises Refusal."""
    limit = settings.UPLOAD_MAX_BYTES if max_bytes is None else max_bytes
    with ExitStack() as stack:
        checked = _check(stack, stream, name, limit, field)
        incoming, found = checked.incoming, checked.found
        is_known = isinstance(found, StoredFile)
        return Looked(
            incoming.sha256,
            incoming.size_bytes,
            checked.name,
            str(found.kind),
            found.mime_type,
            is_known,
        )


def store_result(source: store.Readable | Path | str, name: str) -> StoredFile:
    """Keeps a downloaded result: a stream, or the path of a file, which stays where it is.

    Synced before it returns. Raises Refusal with field `result`; the cap is DOWNLOAD_MAX_BYTES.
    """
    with ExitStack() as stack:
        is_path = isinstance(source, Path | str)
        stream = stack.enter_context(Path(source).open("rb")) if is_path else source  # type: ignore[arg-type]
        return _keep(_check(stack, stream, name, settings.DOWNLOAD_MAX_BYTES, "result"))  # type: ignore[arg-type]


def _check(
    stack: ExitStack, stream: store.Readable, name: str, max_bytes: int, field: str
) -> _Checked:
    name = clean_name(name)
    try:
        incoming = stack.enter_context(store.receive(stream, max_bytes=max_bytes))
    except store.TooManyBytes:
        limit = f"{max_bytes / MEGABYTE:g} MB" if max_bytes >= MEGABYTE else f"{max_bytes} bytes"
        text = f"{name} is larger than {limit}, the limit for one file. It was not kept."
        raise Refusal.field(field, text, max_bytes) from None
    if incoming.size_bytes == 0:
        text = f"{name} is empty (0 bytes). Choose the file again, or export it again."
        raise Refusal.field(field, text, 1)
    known = StoredFile.objects.filter(sha256=incoming.sha256).first()
    if known:
        return _Checked(incoming, name, known)
    try:
        return _Checked(incoming, name, asking.inspect(incoming.path))
    except media.NotMedia as error:
        raise Refusal.field(field, f"{name}: {error} It was not kept.") from error


def _keep(checked: _Checked) -> StoredFile:
    """The row of a content. Bytes that a known row has lost from the disk are put back."""
    incoming, found = checked.incoming, checked.found
    with adding():
        if isinstance(found, StoredFile):
            if _touch(found):
                if not store.path_of(found.sha256).exists():
                    store.place(incoming)
                return found
            # It was removed a moment ago, because nothing used it.
            found = asking.inspect(incoming.path)
        return _add(incoming, checked.name, found)


def _touch(file: StoredFile) -> bool:
    """Somebody has a use for a known content: it is not taken for rubbish soon. False if it is gone."""
    return StoredFile.objects.filter(pk=file.pk).update(seen_at=timezone.now()) == 1


def _add(incoming: store.Incoming, name: str, facts: media.Media) -> StoredFile:
    """Bytes first, row second: a row never names bytes that are not there."""
    store.place(incoming)
    for side, preview in zip(SIDES, facts.previews, strict=False):
        store.write_preview(incoming.sha256, preview.webp, side)
    if facts.shape:
        store.write_peaks(incoming.sha256, draw(facts.shape.peaks).encode())
    largest = facts.previews[0] if facts.previews else None
    row, _ = StoredFile.objects.get_or_create(
        sha256=incoming.sha256,
        defaults={
            "kind": facts.kind,
            "mime_type": facts.mime_type,
            "size_bytes": incoming.size_bytes,
            "name": name,
            "width": facts.width,
            "height": facts.height,
            "duration_seconds": facts.duration_seconds,
            "frame_rate": facts.frame_rate,
            "level_db": facts.shape.level_db if facts.shape else None,
            "preview_width": largest.width if largest else 0,
            "preview_height": largest.height if largest else 0,
        },
    )
    return row


def clean_name(name: str) -> str:
    """A base name for showing and for downloads: printable, at most 200 characters, never empty."""
    base = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(_printable(base)).strip().lstrip(".")
    if len(shown) <= NAME_LENGTH:
        return shown or "file"
    stem, dot, suffix = shown.rpartition(".")
    if not dot or len(suffix) > 10:
        return shown[:NAME_LENGTH]
    return f"{stem[: NAME_LENGTH - len(suffix) - 1]}.{suffix}"


def _printable(text: str) -> Iterable[str]:
    encodable = text.encode("utf-8", "replace").decode()
    return (letter for letter in encodable if letter.isprintable())


def lost_bytes(file: StoredFile) -> Missing:
    """The refusal for a row whose bytes somebody removed."""
    text = (
        f"The bytes of {file.name} are gone from the data folder. Nothing was spent. Add the file "
        "again to put them back."
    )
    return Missing(text, (Problem("references", text),))
