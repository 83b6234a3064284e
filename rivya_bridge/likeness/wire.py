"""What is kept of media to compare them, as JSON and back; as `files.decoding.wire` does for facts."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from rivya_bridge.files.decoding.wire import shape_from_wire, shape_to_wire
from rivya_bridge.likeness.pictures import PicturePrint
from rivya_bridge.likeness.sounds import SoundPrint
from rivya_bridge.likeness.videos import VideoPrint

MediaPrint = PicturePrint | SoundPrint | VideoPrint
_BANDS = ("light", "blue", "red")


def picture_to_wire(found: PicturePrint) -> dict[str, Any]:
    bands = {band: base64.b64encode(getattr(found, band)).decode() for band in _BANDS}
    return {**bands, "width": found.width, "height": found.height}


def picture_from_wire(wire: Mapping[str, Any]) -> PicturePrint:
    bands = {band: base64.b64decode(wire[band]) for band in _BANDS}
    return PicturePrint(**bands, width=int(wire["width"]), height=int(wire["height"]))


def sound_to_wire(found: SoundPrint) -> dict[str, Any]:
    return {"shape": shape_to_wire(found.shape), "seconds": found.seconds}


def sound_from_wire(wire: Mapping[str, Any]) -> SoundPrint:
    return SoundPrint(shape_from_wire(wire["shape"]), wire["seconds"])


def video_to_wire(found: VideoPrint) -> dict[str, Any]:
    return {"frames": [picture_to_wire(one) for one in found.frames], "seconds": found.seconds}


def video_from_wire(wire: Mapping[str, Any]) -> VideoPrint:
    return VideoPrint(tuple(picture_from_wire(one) for one in wire["frames"]), wire["seconds"])


FROM_WIRE: dict[str, Callable[[Mapping[str, Any]], MediaPrint]] = {
    "image": picture_from_wire,
    "audio": sound_from_wire,
    "video": video_from_wire,
}
