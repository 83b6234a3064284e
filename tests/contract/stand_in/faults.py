"""What spoils one answer, by the address that was asked for."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from email.utils import formatdate

CREATE, READ, UPLOAD = "POST /generations$", "GET /generations/", "POST /files$"
STREAM, RESULT, CREDITS = "POST /chat/completions/stream$", "GET /media/", "GET /credits$"


@dataclass
class Fault:
    """`kind`: refuse, page, redirect, cut, half, or say; `is_after`: the work was done before.

    `half` cuts the usual answer in its middle, `say` answers 200 with `text`.
    """

    where: str
    kind: str
    status: int = 500
    code: str = "internal_error"
    times: int = 1
    is_after: bool = False
    retry_after: float | None = None
    as_date: bool = False
    text: str = ""
    met: int = field(default=0, compare=False)

    def meets(self, method: str, path: str) -> bool:
        """Whether it spoils this request; counts it then."""
        if self.met >= self.times or not re.search(self.where, f"{method} {path}"):
            return False
        self.met += 1
        return True

    def headers(self) -> list[tuple[str, str]]:
        """The wish to wait, in seconds or as a date."""
        if self.retry_after is None:
            return []
        if self.as_date:
            return [("Retry-After", formatdate(time.time() + self.retry_after, usegmt=True))]
        return [("Retry-After", f"{self.retry_after:.0f}")]
