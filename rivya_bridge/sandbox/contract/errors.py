"""The one envelope of every refusal (docs/api-errors-and-limits)."""

from __future__ import annotations

from ..choices import ERROR_STATUS
from .words import TEXT, Json, one_of, record

SCHEMAS: Json = {
    "Error": record(
        error=record(code=one_of(sorted(ERROR_STATUS)), message=TEXT, requestId=TEXT),
    )
}
