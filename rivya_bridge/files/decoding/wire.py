"""What was found of a file, as JSON and back. No pickles: the other side reads hostile bytes."""

import base64
from dataclasses import asdict, replace
from typing import Any

from rivya_bridge.files.media import Media
from rivya_bridge.files.peaks import Shape
from rivya_bridge.files.preview import Preview


def media_to_wire(found: Media) -> dict[str, Any]:
    """Facts of a file with its previews as text."""
    wire = asdict(replace(found, previews=(), shape=None))
    wire["previews"] = [
        [base64.b64encode(one.webp).decode(), one.width, one.height] for one in found.previews
    ]
    wire["shape"] = shape_to_wire(found.shape) if found.shape else None
    return wire


def media_from_wire(wire: dict[str, Any]) -> Media:
    previews = tuple(
        Preview(base64.b64decode(webp), int(width), int(height))
        for webp, width, height in wire["previews"]
    )
    shape = shape_from_wire(wire["shape"]) if wire["shape"] else None
    return Media(**{**wire, "previews": previews, "shape": shape})


def shape_to_wire(shape: Shape) -> dict[str, Any]:
    return {"peaks": list(shape.peaks), "level_db": shape.level_db}


def shape_from_wire(wire: dict[str, Any]) -> Shape:
    return Shape(tuple(map(float, wire["peaks"])), float(wire["level_db"]))
