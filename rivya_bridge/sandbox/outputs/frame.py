"""Size of a picture from the params that a model may have."""

from __future__ import annotations

import re
from typing import Any

RATIO_KEYS = ("aspect_ratio", "aspectRatio", "image_size", "imageSize", "size")
RESOLUTION_KEYS = ("resolution", "image_resolution")
LONG_SIDES = {"1K": 768, "2K": 1152, "4K": 1536}
NAMED_RATIOS = {"square": (1, 1), "square_hd": (1, 1), "landscape": (16, 9), "portrait": (9, 16)}
SHORTEST_SIDE = 96

Size = tuple[int, int]


def picture_size(params: dict[str, Any], natural: float) -> Size:
    """Width and height in pixels; `natural` is the ratio where the params leave it open."""
    wanted = next((str(params[key]) for key in RESOLUTION_KEYS if key in params), "1K")
    long_side = LONG_SIDES.get(wanted, 768)
    if params.get("image_size") == "square_hd":
        long_side = 1024
    return fit(ratio(params) or natural, long_side)


def clip_size(params: dict[str, Any], natural: float) -> Size:
    """Width and height of a clip: at most 640 long and even on both sides."""
    width, height = fit(ratio(params) or natural, 640)
    return width // 2 * 2, height // 2 * 2


def ratio(params: dict[str, Any]) -> float | None:
    """Width by height as the params ask for it; None for auto, adaptive or nothing."""
    for key in RATIO_KEYS:
        value = str(params.get(key, ""))
        found = re.search(r"(?:^|_)(\d+)[:_](\d+)$", value)
        if found:
            wide, high = int(found[1]), int(found[2])
            # portrait_4_3 names the sides of the landscape and turns them.
            return high / wide if value.startswith("portrait") else wide / high
        if value in NAMED_RATIOS:
            wide, high = NAMED_RATIOS[value]
            return wide / high
    return None


def fit(wanted: float, long_side: int) -> Size:
    """A size of this ratio whose longer side is `long_side`."""
    if wanted >= 1:
        return long_side, max(SHORTEST_SIDE, round(long_side / wanted))
    return max(SHORTEST_SIDE, round(long_side * wanted)), long_side
