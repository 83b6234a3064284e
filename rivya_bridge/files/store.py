"""Bytes on disk under names made of their own SHA-256.

    FILES_DIR/ab/cd/<sha256>                 a file, whole and synced
    FILES_DIR/previews/ab/cd/<sha256>.webp   its small picture; can be made again
    FILES_DIR/previews/ab/cd/<sha256>-320.webp   a smaller one, likewise
    FILES_DIR/previews/ab/cd/<sha256>.svg    the peaks of a sound, likewise
    FILES_DIR/previews/ab/cd/<sha256>.blind  a copy that tells nothing of its maker, likewise
    FILES_DIR/incoming/                      bytes on their way in; a leftover means nothing
    FILES_DIR/.removing                      locked by whoever adds (shared) or removes (alone)

No name that came from outside ever becomes a path.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from django.conf import settings

from rivya_bridge.files.preview import LONG_SIDE

CHUNK_BYTES = 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Readable(Protocol):
    """Anything that gives its bytes in pieces: an open file, a stream, Django's uploads."""

    def read(self, size: int = ..., /) -> bytes: ...


class TooManyBytes(Exception):
    """The stream holds more than the cap; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A complete stream on disk, hashed and synced, not yet at its place."""

    path: Path
    sha256: str
    size_bytes: int


def path_of(sha256: str) -> Path:
    """Where a content lies. ValueError when `sha256` is not 64 lower-case hex digits."""
    return _under(settings.FILES_DIR, sha256)


def preview_path_of(sha256: str, side: int = LONG_SIDE) -> Path:
    """Where the preview of a content lies, if it has one; of `side` pixels at most."""
    end = ".webp" if side == LONG_SIDE else f"-{side}.webp"
    return _derived(sha256, end)


def peaks_path_of(sha256: str) -> Path:
    """Where the drawing of a sound's peaks lies, if it has one."""
    return _derived(sha256, ".svg")


def blind_path_of(sha256: str) -> Path:
    """Where the copy without metadata lies, if it was made."""
    return _derived(sha256, ".blind")


def paths_of(sha256: str) -> list[Path]:
    """Everything that is on disk of a content: itself and what was made from it."""
    derived = _derived(sha256, "")
    return [path_of(sha256), *derived.parent.glob(f"{derived.name}*")]


def _derived(sha256: str, end: str) -> Path:
    path = _under(settings.FILES_DIR / "previews", sha256)
    return path.with_name(path.name + end)


def _under(folder: Path, sha256: str) -> Path:
    if not _SHA256.fullmatch(sha256):
        raise ValueError("A content is named by 64 lower-case hex digits.")
    return folder / sha256[:2] / sha256[2:4] / sha256


@contextmanager
def receive(stream: Readable, *, max_bytes: int) -> Iterator[Incoming]:
    """Copies a stream into the incoming folder and hashes it on the way.

    The copy is removed at the end of the block unless `place` has moved it. Raises TooManyBytes.
    """
    with _temporary() as (file, path):
        sha256, size = _copy(stream, file, max_bytes)
        yield Incoming(path, sha256, size)


@contextmanager
def _temporary() -> Iterator[tuple[IO[bytes], Path]]:
    folder = settings.FILES_DIR / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder)
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, path
    finally:
        path.unlink(missing_ok=True)


def _copy(stream: Readable, file: IO[bytes], max_bytes: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        size += len(chunk)
        if size > max_bytes:
            raise TooManyBytes
        digest.update(chunk)
        file.write(chunk)
    _sync(file)
    return digest.hexdigest(), size


def place(incoming: Incoming) -> Path:
    """Moves received bytes to their place for good; afterwards `incoming.path` is gone.

    Two at once are harmless: the same name means the same bytes.
    """
    return _rename(incoming.path, path_of(incoming.sha256))


def write_preview(sha256: str, webp: bytes, side: int = LONG_SIDE) -> Path:
    """Keeps a preview of a content, replacing an older one."""
    return _write(webp, preview_path_of(sha256, side))


def write_peaks(sha256: str, svg: bytes) -> Path:
    """Keeps the drawing of a sound's peaks, replacing an older one."""
    return _write(svg, peaks_path_of(sha256))


def make_blind(sha256: str, make: Callable[[Path], object]) -> Path:
    """Keeps the copy that `make` writes to the path which it is given."""
    with _temporary() as (_, path):
        make(path)
        return _rename(path, blind_path_of(sha256))


def _write(content: bytes, target: Path) -> Path:
    with _temporary() as (file, path):
        file.write(content)
        _sync(file)
        return _rename(path, target)


def _rename(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    # The new folders' own entries have to last as well, so that each level is synced.
    for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
        _sync_folder(folder)
    return target


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
