"""The page of all files, and adding some."""

import re
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from rivya_bridge.files import store
from rivya_bridge.files.models import Kind
from rivya_bridge.files.selectors import get_file, listed_files
from rivya_bridge.files.services import MAX_FILES_AT_ONCE, store_uploads
from rivya_bridge.files.uses import is_named, uses_of
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page

FIELD_NAME = re.compile(r"[a-z][a-z_]{0,39}")


@require_GET
def list_files(request: HttpRequest) -> HttpResponse:
    """Files, newest first; ``?kind=`` and ``?cursor=`` narrow and page."""
    kind = request.GET.get("kind", "")
    page = keyset_page(listed_files(kind), request.GET.get("cursor"))
    wanted = {"kind": kind} if kind else {}
    context = {
        "page": page,
        "kind": kind,
        "kinds": Kind.choices,
        "first_query": urlencode(wanted),
        "next_query": urlencode({**wanted, "cursor": page.next_cursor or ""}),
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_files": MAX_FILES_AT_ONCE,
    }
    return render_page(request, "files/list.html", "files/_list.html", context)


@require_safe
def about(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """One file: what is known of it, and where it is used."""
    file = get_file(file_id)
    groups = uses_of(file)
    context = {
        "file": file,
        "groups": groups,
        "is_named": not groups and is_named(file),
        "has_bytes": store.path_of(file.sha256).is_file(),
        "uploads": file.remote_files.order_by("uploaded_at"),
    }
    return render(request, "files/about.html", context)


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Takes the form field ``files``: all of them, or none with the reasons."""
    try:
        stored = store_uploads(request.FILES.getlist("files"))
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        _say(request, len(stored))
    return redirect("files:list")


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """One file of a form that is still being filled in: its line in the form, or why it is refused.

    `name` is the form field that the file belongs to.
    """
    name = request.POST.get("name", "")
    if not FIELD_NAME.fullmatch(name):
        raise Refusal.field("name", "name must be the name of a form field.")
    try:
        stored = store_uploads(request.FILES.getlist("file"), field=name)
        if not stored:
            raise Refusal.field(name, "No file came: choose it again.")
    except Refusal as refusal:
        told = {"text": refusal.message}
        return render(request, "components/_refused_file.html", told, status=422)
    kept = {"file": stored[0], "name": name}
    return render(request, "components/_kept_file.html", kept, status=201)


def _say(request: HttpRequest, count: int) -> None:
    if count:
        noun = "file is" if count == 1 else "files are"
        messages.success(request, f"{count} {noun} in the vault.")
    else:
        messages.error(request, "No file was chosen: choose one or more, then add them.")
