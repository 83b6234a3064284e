"""The HTTP API's routes for schedules."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, read_idempotency_key
from rivya_bridge.automation import services
from rivya_bridge.automation.models import Schedule, ScheduleSlot
from rivya_bridge.automation.selectors import (
    get_schedule,
    get_template,
    next_moments,
    schedule_rows,
    slot_rows,
)
from rivya_bridge.automation.services import ScheduleOptions
from rivya_bridge.automation.timing import describe_cron
from rivya_bridge.web.pagination import keyset_page

router = Router()
FIELDS = ("name", "cron", "zone", "inputs", "overlap", "catch_up", "catch_up_limit", "label")


class ScheduleIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: str
    cron: str = Field(description="five fields, such as 0 9 * * 1-5")
    zone: str = Field("UTC", description="an IANA name, such as Europe/Berlin")
    inputs: dict[str, Any] = Field({}, description="what each job is given")
    overlap: str = Field("skip", description="skip, queue or parallel")
    catch_up: str = Field("skip", description="skip, latest or all")
    catch_up_limit: int = 10
    label: str = Field("", description="the version it names; the current one without")


class ScheduleChangeIn(Schema):
    """What is left out stays. `enabled` switches it on or off."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    cron: str | None = None
    zone: str | None = None
    inputs: dict[str, Any] | None = None
    overlap: str | None = None
    catch_up: str | None = None
    catch_up_limit: int | None = None
    label: str | None = None
    enabled: bool | None = None


class MomentOut(Schema):
    local: str
    utc: datetime


class ScheduleOut(Schema):
    """`description` says `cron` in words; `next` are the next five times; `note` needs a person."""

    id: UUID
    template: str
    name: str
    cron: str
    description: str
    zone: str
    inputs: dict[str, Any]
    overlap: str
    catch_up: str
    catch_up_limit: int
    label: str
    enabled: bool
    next: list[MomentOut]
    note: str
    created_at: datetime


class SchedulePageOut(Schema):
    items: list[ScheduleOut]
    next: str | None


class SlotOut(Schema):
    due_at: datetime
    status: str
    reason: str
    job: UUID | None


class SlotPageOut(Schema):
    items: list[SlotOut]
    next: str | None


def _out(schedule: Schedule) -> dict[str, Any]:
    moments = next_moments(schedule.cron, schedule.zone, timezone.now())
    return {
        "id": schedule.pk,
        "template": schedule.template.slug,
        **{name: getattr(schedule, name) for name in FIELDS},
        "description": describe_cron(schedule.cron),
        "enabled": schedule.is_enabled,
        "next": [
            {"local": there.isoformat(), "utc": utc}
            for there, utc in (moments if schedule.is_enabled else [])
        ],
        "note": schedule.note,
        "created_at": schedule.created_at,
    }


def _slot_out(slot: ScheduleSlot) -> dict[str, Any]:
    return {
        "due_at": slot.due_at,
        "status": slot.status,
        "reason": slot.reason,
        "job": slot.job_id,
    }


@router.post(
    "/templates/{slug}/schedules",
    response={200: ScheduleOut, 201: ScheduleOut},
    summary="Make a schedule, which is on from then",
)
def create_schedule(
    request: HttpRequest, slug: str, payload: ScheduleIn, key: IdempotencyKey = None
) -> Status[dict[str, Any]]:
    template = get_template(slug)
    once = read_idempotency_key(key)
    body = payload.dict()

    def make() -> str:
        return str(services.create_schedule(template, ScheduleOptions(**body)).pk)

    scope = scope_of(request, f"schedules:{template.pk}")
    made, is_new = do_once(scope, once, body, make)
    return Status(201 if is_new else 200, _out(get_schedule(made)))


@router.get(
    "/templates/{slug}/schedules", response=SchedulePageOut, summary="Its schedules, newest first"
)
def list_schedules(request: HttpRequest, slug: str, cursor: str = "") -> dict[str, Any]:
    page = keyset_page(schedule_rows(get_template(slug)), cursor)
    return {"items": [_out(row) for row in page.items], "next": page.next_cursor}


@router.get("/schedules/{uuid:schedule_id}", response=ScheduleOut, summary="One schedule")
def read_schedule(request: HttpRequest, schedule_id: UUID) -> dict[str, Any]:
    return _out(get_schedule(schedule_id))


@router.get(
    "/schedules/{uuid:schedule_id}/slots",
    response=SlotPageOut,
    summary="What became of its times, newest first",
)
def list_slots(request: HttpRequest, schedule_id: UUID, cursor: str = "") -> dict[str, Any]:
    page = keyset_page(slot_rows(get_schedule(schedule_id)), cursor)
    return {"items": [_slot_out(slot) for slot in page.items], "next": page.next_cursor}


@router.patch("/schedules/{uuid:schedule_id}", response=ScheduleOut, summary="Change a schedule")
def change_schedule(
    request: HttpRequest, schedule_id: UUID, payload: ScheduleChangeIn
) -> dict[str, Any]:
    schedule = get_schedule(schedule_id)
    changes = {name: value for name, value in payload.dict().items() if value is not None}
    enabled = changes.pop("enabled", None)
    if changes:
        kept = {name: getattr(schedule, name) for name in FIELDS}
        schedule = services.update_schedule(schedule, ScheduleOptions(**kept | changes))
    if enabled is not None:
        schedule = services.switch_schedule(schedule, on=enabled)
    return _out(schedule)


@router.delete(
    "/schedules/{uuid:schedule_id}", response={204: None}, summary="Remove it; its jobs stay"
)
def delete_schedule(request: HttpRequest, schedule_id: UUID) -> Status[None]:
    services.delete_schedule(get_schedule(schedule_id))
    return Status(204, None)
