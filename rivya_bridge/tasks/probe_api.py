"""The HTTP API's routes for the contract probe."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from rivya_bridge.connection import current_connection
from rivya_bridge.tasks.models import ContractProbe
from rivya_bridge.tasks.services.key_window import key_window, last_probe
from rivya_bridge.tasks.services.probe import plan_probe, run_probe

router = Router(tags=["tasks"])


class ProbeOut(Schema):
    """`outcome` is proved, refuted or unclear; `task_id` is the generation that was made."""

    id: UUID
    task_id: UUID
    outcome: str
    text: str
    first_remote_id: str | None
    second_remote_id: str
    balance_between: int | None
    balance_after: int | None
    started_at: datetime
    ended_at: datetime | None


class ContractOut(Schema):
    """How long a key may be repeated, the last probe, and what another one would use and cost."""

    key_window_seconds: int
    last_probe: ProbeOut | None
    model: str
    credits: int


class ProbeIn(Schema):
    spend: bool = Field(False, description="true agrees to spend the credits that GET names")


def probe_out(probe: ContractProbe) -> dict[str, Any]:
    """A probe in the API's words."""
    names = ("outcome", "text", "second_remote_id", "balance_between", "balance_after")
    times = {"started_at": probe.started_at, "ended_at": probe.ended_at}
    ids = {"id": probe.pk, "task_id": probe.task_id, "first_remote_id": probe.task.remote_id}
    return ids | times | {name: getattr(probe, name) for name in names}


@router.get("/contract-probe", response=ContractOut, summary="What is proved about repeating a key")
def read_contract(request: HttpRequest) -> dict[str, Any]:
    account = current_connection().account
    probe, plan = last_probe(account), plan_probe()
    return {
        "key_window_seconds": int(key_window(account).total_seconds()),
        "last_probe": probe_out(probe) if probe else None,
        "model": plan.model.id,
        "credits": plan.credits,
    }


@router.post("/contract-probe", response=ProbeOut, summary="Send one key twice; spends credits")
def probe_contract(request: HttpRequest, payload: ProbeIn) -> dict[str, Any]:
    """Makes one cheap generation, only with `spend`. Answers when both sendings have ended."""
    return probe_out(run_probe(consent=payload.spend))
