"""Checking an exported experiment from its first byte to its last, before anything is restored."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime
from jsonschema import Draft202012Validator, FormatChecker

from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import look_at
from rivya_bridge.files.store import Readable
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.sharing.archives import Archive, Limits, open_archive
from rivya_bridge.sharing.models import Staged
from rivya_bridge.sharing.portable.documents import (
    DOCUMENTS_OF,
    EXPERIMENT,
    FILES,
    FORMAT,
    MANIFEST,
    VERSION,
    member_of,
)
from rivya_bridge.sharing.portable.linking import Links
from rivya_bridge.sharing.portable.shapes import LINES, MOST_INT, MOST_LINES, manifest_shape
from rivya_bridge.sharing.portable.writing import content_hash
from rivya_bridge.sharing.progress import Progress
from rivya_bridge.web.json_body import read_json

LIMITS = Limits(members=50_000 + 10)
MANIFEST_BYTES = 1_048_576
LINE_BYTES = 16 * 1_048_576
CHUNK_BYTES = 1_048_576
MOST_PROBLEMS = 10
SHOWN = 200

_formats = FormatChecker()


@_formats.checks("moment")
def _is_moment(value: object) -> bool:
    try:
        return not isinstance(value, str) or to_moment(value) is not None
    except ValueError:
        return False


def to_moment(value: str) -> datetime | None:
    """A moment with its zone; None for anything else."""
    found = parse_datetime(value)
    return found if found and found.tzinfo else None


_VALIDATORS = {
    name: Draft202012Validator(shape, format_checker=_formats) for name, shape in LINES.items()
}
_MANIFESTS = {
    version: Draft202012Validator(manifest_shape(documents), format_checker=_formats)
    for version, documents in DOCUMENTS_OF.items()
}


@dataclass(frozen=True, slots=True)
class Checked:
    """An archive in which everything is as its manifest says; `counts` of lines by document."""

    archive: Archive
    manifest: dict[str, Any]
    experiment: dict[str, Any]
    counts: dict[str, int]

    def lines(self, document: str, after: int = 0) -> Iterator[dict[str, Any]]:
        """The rows of a document, one at a time, but for as many as come before the first wanted one;
        none of one that its version does not have."""
        if document in self.counts:
            yield from (value for _, value in _lines(self.archive, document, after))


def check_export(archive: Archive, progress: Progress) -> Checked:
    """Raises Refusal for what is foreign, damaged, incomplete, or holds more than it says."""
    manifest = _read_manifest(archive)
    documents = DOCUMENTS_OF[manifest["version"]]
    for name in documents:
        _check_hash(archive, name, manifest["documents"][name])
    if content_hash(manifest["documents"]) != manifest["content_sha256"]:
        raise _refusal("manifest.json does not fit its documents: the ZIP was changed by hand.")
    links = Links()
    progress.begin(Staged.Stage.LISTS, _expected_lines(manifest))
    counts = {name: _check_document(archive, name, links, progress) for name in documents}
    links.end()
    if links.problems:
        raise Refusal.of(links.problems[:MOST_PROBLEMS])
    progress.begin(Staged.Stage.LOOKED, counts[FILES])
    _check_media(archive, documents, progress)
    return _checked(archive, manifest, counts)


def reopen_export(archive: Archive, counts: dict[str, int]) -> Checked:
    """One that was checked when it came and has lain here since; `counts` are what was found then.

    Raises Refusal when its documents are not the same any more.
    """
    manifest = _read_manifest(archive)
    for name in counts:
        _check_hash(archive, name, manifest["documents"][name])
    return _checked(archive, manifest, counts)


def _checked(archive: Archive, manifest: dict[str, Any], counts: dict[str, int]) -> Checked:
    experiment = next(iter(_lines(archive, EXPERIMENT)))[1]
    return Checked(archive, manifest, experiment, counts)


def _refusal(text: str) -> Refusal:
    return Refusal.field("file", text)


def _read_manifest(archive: Archive) -> dict[str, Any]:
    if MANIFEST not in archive.sizes:
        raise _refusal(
            "This ZIP is no experiment that Rivya Bridge has exported: it has no manifest.json. Results "
            "of Studio are imported on an experiment's own page."
        )
    try:
        manifest = read_json(archive.read(MANIFEST, most_bytes=MANIFEST_BYTES))
    except Refusal as refusal:
        raise _refusal(f"manifest.json cannot be read: {refusal.message}") from refusal
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _refusal(f"manifest.json is of another product: its format is not {FORMAT!r}.")
    version = manifest.get("version")
    if type(version) is not int or version not in DOCUMENTS_OF:
        raise _refusal(
            f"The ZIP has version {str(version)[:20]} of the format, and this installation reads "
            f"versions 1 to {VERSION}: update it, or export with its version. Nothing was kept."
        )
    problems = [
        Problem("file", f"manifest.json: {error.message[:SHOWN]}")
        for error in _MANIFESTS[version].iter_errors(manifest)
    ]
    if problems:
        raise Refusal.of(problems[:MOST_PROBLEMS])
    return manifest


def _expected_lines(manifest: dict[str, Any]) -> int:
    """As many as the manifest speaks of, for people to look at; 0 when it says nothing sensible."""
    counts = manifest.get("counts", {}).values()
    total = sum(count for count in counts if type(count) is int)
    return total if 0 < total <= MOST_INT else 0


def _check_hash(archive: Archive, name: str, wanted: str) -> None:
    if name not in archive.sizes:
        raise _refusal(f"{name} is missing from the ZIP: it is incomplete. Export it again.")
    with archive.open(name) as stream:
        if _sha256(stream) != wanted:
            raise _refusal(f"{name} is not what was exported (its hash differs): export it again.")


def _sha256(stream: Readable) -> str:
    digest = hashlib.sha256()
    while piece := stream.read(CHUNK_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _check_document(archive: Archive, name: str, links: Links, progress: Progress) -> int:
    """Shape of every line, and that it names only what is there; how many lines."""
    count = 0
    for number, value in _lines(archive, name):
        count = number
        progress.step()
        if count > MOST_LINES[name]:
            raise _refusal(f"{name} has more than {MOST_LINES[name]:,} lines.")
        if len(links.problems) >= MOST_PROBLEMS:
            raise Refusal.of(links.problems)
        where = f"{name} line {number}"
        errors = list(_VALIDATORS[name].iter_errors(value))
        for error in errors[:3]:
            place = ".".join(str(part) for part in error.absolute_path)
            text = f"{where}: {place}: {error.message[:SHOWN]}"
            links.problems.append(Problem("file", text))
        if not errors:
            links.add(name, where, value)
    if name == EXPERIMENT and count != 1:
        raise _refusal("experiment.json must hold one experiment.")
    return count


def _lines(archive: Archive, name: str, after: int = 0) -> Iterator[tuple[int, Any]]:
    with archive.open(name) as stream:
        lines = islice(_split(stream, name), after, None)
        for number, line in enumerate(lines, start=after + 1):
            try:
                yield number, read_json(line)
            except Refusal as refusal:
                raise _refusal(
                    f"{name} line {number} cannot be read: {refusal.message}"
                ) from refusal


def _split(stream: Readable, name: str) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(CHUNK_BYTES):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > LINE_BYTES:
            raise _refusal(f"{name} has a line of more than {LINE_BYTES // CHUNK_BYTES} MB.")
    if rest:
        yield rest


def _check_media(archive: Archive, documents: Sequence[str], progress: Progress) -> None:
    """Every listed file is there, has its hash and can be opened; nothing else is there."""
    unlisted = set(archive.sizes) - {*documents, MANIFEST}
    unlisted.difference_update(member_of(file) for _, file in _lines(archive, FILES))
    if unlisted:
        raise _refusal(f"{sorted(unlisted)[0][:80]} is in the ZIP but in none of its lists.")
    for _, file in _lines(archive, FILES):
        member = member_of(file)
        if member not in archive.sizes:
            raise _refusal(f"{file['name'][:80]} is missing from the ZIP ({member[:20]}…).")
        if archive.sizes[member] != file["size_bytes"]:
            raise _refusal(f"{file['name'][:80]} is cut off: it has not the size that is listed.")
        _check_file(archive, member, file, progress)
        progress.step()


def _check_file(archive: Archive, member: str, file: dict[str, Any], progress: Progress) -> None:
    with archive.open(member) as opened:
        stream = progress.watched(opened)
        if StoredFile.objects.filter(sha256=file["sha256"]).exists():
            found = _sha256(stream)
        else:
            limit = settings.DOWNLOAD_MAX_BYTES
            found = look_at(stream, file["name"], max_bytes=limit, field="file").sha256
    if found != file["sha256"]:
        raise _refusal(f"{file['name'][:80]} is damaged: its hash differs from the list.")


def open_export(path: Path) -> Any:
    """The archive of an exported experiment, for `check_export`."""
    return open_archive(path, limits=LIMITS)
