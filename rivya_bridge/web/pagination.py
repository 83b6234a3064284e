"""Keyset pages over rows whose primary key is a UUIDv7: newest first, no counting, no OFFSET."""

import uuid
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from rivya_bridge.refusals import Refusal

PAGE_SIZE = 50

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Up to a page of rows and the cursor of the page behind it (None at the end)."""

    items: list[Row]
    next_cursor: str | None
    is_first: bool


def read_cursor(raw: str | None) -> uuid.UUID | None:
    """The id behind which a page begins; Refusal when the text is no cursor of ours."""
    if not raw:
        return None
    try:
        return uuid.UUID(raw)
    except ValueError as error:
        raise Refusal.field(
            "cursor",
            f"{raw[:40]!r} is no cursor: take it from the `next` of a list, or leave it out.",
        ) from error


def keyset_page(
    rows: QuerySet[Row, Any], cursor: str | None, *, size: int = PAGE_SIZE
) -> Page[Row]:
    """The `size` newest rows behind `cursor`. One query; one row more is read to know the end."""
    after = read_cursor(cursor)
    rows = rows.order_by("-id")
    if after is not None:
        rows = rows.filter(id__lt=after)
    found = list(rows[: size + 1])
    items = found[:size]
    more = len(found) > size
    return Page(items, str(items[-1].pk) if more else None, after is None)
