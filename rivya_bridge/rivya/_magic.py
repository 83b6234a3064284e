"""What a file is by its first bytes, as the vendor judges it too ("docs/api-files")."""

from pathlib import Path
from typing import Final

import filetype

from rivya_bridge.rivya.choices import FILE_LIMITS, SAME_MIME_TYPES

HEAD_BYTES: Final = 8_192


def mime_type_of(path: Path) -> str:
    """The MIME type by the file's signature, in the vendor's spelling.

    Raises OSError if it cannot be read, ValueError if it is no picture, video or sound.
    """
    with path.open("rb") as file:
        found = filetype.guess_mime(file.read(HEAD_BYTES))
    if not isinstance(found, str) or found.partition("/")[0] not in FILE_LIMITS:
        raise ValueError(f"{path.name} does not begin like a picture, a video or a sound")
    return SAME_MIME_TYPES.get(found, found)


def kind_of(mime_type: str) -> str:
    """image, video or audio."""
    return mime_type.partition("/")[0]
