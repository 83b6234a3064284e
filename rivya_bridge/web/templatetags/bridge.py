"""Filters for numbers and text that people read in every app's pages."""

import json
import re
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def credits(value: int | str | None) -> str:
    """Credits with thin grouping; an em dash where unknown (templates make '' of what is absent)."""
    return "—" if value is None or value == "" else f"{value:,}".replace(",", "\u202f")


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
def there_time(moment: datetime) -> str:
    """A time as its own zone has it, with the zone's short name."""
    return moment.strftime("%a %Y-%m-%d %H:%M %Z")


@register.filter
def item(mapping: dict[str, Any], key: str) -> Any:
    """`mapping[key]`, or None."""
    return mapping.get(key)


# Shape first, then word, then colour: a status is never told by colour alone.
_MARKS = {
    "queued": '<circle cx="8" cy="8" r="6" stroke-dasharray="2.4 2.3"/>',
    "submitting": '<path d="M8 13V3M4 7l4-4 4 4"/>',
    "unconfirmed": '<path d="M5.5 6a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.7"/><path d="M8 13v.2"/>',
    "running": '<path d="M14 8a6 6 0 1 1-3-5.2"/>',
    "saving": '<path d="M8 3v10M4 9l4 4 4-4"/>',
    "held": '<path d="M5.5 3.5v9M10.5 3.5v9"/>',
    "succeeded": '<path d="M2.5 8.5l3.5 3.5 7.5-8"/>',
    "failed": '<path d="M3.5 3.5l9 9M12.5 3.5l-9 9"/>',
    "canceled": '<circle cx="8" cy="8" r="6"/><path d="M4 12l8-8"/>',
    "waiting": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>',
    "invalid": '<path d="M8 2.5l6 11H2z"/><path d="M8 7v2.5"/>',
    "retried": '<path d="M3 8a5 5 0 0 1 9-3M13 2v3.5H9.5"/>',
    "checking": '<path d="M3 4h10M3 8h10M3 12h5"/>',
    "checked": '<path d="M3 4h10M3 8h5M8 12l2 2 4-4.5"/>',
    "paused": '<path d="M5.5 3.5v9M10.5 3.5v9"/>',
    "finished": '<path d="M2.5 8.5l3.5 3.5 7.5-8"/>',
    "started": '<path d="M5 3.5v9l7.5-4.5z"/>',
    "skipped": '<path d="M3 4l5 4-5 4zM12.5 4v8"/>',
    "missed": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8"/>',
    "refused": '<circle cx="8" cy="8" r="6"/><path d="M4.5 8h7"/>',
    "recorded": '<circle cx="8" cy="8" r="3" fill="currentColor"/>',
}
_PILLS = {
    status: mark_safe(  # noqa: S308 - constant text
        f'<span class="status" data-status="{status}"><svg class="status-mark" viewBox="0 0 16 16" '
        'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" '
        f'stroke-linejoin="round" aria-hidden="true">{mark}</svg>{status}</span>'
    )
    for status, mark in _MARKS.items()
}


@register.filter
def status_pill(status: str) -> SafeString:
    """A status as mark and word."""
    return _PILLS[status]


@register.filter
def stars(rating: int | None) -> SafeString:
    """A rating as stars with its words for screen readers; nothing when unrated."""
    if not rating:
        return mark_safe("")
    return mark_safe(  # noqa: S308 - from a whole number
        f'<span class="stars" role="img" aria-label="{int(rating)} of 5">{"★" * int(rating)}'
        f"<span>{'★' * (5 - int(rating))}</span></span>"
    )


_VARIABLE = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)


@register.filter
def mark_variables(prompt: str) -> SafeString:
    """A prompt template with its ``{{ variables }}`` marked."""
    parts = _VARIABLE.split(prompt)
    marked = [
        format_html('<span class="var">{}</span>', part) if index % 2 else escape(part)
        for index, part in enumerate(parts)
    ]
    return mark_safe("".join(marked))  # noqa: S308 - every part was escaped
