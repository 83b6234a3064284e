"""What every answer carries beside its fields."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AnswerMeta:
    """Where an object came from. `received_at` is UTC, by this machine's clock."""

    http_status: int
    request_id: str | None
    received_at: datetime
