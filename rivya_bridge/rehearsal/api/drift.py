"""The HTTP API's routes for drift schedules."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, read_idempotency_key
from rivya_bridge.automation.selectors import get_template
from rivya_bridge.automation.timing import describe_cron
from rivya_bridge.rehearsal import services
from rivya_bridge.rehearsal.models import DriftSchedule
from rivya_bridge.rehearsal.selectors.drift import (
    drift_schedules,
    drift_slots,
    get_drift_schedule,
)
from rivya_bridge.rehearsal.services import DriftOptions
from rivya_bridge.web.pagination import keyset_page

router = Router()
FIELDS = ("label", "cron", "zone", "credits_per_check", "credits_per_month")


class DriftScheduleIn(Schema):
    model_config = ConfigDict(extra="forbid")

    cron: str = Field(description="five fields, such as 0 6 * * 1")
    zone: str = Field("UTC", description="an IANA name, such as Europe/Berlin")
    label: str = Field("", description="the version it names; the current one without")
    credits_per_check: int = Field(description="a check that is expected to cost more is skipped")
    credits_per_month: int = Field(description="of a calendar month in that zone")


class DriftScheduleChangeIn(Schema):
    """What is left out stays. `enabled` switches it on or off."""

    model_config = ConfigDict(extra="forbid")

    cron: str | None = None
    zone: str | None = None
    label: str | None = None
    credits_per_check: int | None = None
    credits_per_month: int | None = None
    enabled: bool | None = None


class DriftScheduleOut(Schema):
    """`month_credits` is what this month's checks have cost or are expected to; `note` needs a person."""

    id: UUID
    template: str
    label: str
    cron: str
    description: str
    zone: str
    credits_per_check: int
    credits_per_month: int
    month_credits: int
    enabled: bool
    next_at: datetime | None
    note: str
    created_at: datetime


class DriftSlotOut(Schema):
    """`status` is started, queued, skipped, missed or refused; `reason` says why."""

    due_at: datetime
    status: str
    reason: str
    rehearsal: UUID | None
    verdict: str


class DriftSlotPageOut(Schema):
    items: list[DriftSlotOut]
    next: str | None


def _out(schedule: DriftSchedule) -> dict[str, Any]:
    return {
        "id": schedule.pk,
        "template": schedule.template.slug,
        **{name: getattr(schedule, name) for name in FIELDS},
        "description": describe_cron(schedule.cron),
        "month_credits": services.month_credits(schedule, timezone.now()),
        "enabled": schedule.is_enabled,
        "next_at": schedule.next_at if schedule.is_enabled else None,
        "note": schedule.note,
        "created_at": schedule.created_at,
    }


@router.get(
    "/templates/{slug}/drift-schedules",
    response=list[DriftScheduleOut],
    summary="Its drift schedules, newest first",
)
def list_drift_schedules(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    return [_out(row) for row in drift_schedules(get_template(slug))]


@router.post(
    "/templates/{slug}/drift-schedules",
    response={200: DriftScheduleOut, 201: DriftScheduleOut},
    summary="Make a drift schedule, which is on from then",
)
def create_drift_schedule(
    request: HttpRequest, slug: str, payload: DriftScheduleIn, key: IdempotencyKey = None
) -> Status[dict[str, Any]]:
    template = get_template(slug)
    body = payload.dict()

    def make() -> str:
        return str(services.create_drift_schedule(template, DriftOptions(**body)).pk)

    scope = scope_of(request, f"drift:{template.pk}")
    made, is_new = do_once(scope, read_idempotency_key(key), body, make)
    return Status(201 if is_new else 200, _out(get_drift_schedule(made)))


@router.get(
    "/drift-schedules/{uuid:schedule_id}", response=DriftScheduleOut, summary="One drift schedule"
)
def read_drift_schedule(request: HttpRequest, schedule_id: UUID) -> dict[str, Any]:
    return _out(get_drift_schedule(schedule_id))


@router.patch(
    "/drift-schedules/{uuid:schedule_id}",
    response=DriftScheduleOut,
    summary="Change a drift schedule, or switch it on or off",
)
def change_drift_schedule(
    request: HttpRequest, schedule_id: UUID, payload: DriftScheduleChangeIn
) -> dict[str, Any]:
    schedule = get_drift_schedule(schedule_id)
    changes = {name: value for name, value in payload.dict().items() if value is not None}
    enabled = changes.pop("enabled", None)
    if changes:
        kept = {name: getattr(schedule, name) for name in FIELDS}
        schedule = services.change_drift_schedule(schedule, DriftOptions(**kept | changes))
    if enabled is not None:
        schedule = services.switch_drift_schedule(schedule, on=enabled)
    return _out(schedule)


@router.delete(
    "/drift-schedules/{uuid:schedule_id}",
    response={204: None},
    summary="Remove it; its checks stay",
)
def delete_drift_schedule(request: HttpRequest, schedule_id: UUID) -> Status[None]:
    services.delete_drift_schedule(get_drift_schedule(schedule_id))
    return Status(204, None)


@router.get(
    "/drift-schedules/{uuid:schedule_id}/slots",
    response=DriftSlotPageOut,
    summary="What became of its times, newest first",
)
def list_drift_slots(request: HttpRequest, schedule_id: UUID, cursor: str = "") -> dict[str, Any]:
    page = keyset_page(drift_slots(get_drift_schedule(schedule_id)), cursor)
    items = [
        {
            "due_at": slot.due_at,
            "status": slot.status,
            "reason": slot.reason,
            "rehearsal": slot.rehearsal_id,
            "verdict": slot.rehearsal.verdict if slot.rehearsal else "",
        }
        for slot in page.items
    ]
    return {"items": items, "next": page.next_cursor}
