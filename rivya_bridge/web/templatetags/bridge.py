"""Filters for numbers and text that people read in every app's pages."""

import json
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def credits(value: int | None) -> str:
    """Credits with thin grouping; an em dash where unknown."""
    return "—" if value is None else f"{value:,}".replace(",", "\u202f")


@register.filter
def pretty_json(value: Any) -> str:
    """JSON for reading: indented, keys in their own order."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def filesize(size_bytes: int | None) -> str:
    """Bytes as B, kB or MB (1 MB is 1,048,576 bytes, as in the limits of the API)."""
    if size_bytes is None:
        return "—"
    if size_bytes < 1024:
        return f"{size_bytes} B"
    if size_bytes < 1_048_576:
        return f"{size_bytes / 1024:.0f} kB"
    return f"{size_bytes / 1_048_576:.1f} MB"


@register.filter
def seconds(value: float | None) -> str:
    """A duration: 0.8 s, 12 s, 3 min 05 s."""
    if value is None:
        return "—"
    if value < 10:
        return f"{value:.1f} s"
    if value < 60:
        return f"{value:.0f} s"
    return f"{int(value // 60)} min {int(value % 60):02d} s"


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago, in one unit; the exact time belongs into the title attribute."""
    if moment is None:
        return "—"
    passed = max(0, int((timezone.now() - moment).total_seconds()))
    if passed < 45:
        return "just now"
    for limit, size, unit in ((3600, 60, "min"), (86400, 3600, "h"), (86400 * 14, 86400, "d")):
        if passed < limit:
            return f"{max(1, passed // size)} {unit} ago"
    return moment.strftime("%Y-%m-%d")


@register.filter
def exact(moment: datetime | None) -> str:
    """A time with its zone, to the second."""
    return "—" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S UTC")


@register.filter
def item(mapping: dict[str, Any], key: str) -> Any:
    """`mapping[key]`, or None."""
    return mapping.get(key)
