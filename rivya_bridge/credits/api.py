"""The HTTP API's route for credits."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from rivya_bridge.connection import current_connection, one_connection
from rivya_bridge.credits.caps import set_caps, spending_caps, spent_today
from rivya_bridge.credits.selectors import spending, unexplained
from rivya_bridge.credits.services import refresh_wallet

router = Router(tags=["credits"])


class CreditsOut(Schema):
    """Whole credits. `current_credits` is null while Rivya was never reached; `error` says why."""

    account: str
    host: str
    base_url: str
    is_sandbox: bool
    current_credits: int | None
    reserved_credits: int
    pending_credits: int
    spent_credits: int
    unexplained_credits: int
    read_at: datetime | None
    error: str | None


class CapsIn(Schema):
    """Whole credits from 1 to 1,000,000; null lifts a cap."""

    run_cap: int | None = None
    day_cap: int | None = None


class CapsOut(CapsIn):
    """The caps in force, and what counts towards today's (UTC)."""

    spent_today: int


def _caps_out() -> dict[str, Any]:
    caps = spending_caps()
    today = spent_today(current_connection().account)
    return {"run_cap": caps.run_cap, "day_cap": caps.day_cap, "spent_today": today}


@router.get("/credits/caps", response=CapsOut, summary="The caps on spending")
def read_caps(request: HttpRequest) -> dict[str, Any]:
    return _caps_out()


@router.put("/credits/caps", response=CapsOut, summary="Set both caps on spending")
def change_caps(request: HttpRequest, payload: CapsIn) -> dict[str, Any]:
    """What is held for today's cap goes on within seconds if the new one has room."""
    set_caps(run_cap=payload.run_cap, day_cap=payload.day_cap)
    return _caps_out()


@router.get("/credits", response=CreditsOut, summary="The wallet, read now, and what was spent")
def read_credits(request: HttpRequest) -> dict[str, Any]:
    """Asks Rivya for the balance; when it does not answer, the last known one with the error."""
    with one_connection() as connection:
        wallet = refresh_wallet()
        sums = spending()
    return {
        "account": connection.account,
        "host": connection.host,
        "base_url": connection.base_url,
        "is_sandbox": connection.is_sandbox,
        "current_credits": wallet.current_credits,
        "reserved_credits": wallet.reserved_credits,
        "pending_credits": sums.pending,
        "spent_credits": sums.settled,
        "unexplained_credits": unexplained()[1],
        "read_at": wallet.read_at,
        "error": wallet.error or None,
    }
