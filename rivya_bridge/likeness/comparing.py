"""One door to all kinds: what a result looks like, and how far apart two of them are."""

import sys
from pathlib import Path

from rivya_bridge.files import store
from rivya_bridge.files.decoding.asking import decoders
from rivya_bridge.files.decoding.limits import Limits
from rivya_bridge.files.media import NotMedia
from rivya_bridge.files.models import StoredFile
from rivya_bridge.likeness.answers import text_distance
from rivya_bridge.likeness.distance import Distance, NotComparable, identical
from rivya_bridge.likeness.pictures import PicturePrint, picture_distance
from rivya_bridge.likeness.sounds import SoundPrint, sound_distance
from rivya_bridge.likeness.videos import VideoPrint, video_distance
from rivya_bridge.likeness.wire import FROM_WIRE, MediaPrint

Result = StoredFile | Path | str
Print = MediaPrint | str

COMMAND = (sys.executable, "-m", "rivya_bridge.likeness.child")
# Up to 1,800 frames of a video are decoded, with nobody waiting.
LIMITS = Limits(seconds=60)


def compare(kind: str, a: Result, b: Result) -> Distance:
    """The distance of two results of a kind: image, video, audio (files), or chat (texts).

    The same content is known by its hash without decoding. Raises NotComparable with a sentence when a
    file is missing, damaged, too much to decode, or of another kind, and Unavailable when the program that
    decodes does not answer. Takes up to seconds: not for the path of a request.
    """
    if isinstance(a, StoredFile) and isinstance(b, StoredFile) and a.sha256 == b.sha256:
        _check_kind(kind, a)
        return identical(kind)
    return distance(read(kind, a), read(kind, b))


def read(kind: str, result: Result) -> Print:
    """What is needed of a result to compare it, so that one of many pairs is decoded once.

    Raises NotComparable, Unavailable.
    """
    if kind == "chat":
        if not isinstance(result, str):
            raise NotComparable("Answers of a chat are compared as texts, not as files.")
        return result
    if kind not in FROM_WIRE or isinstance(result, str):
        raise NotComparable(f"Results of the kind {kind[:20]!r} cannot be compared here.")
    _check_kind(kind, result)
    path = store.path_of(result.sha256) if isinstance(result, StoredFile) else result
    try:
        return FROM_WIRE[kind](decoders(COMMAND).ask(kind, path, LIMITS))
    except NotMedia as error:
        if not path.is_file():
            text = f"The bytes of {result.name} are gone from the data folder."
            raise NotComparable(text) from None
        raise NotComparable(f"{result.name} cannot be read as {kind}: {error}") from error


def distance(a: Print, b: Print) -> Distance:
    """How far apart two results are that were read as the same kind. Raises NotComparable."""
    match a, b:
        case PicturePrint(), PicturePrint():
            return picture_distance(a, b)
        case SoundPrint(), SoundPrint():
            return sound_distance(a, b)
        case VideoPrint(), VideoPrint():
            return video_distance(a, b)
        case str(), str():
            return text_distance(a, b)
    raise NotComparable("Results of two different kinds cannot be compared.")


def _check_kind(kind: str, result: StoredFile | Path) -> None:
    if isinstance(result, StoredFile) and result.kind != kind:
        raise NotComparable(f"{result.name} is {result.kind}, not {kind}.")
