"""Media inside a page. What would make it too heavy gives way to a small picture and a sentence."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from rivya_bridge.files import store
from rivya_bridge.files.derived import peaks_path
from rivya_bridge.files.models import Kind, StoredFile
from rivya_bridge.refusals import Missing

MEGABYTE = 1_048_576
FILE_BYTES = 12 * MEGABYTE
PAGE_BYTES = 40 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as the page shows it. `data` is the file itself as an address, '' when it is left out;
    `picture` is its preview or peaks; `sentence` says what is missing and why."""

    kind: str
    mime_type: str
    name: str
    width: int | None
    height: int | None
    duration_seconds: float | None
    size_bytes: int
    sha256: str
    data: str = ""
    picture: str = ""
    sentence: str = ""


class Inliner:
    """Puts files into one page until it has PAGE_BYTES of media; each content counts once."""

    def __init__(self, *, file_bytes: int = FILE_BYTES, page_bytes: int = PAGE_BYTES) -> None:
        self._file_bytes = file_bytes
        self._left = page_bytes
        self._known: dict[str, Shown] = {}

    def show(self, file: StoredFile) -> Shown:
        """The same content is read once, and stands in the page as often as it is shown."""
        if file.sha256 not in self._known:
            self._known[file.sha256] = self._read(file)
        return self._known[file.sha256]

    def show_all(self, files: Iterable[StoredFile]) -> list[Shown]:
        return [self.show(file) for file in files]

    def _read(self, file: StoredFile) -> Shown:
        names = (
            "kind",
            "mime_type",
            "name",
            "width",
            "height",
            "duration_seconds",
            "size_bytes",
            "sha256",
        )
        facts: dict[str, Any] = {name: getattr(file, name) for name in names}
        shown = Shown(**facts, picture=_picture(file))
        path = store.path_of(file.sha256)
        if not path.is_file():
            return replace(shown, sentence="Its bytes are gone from the data folder.")
        size = f"{file.size_bytes / MEGABYTE:.1f} MB"
        if file.size_bytes > self._file_bytes:
            most = f"{self._file_bytes / MEGABYTE:g} MB"
            text = f"The file itself ({size}) is not in this page, which takes files up to {most}."
            return replace(shown, sentence=text)
        if file.size_bytes > self._left:
            text = f"The file itself ({size}) is not in this page, which is full with the others."
            return replace(shown, sentence=text)
        self._left -= file.size_bytes
        return replace(shown, data=_address(file.mime_type, path.read_bytes()))


def _picture(file: StoredFile) -> str:
    """What stands for a video or sound before it plays, and for every file that is left out."""
    if file.kind == Kind.AUDIO:
        try:
            return _address("image/svg+xml", peaks_path(file).read_bytes())
        except (Missing, OSError):
            return ""
    path = store.preview_path_of(file.sha256)
    if not file.preview_width or not path.is_file():
        return ""
    return _address("image/webp", path.read_bytes())


def _address(mime_type: str, content: bytes) -> str:
    return f"data:{mime_type};base64,{base64.b64encode(content).decode()}"
