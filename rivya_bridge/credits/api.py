"""The HTTP API's route for credits."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from rivya_bridge.connection import one_connection
from rivya_bridge.credits.selectors import spending
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
    read_at: datetime | None
    error: str | None


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
        "read_at": wallet.read_at,
        "error": wallet.error or None,
    }
