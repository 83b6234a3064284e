"""The HTTP API's route that checks the account in use: what follows from it reaches several apps."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from rivya_bridge.connection import current_connection
from rivya_bridge.connection.api import ConnectionOut, connection_out
from rivya_bridge.dashboard.checking import check_account

router = Router(tags=["connection"])


@router.post("/connection/check", response=ConnectionOut, summary="Check the connection in use")
def check_connection(request: HttpRequest) -> dict[str, Any]:
    """Asks for models, credits and scopes without spending, at most half a minute in all.

    A check that passes lets go on what was held because the key was refused. `check.problem` says
    what went wrong.
    """
    check_account(current_connection())
    return connection_out()
