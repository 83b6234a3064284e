"""The program that decodes what is compared: that of `files.decoding`, with acts of its own.

One of its own, so that a round of comparisons keeps no upload and no result waiting.
"""

from pathlib import Path
from typing import Any

from rivya_bridge.files.decoding.child import Act, serve
from rivya_bridge.likeness.pictures import read_picture
from rivya_bridge.likeness.sounds import read_sound
from rivya_bridge.likeness.videos import read_video
from rivya_bridge.likeness.wire import picture_to_wire, sound_to_wire, video_to_wire


def _image(path: Path, target: Path) -> dict[str, Any]:
    return picture_to_wire(read_picture(path))


def _audio(path: Path, target: Path) -> dict[str, Any]:
    return sound_to_wire(read_sound(path))


def _video(path: Path, target: Path) -> dict[str, Any]:
    return video_to_wire(read_video(path))


ACTS: dict[str, Act] = {"image": _image, "audio": _audio, "video": _video}

if __name__ == "__main__":
    serve(ACTS)
