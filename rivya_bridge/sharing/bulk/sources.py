"""Where the files of an import are: in a ZIP, in a folder, or only in the vault."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from rivya_bridge.files.store import Readable
from rivya_bridge.refusals import Refusal
from rivya_bridge.sharing.archives import MEGABYTE, Archive, Limits, open_archive
from rivya_bridge.sharing.bulk.tables import table_kind

MAX_MEMBERS = 5_000
LIMITS = Limits(members=MAX_MEMBERS, member_bytes=100 * MEGABYTE, total_bytes=20_480 * MEGABYTE)
# What operating systems leave behind.
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


class Source(Protocol):
    """Files by their path below the ZIP or folder; `sizes` in bytes."""

    @property
    def sizes(self) -> Mapping[str, int]: ...

    def open(self, name: str) -> AbstractContextManager[Readable]: ...


class NoFiles:
    """A table alone."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}

    @contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        raise KeyError(name)
        yield


class Folder:
    """A folder of this machine, read in place. Links are not followed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sizes = dict(self._walk())

    def _walk(self) -> Iterator[tuple[str, int]]:
        count = 0
        for path in sorted(self.root.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            name = path.relative_to(self.root).as_posix()
            if is_junk(name):
                continue
            count += 1
            if count > MAX_MEMBERS:
                text = f"The folder has more than {MAX_MEMBERS:,} files: import parts of it."
                raise Refusal.field("folder", text, MAX_MEMBERS)
            yield name, path.stat().st_size

    @contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        with (self.root / name).open("rb") as file:
            yield file


class ZipFiles:
    """The members of a checked ZIP."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.sizes = {name: size for name, size in archive.sizes.items() if not is_junk(name)}

    def open(self, name: str) -> AbstractContextManager[Readable]:
        return self._archive.open(name)


def is_junk(name: str) -> bool:
    return name.startswith(_JUNK[0]) or name.rpartition("/")[2].startswith((".", *_JUNK[1:]))


def open_source(stack: ExitStack, path: Path) -> Source:
    """A staged ZIP, or nothing for a staged table. Raises Refusal for a ZIP that is not taken."""
    with path.open("rb") as file:
        head = file.read(4)
    if not head.startswith(b"PK"):
        return NoFiles()
    return ZipFiles(stack.enter_context(open_archive(path, limits=LIMITS)))


def find_table(source: Source) -> str | None:
    """The one table of a ZIP or folder, at its top or one folder down. Refusal for several."""
    tables = [name for name in source.sizes if table_kind(name) and name.count("/") <= 1]
    named = [name for name in tables if name.rpartition("/")[2].rpartition(".")[0] == "runs"]
    found = named or tables
    if len(found) > 1:
        shown = ", ".join(found[:5])
        text = f"There are several tables ({shown}): name the one to read runs.csv or runs.json."
        raise Refusal.field("file", text)
    return found[0] if found else None
