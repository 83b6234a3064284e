"""The tag `{% lucide "name" size=16 class="icon" %}`, each icon drawn once per process.

The package's own tag copies and writes the icon's XML every time, which costs a page with a dozen
icons more than its queries do.
"""

from functools import lru_cache

from django import template
from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide as draw

register = template.Library()


@register.simple_tag
def lucide(name: str, *, size: int | None = 24, **attributes: str) -> SafeString:
    """An icon as inline SVG; `attributes` with underscores for hyphens."""
    return _drawn(name, size, tuple(attributes.items()))


@lru_cache(maxsize=256)
def _drawn(name: str, size: int | None, attributes: tuple[tuple[str, str], ...]) -> SafeString:
    return SafeString(draw(name, size=size, **dict(attributes)))
