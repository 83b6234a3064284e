"""A media task as the vendor reports it ("docs/api-generation-status")."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rivya_bridge.rivya.choices import SUCCEEDED_STATUS, TERMINAL_STATUSES
from rivya_bridge.rivya.errors import Spent
from rivya_bridge.rivya.types import _fields as fields
from rivya_bridge.rivya.types.answer import AnswerMeta


@dataclass(frozen=True, slots=True)
class Generation:
    """One task of the vendor.

    `status`: queued, processing, succeeded or failed; a word unknown today is kept as it came.
    `reserved_credits`, `final_credits`: whole credits, 0 where the answer names none; a success
    that names no charge is taken to cost what was reserved. `urls`: absolute addresses of the
    results, `primary_url` first. `error_code`, `error_message`: of a failed task. `raw`: the whole
    answer.
    """

    id: str
    status: str
    model: str
    reserved_credits: int
    final_credits: int
    created_at: datetime | None
    updated_at: datetime | None
    primary_url: str | None
    urls: tuple[str, ...]
    error_code: str | None
    error_message: str | None
    meta: AnswerMeta = field(compare=False)
    raw: dict[str, Any] = field(repr=False, compare=False)

    @property
    def is_terminal(self) -> bool:
        """True once the vendor will not change this task any more."""
        return self.status in TERMINAL_STATUSES


def read_generation(
    data: dict[str, Any], meta: AnswerMeta, *, origin: str, spent: Spent
) -> Generation:
    """A Generation from JSON. Raises BadAnswer if `id` or `status` is missing.

    `spent` is what such an error says about credits: unknown after a submit, no after a read.
    """
    task_id = fields.identifier(data.get("id"))
    status = fields.identifier(data.get("status"))
    if task_id is None:
        fields.missing("generation", "id", data, meta, spent)
    if status is None:
        fields.missing("generation", "status", data, meta, spent)
    urls = _urls(data.get("result"), origin)
    code, message = _error(data.get("error"))
    reserved = fields.credit_amount(data.get("reserved_credits")) or 0
    final = fields.credit_amount(data.get("final_credits"))
    if final is None:
        final = reserved if status == SUCCEEDED_STATUS else 0
    return Generation(
        id=task_id,
        status=status,
        model=fields.text(data.get("model")) or "",
        reserved_credits=reserved,
        final_credits=final,
        created_at=fields.moment(data.get("created_at")),
        updated_at=fields.moment(data.get("updated_at")),
        primary_url=urls[0] if urls else None,
        urls=urls,
        error_code=code,
        error_message=message,
        meta=meta,
        raw=data,
    )


def _urls(result: Any, origin: str) -> tuple[str, ...]:
    """All addresses, the primary one first, each once."""
    if not isinstance(result, dict):
        return ()
    found = [result.get("primary_url"), *fields.texts(result.get("urls"))]
    absolute = (fields.web_url(url, origin) for url in found)
    return tuple(dict.fromkeys(url for url in absolute if url))


def _error(error: Any) -> tuple[str | None, str | None]:
    if isinstance(error, str):
        return None, error or None
    if not isinstance(error, dict):
        return None, None
    return fields.identifier(error.get("code")), fields.text(error.get("message"))
