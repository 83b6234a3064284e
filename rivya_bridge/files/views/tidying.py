"""What nothing uses: shown first, with its size, and removed only when that is confirmed."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.files import store
from rivya_bridge.files.removing import Removed, removable_files, remove_files, remove_strays
from rivya_bridge.files.strays import stray_bytes, without_bytes
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.errors import add_refusal

MOST_SHOWN = 200
# A page answers within seconds; the command removes any number.
MOST_AT_ONCE = 500


@require_safe
def unused(request: HttpRequest) -> HttpResponse:
    """Files that nothing uses, bytes without a row, and rows without bytes."""
    now = timezone.now()
    files = removable_files(now)
    unused_ids = {file.pk for file in files}
    strays = stray_bytes(now)
    context = {
        "files": files[:MOST_SHOWN],
        "count": len(files),
        "at_once": min(len(files), MOST_AT_ONCE),
        "size": sum(file.size_bytes for file in files),
        "lost": {file.pk for file in files if not store.path_of(file.sha256).is_file()},
        "strays": len(strays),
        "stray_size": sum(stray.size_bytes for stray in strays),
        "broken": [file for file in without_bytes() if file.pk not in unused_ids],
    }
    return render(request, "files/unused.html", context)


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Removes the ticked ones (`file`), or all (`all`) if they are as many as were shown (`count`)."""
    try:
        files = _confirmed(request)
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        _say(request, remove_files(files, timezone.now()), "file", "files")
    return redirect("files:unused")


def _confirmed(request: HttpRequest) -> list[Any]:
    files = removable_files(timezone.now())
    if "all" in request.POST:
        if str(len(files)) != request.POST.get("count", ""):
            raise Refusal.field(
                "count",
                f"There are {len(files)} unused files now, not as many as were shown. Nothing was "
                "removed: look again and confirm again.",
            )
        return files[:MOST_AT_ONCE]
    ticked = set(request.POST.getlist("file")[:MOST_SHOWN])
    if not ticked:
        raise Refusal.field("file", "Nothing was ticked: tick the files to remove.")
    chosen = [file for file in files if str(file.pk) in ticked]
    if len(chosen) < len(ticked):
        messages.info(request, "Some of the ticked files are in use by now: they stay.")
    return chosen


@require_POST
def remove_stray(request: HttpRequest) -> HttpResponse:
    """Removes bytes without a row, if they are as many as were shown (`count`)."""
    strays = stray_bytes(timezone.now())
    if str(len(strays)) != request.POST.get("count", ""):
        text = f"There are {len(strays)} now, not as many as were shown. Nothing was removed."
        add_refusal(request, Refusal.field("count", text))
    else:
        _say(request, remove_strays(strays), "leftover", "leftovers")
    return redirect("files:unused")


def _say(request: HttpRequest, removed: Removed, one: str, many: str) -> None:
    noun = one if removed.files == 1 else many
    text = f"{removed.files} {noun} removed, {filesizeformat(removed.size_bytes)} freed."
    if removed.left:
        text += f" {removed.left} stayed, because they are in use or being added just now."
    messages.success(request, text)
