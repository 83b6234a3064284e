"""Reading a ZIP that somebody handed over, without believing anything that it says.

Nothing is ever unpacked to a name of the archive's choosing: members are streams. The directory is
counted before it is read, sizes and ratios are bounded, and a member ends where it said it would.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from rivya_bridge.refusals import Refusal

MEGABYTE = 1_048_576
MAX_RATIO = 200
# Below this, a good ratio is harmless: texts of few words repeat themselves.
RATIO_FROM_BYTES = MEGABYTE
MAX_DIRECTORY_BYTES = 16 * MEGABYTE
NAME_LENGTH = 400
ENCRYPTED, UTF8 = 0x1, 0x800
TAKEN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_DRIVE = re.compile(r"[A-Za-z]:")
BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError,
    struct.error, KeyError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold."""

    members: int = 20_000
    member_bytes: int = 512 * MEGABYTE
    total_bytes: int = 50 * 1024 * MEGABYTE


class Archive:
    """A checked ZIP. `sizes` are the members' bytes by name; folders are left out."""

    def __init__(self, zip_file: zipfile.ZipFile, infos: dict[str, zipfile.ZipInfo], field: str):
        self._zip = zip_file
        self._infos = infos
        self._field = field
        self.sizes = {name: info.file_size for name, info in infos.items()}

    @contextmanager
    def open(self, name: str) -> "Iterator[_Member]":
        """The bytes of a member. Raises Refusal when they are not what the directory says."""
        info = self._infos[name]
        try:
            with self._zip.open(info) as stream:
                yield _Member(stream, name, self._field)
        except BROKEN as error:
            raise _broken_member(self._field, name, error) from error

    def read(self, name: str, *, most_bytes: int) -> bytes:
        """A small member whole. Raises Refusal above `most_bytes`."""
        if self.sizes[name] > most_bytes:
            text = f"{_shown(name)} has {_size(self.sizes[name])}; at most {_size(most_bytes)} fit."
            raise Refusal.field(self._field, text, most_bytes)
        with self.open(name) as stream:
            return b"".join(iter(lambda: stream.read(MEGABYTE), b""))


class _Member:
    """A stream whose damage is a refusal."""

    def __init__(self, stream: IO[bytes], name: str, field: str) -> None:
        self._stream, self._name, self._field = stream, name, field

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._stream.read(size)
        except BROKEN as error:
            raise _broken_member(self._field, self._name, error) from error


def is_zip(head: bytes) -> bool:
    """Whether bytes begin like a ZIP (an empty one too)."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


@contextmanager
def open_archive(
    path: Path, *, limits: Limits | None = None, field: str = "file"
) -> Iterator[Archive]:
    """A ZIP whose directory holds nothing that could do harm. Raises Refusal with the reason."""
    limits = limits or Limits()
    with path.open("rb") as file:
        _check_frame(file, limits, field)
        try:
            archive = zipfile.ZipFile(file)
        except BROKEN as error:
            text = "The ZIP cannot be read: it is cut off or damaged. Make it, or send it, again."
            raise Refusal.field(field, text) from error
        with archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _check_members(infos, path.stat().st_size, limits, field)
            yield Archive(archive, {info.filename: info for info in infos}, field)


def _check_frame(file: BinaryIO, limits: Limits, field: str) -> None:
    """Beginning and end, before the directory is read into memory."""
    if not is_zip(file.read(4)):
        text = "The file is no ZIP, whatever its name: choose a ZIP, such as Export makes."
        raise Refusal.field(field, text)
    count, directory_bytes = _directory(file, field)
    if count > limits.members:
        text = f"The ZIP has {count:,} members; the limit is {limits.members:,}: split it."
        raise Refusal.field(field, text, limits.members)
    if directory_bytes > MAX_DIRECTORY_BYTES:
        text = f"The ZIP's directory has {_size(directory_bytes)}: its names are too long."
        raise Refusal.field(field, text, MAX_DIRECTORY_BYTES)
    file.seek(0)


def _directory(file: BinaryIO, field: str) -> tuple[int, int]:
    """Members and bytes of the directory, by the end record (APPNOTE 4.3.14 and 4.3.16)."""
    end = file.seek(0, 2)
    start = max(0, end - _END.size - 65_535)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        text = "The ZIP is cut off: its end is missing. Send it again."
        raise Refusal.field(field, text)
    fields = _END.unpack_from(tail, at)
    count, size = fields[4], fields[5]
    if count == 0xFFFF or size == 0xFFFF_FFFF:
        before = start + at - _LOCATOR.size
        file.seek(max(0, before))
        locator = file.read(_LOCATOR.size)
        if before < 0 or locator[:4] != b"PK\x06\x07":
            return count, size
        file.seek(min(_LOCATOR.unpack(locator)[2], end))
        record = file.read(_END64.size)
        if len(record) == _END64.size and record[:4] == b"PK\x06\x06":
            wide = _END64.unpack(record)
            return wide[7], wide[8]
    return count, size


def _check_members(
    infos: list[zipfile.ZipInfo], archive_bytes: int, limits: Limits, field: str
) -> None:
    if len(infos) > limits.members:
        text = f"The ZIP has {len(infos):,} members; the limit is {limits.members:,}: split it."
        raise Refusal.field(field, text, limits.members)
    seen: set[str] = set()
    for info in infos:
        if reason := _member_reason(info, limits, seen):
            raise Refusal.field(field, f"{_shown(info.filename)} {reason} Nothing was kept.")
        seen.add(info.filename)
    if sum(info.compress_size for info in infos) > archive_bytes:
        text = "The ZIP's members lie over each other, as in a ZIP bomb. Nothing was kept."
        raise Refusal.field(field, text)
    total = sum(info.file_size for info in infos)
    if total > limits.total_bytes:
        text = f"The ZIP unpacks to {_size(total)}; the limit is {_size(limits.total_bytes)}."
        raise Refusal.field(field, text, limits.total_bytes)


def _member_reason(info: zipfile.ZipInfo, limits: Limits, seen: set[str]) -> str:
    """What is wrong with a member; '' for nothing."""
    name, mode = info.filename, info.external_attr >> 16
    if reason := _name_reason(name):
        return reason
    if name in seen:
        return "stands twice in the ZIP: keep one of both."
    if info.flag_bits & ENCRYPTED:
        return "is encrypted: make the ZIP without a password."
    if stat.S_ISLNK(mode):
        return "is a link to another file: put the file itself into the ZIP."
    if info.compress_type not in TAKEN:
        return "is packed in a way that is not taken here: use the usual one (deflate)."
    if info.file_size > limits.member_bytes:
        return f"has {_size(info.file_size)}; the limit is {_size(limits.member_bytes)} for one."
    is_large = info.file_size > RATIO_FROM_BYTES
    if is_large and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return (
            f"unpacks from {_size(info.compress_size)} to {_size(info.file_size)}, as a ZIP bomb "
            "does."
        )
    return ""


def _name_reason(name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in parts:
        return "leads out of the ZIP: its name must be a plain path below it."
    if len(name) > NAME_LENGTH or not name.isprintable() or "\\" in name:
        return f"has a name that is not taken: use at most {NAME_LENGTH} printable characters."
    return ""


def _broken_member(field: str, name: str, error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    text = f"{_shown(name)} in the ZIP is damaged and cannot be unpacked. Nothing was kept."
    return Refusal.field(field, text)


def _shown(name: str) -> str:
    printable = "".join(letter if letter.isprintable() else "?" for letter in name)
    return repr(printable[:80].encode("utf-8", "replace").decode())


def _size(count: int) -> str:
    if count < MEGABYTE:
        return f"{count:,} bytes"
    return f"{count / MEGABYTE:,.1f} MB" if count < 1024 * MEGABYTE else f"{count / 2**30:,.1f} GB"
