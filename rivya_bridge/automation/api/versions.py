"""The HTTP API's routes for versions and labels."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from rivya_bridge.access.authors import author_of
from rivya_bridge.access.idempotency import IdempotencyKey, scope_of
from rivya_bridge.access.services import do_once, read_idempotency_key
from rivya_bridge.automation import services
from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.models import LabelMove, TemplateLabel, TemplateVersion
from rivya_bridge.automation.selectors import (
    get_template,
    get_version,
    label_rows,
    move_rows,
    version_rows,
)
from rivya_bridge.web.pagination import keyset_page

router = Router()
CONTENT = (
    "prompt", "variables", "fixed_params", "exposed_params", "file_slots", "expected",
    "credit_cap", "reason",
)  # fmt: skip


class VersionOut(Schema):
    """One immutable version; `labels` are those that stand at it now."""

    template: str
    number: int
    labels: list[str]
    model: str
    category: str
    prompt: str
    variables: list[dict[str, Any]]
    fixed_params: dict[str, Any]
    exposed_params: list[dict[str, Any]]
    file_slots: list[dict[str, Any]]
    expected: dict[str, Any]
    credit_cap: int
    reason: str
    author: str
    created_at: datetime


class VersionPageOut(Schema):
    items: list[VersionOut]
    next: str | None


class VersionIn(Schema):
    """A whole version; `reason` says why it is made."""

    model_config = ConfigDict(extra="forbid")

    model: str
    credit_cap: int
    reason: str = Field(min_length=1)
    prompt: str = ""
    variables: list[dict[str, Any]] = []
    fixed_params: dict[str, Any] = {}
    exposed_params: list[dict[str, Any]] = []
    file_slots: list[dict[str, Any]] = []
    expected: dict[str, Any] = {}


class LabelOut(Schema):
    name: str
    version: int
    moved_at: datetime


class LabelIn(Schema):
    model_config = ConfigDict(extra="forbid")

    version: int
    seen: int | None = Field(
        description="the version at which you saw it, null when there was no such label"
    )
    reason: str


class MoveOut(Schema):
    label: str
    from_version: int | None
    to_version: int
    reason: str
    author: str
    created_at: datetime


class MovePageOut(Schema):
    items: list[MoveOut]
    next: str | None


def _version_out(slug: str, version: TemplateVersion) -> dict[str, Any]:
    return {
        "template": slug,
        "number": version.number,
        "labels": [label.name for label in version.labels.all()],
        "model": version.model_id,
        "category": version.category,
        "author": version.author,
        "created_at": version.created_at,
        **{name: getattr(version, name) for name in CONTENT},
    }


def _label_out(label: TemplateLabel) -> dict[str, Any]:
    return {"name": label.name, "version": label.version.number, "moved_at": label.moved_at}


def _move_out(move: LabelMove) -> dict[str, Any]:
    return {
        "label": move.label.name,
        "from_version": move.from_version.number if move.from_version else None,
        "to_version": move.to_version.number,
        "reason": move.reason,
        "author": move.author,
        "created_at": move.created_at,
    }


@router.get(
    "/templates/{slug}/versions", response=VersionPageOut, summary="Its versions, newest first"
)
def list_versions(request: HttpRequest, slug: str, cursor: str = "") -> dict[str, Any]:
    page = keyset_page(version_rows(get_template(slug)), cursor)
    items = [_version_out(slug, version) for version in page.items]
    return {"items": items, "next": page.next_cursor}


@router.get("/templates/{slug}/versions/{int:number}", response=VersionOut, summary="One version")
def read_version(request: HttpRequest, slug: str, number: int) -> dict[str, Any]:
    return _version_out(slug, get_version(get_template(slug), number))


@router.post(
    "/templates/{slug}/versions",
    response={200: VersionOut, 201: VersionOut},
    summary="Add the next version",
)
def create_version(
    request: HttpRequest, slug: str, payload: VersionIn, key: IdempotencyKey = None
) -> Status[dict[str, Any]]:
    """It becomes the current version; labels stay where they are, and earlier versions never change."""
    template = get_template(slug)

    def make() -> str:
        content = {name: getattr(payload, name) for name in CONTENT}
        draft = Draft(model_id=payload.model, author=author_of(request), **content)
        return str(services.add_version(template, draft).number)

    scope = scope_of(request, f"versions:{template.pk}")
    number, is_new = do_once(scope, read_idempotency_key(key), payload.dict(), make)
    made = get_version(template, int(number))
    return Status(201 if is_new else 200, _version_out(slug, made))


@router.get("/templates/{slug}/labels", response=list[LabelOut], summary="Its labels, by name")
def list_labels(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    return [_label_out(label) for label in label_rows(get_template(slug))]


@router.put("/templates/{slug}/labels/{name}", response=LabelOut, summary="Move or make a label")
def write_label(request: HttpRequest, slug: str, name: str, payload: LabelIn) -> dict[str, Any]:
    """One step: nobody ever sees two versions or none. 409 when it no longer stands at `seen`."""
    label = services.move_label(
        get_template(slug),
        name,
        payload.version,
        seen=payload.seen,
        reason=payload.reason,
        author=author_of(request),
    )
    return _label_out(label)


@router.get(
    "/templates/{slug}/label-moves", response=MovePageOut, summary="Every move, newest first"
)
def list_moves(request: HttpRequest, slug: str, cursor: str = "") -> dict[str, Any]:
    page = keyset_page(move_rows(get_template(slug)), cursor)
    return {"items": [_move_out(move) for move in page.items], "next": page.next_cursor}
