"""What is made from a file and can be made again: previews, peaks, the copy for blind votes."""

from pathlib import Path

from rivya_bridge.files import store
from rivya_bridge.files.decoding import asking
from rivya_bridge.files.media import NotMedia, signature
from rivya_bridge.files.models import Kind, StoredFile
from rivya_bridge.files.peaks import draw
from rivya_bridge.files.preview import LONG_SIDE, SIDES, shrink
from rivya_bridge.files.services import lost_bytes
from rivya_bridge.refusals import Missing


def preview_path(file: StoredFile, side: int = LONG_SIDE) -> Path:
    """A preview of one of SIDES. A smaller one is made now for a file that was kept before it was.

    Raises Missing where there is none.
    """
    if not file.preview_width or side not in SIDES:
        raise Missing(f"{file.name} has no preview picture of that size: open the file itself.")
    largest = store.preview_path_of(file.sha256)
    if not largest.is_file():
        _make_previews(file)
    wanted = store.preview_path_of(file.sha256, side)
    if side >= max(file.preview_width, file.preview_height):
        return largest
    if wanted.is_file():
        return wanted
    return store.write_preview(file.sha256, shrink(largest.read_bytes(), side), side)


def _make_previews(file: StoredFile) -> None:
    """Somebody emptied the folder of previews: all of this file's are made again."""
    try:
        found = asking.inspect(_source(file))
    except NotMedia as error:
        raise Missing(f"The preview of {file.name} cannot be made: {error}") from error
    for side, preview in zip(SIDES, found.previews, strict=False):
        store.write_preview(file.sha256, preview.webp, side)


def peaks_path(file: StoredFile) -> Path:
    """The drawing of a sound's peaks; made now for a file that was kept before they were drawn.

    Raises Missing when there is no sound to draw, or its bytes are gone.
    """
    drawing = store.peaks_path_of(file.sha256)
    if drawing.is_file():
        return drawing
    if file.kind != Kind.AUDIO:
        raise Missing(f"{file.name} has no sound to draw: open the file itself.")
    try:
        shape = asking.measure(_source(file))
    except NotMedia as error:
        raise Missing(f"The sound of {file.name} cannot be read: {error}") from error
    StoredFile.objects.filter(pk=file.pk).update(level_db=shape.level_db)
    return store.write_peaks(file.sha256, draw(shape.peaks).encode())


def blind_path(file: StoredFile) -> Path:
    """The copy that tells nothing of its maker, made at its first use.

    Raises Missing when the bytes are gone or cannot be copied: the file itself is never shown instead.
    """
    copy = store.blind_path_of(file.sha256)
    if copy.is_file():
        return copy
    source = _source(file)
    try:
        return store.make_blind(file.sha256, lambda target: asking.write_blind(source, target))
    except NotMedia as error:
        raise Missing(f"This result cannot be shown without telling its maker: {error}") from error


def blind_type(file: StoredFile) -> str:
    """The media type of the copy, by its own bytes."""
    _, found = signature(store.blind_path_of(file.sha256))
    if file.kind == Kind.AUDIO and (found or "").startswith("video/"):
        return "audio/mp4"
    return found or "application/octet-stream"


def _source(file: StoredFile) -> Path:
    path = store.path_of(file.sha256)
    if not path.is_file():
        raise lost_bytes(file)
    return path
