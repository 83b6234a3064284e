"""A file upload as multipart/form-data: streamed from disk, with a length known beforehand."""

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

Progress = Callable[[int], None]

_PIECE_BYTES: Final = 65_536
# RFC 7578 leaves file names to browsers' practice: these three are percent-encoded.
_NAME_ESCAPES: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class FileUpload:
    """One file with its fields, iterable again and again, byte for byte the same each time.

    `length`: bytes of the whole body. `on_progress` gets the file bytes handed over so far.
    Raises OSError if the file cannot be read, ValueError if it changes while it is sent.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        mime_type: str,
        fields: Mapping[str, str],
        on_progress: Progress | None = None,
    ) -> None:
        if not mime_type.isascii() or not mime_type.isprintable():
            raise ValueError("mime_type must be plain text such as image/png")
        self._path = path
        self._on_progress = on_progress
        self._boundary = uuid.uuid4().hex
        self._size = os.stat(path).st_size
        self._head = self._fields(fields) + self._file_header(name, mime_type)
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()
        self.length = len(self._head) + self._size + len(self._tail)

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self._boundary}"

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        yield from self._file_pieces()
        yield self._tail

    def _file_pieces(self) -> Iterator[bytes]:
        handed_over = 0
        with self._path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                handed_over += len(piece)
                if handed_over > self._size:
                    break
                yield piece
                if self._on_progress:
                    self._on_progress(handed_over)
        if handed_over != self._size:
            raise ValueError(f"{self._path.name} changed while it was being uploaded")

    def _fields(self, fields: Mapping[str, str]) -> bytes:
        return b"".join(
            f"--{self._boundary}\r\n"
            f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        )

    def _file_header(self, name: str, mime_type: str) -> bytes:
        return (
            f"--{self._boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; '
            f'filename="{name.translate(_NAME_ESCAPES)}"\r\n'
            f"Content-Type: {mime_type}\r\n\r\n"
        ).encode()
