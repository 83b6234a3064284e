"""The wallet's balance ("docs/api-credits")."""

import math
from dataclasses import dataclass, field
from typing import Any

from rivya_bridge.rivya.choices import CREDITS_MAX
from rivya_bridge.rivya.types import _fields as fields
from rivya_bridge.rivya.types.answer import AnswerMeta


@dataclass(frozen=True, slots=True)
class Credits:
    """`current_credits`: whole credits in the wallet that Studio and API share."""

    current_credits: int
    meta: AnswerMeta = field(compare=False)
    raw: dict[str, Any] = field(repr=False, compare=False)


def read_credits(data: dict[str, Any], meta: AnswerMeta) -> Credits:
    """Credits from JSON; a fraction is rounded down. Raises BadAnswer without a balance."""
    balance = fields.number(data.get("current_credits"))
    if balance is None or abs(balance) > CREDITS_MAX:
        fields.missing("balance", "current_credits", data, meta, "no")
    return Credits(current_credits=math.floor(balance), meta=meta, raw=data)
