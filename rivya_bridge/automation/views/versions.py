"""Pages of versions: all of a template, one, the next by editing, and what differs between two."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rivya_bridge.access.authors import author_of
from rivya_bridge.automation import services
from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.automation.selectors import (
    get_template,
    get_version,
    label_rows,
    move_rows,
    version_rows,
)
from rivya_bridge.automation.version_diff import version_diff
from rivya_bridge.automation.version_forms import (
    PARTS,
    LabelForm,
    TemplateForm,
    VersionForm,
    in_content,
)
from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.htmx import render_page
from rivya_bridge.web.pagination import keyset_page

MOVES = 30
MOST_NUMBERS = 200


def header_context(template: JobTemplate, tab: str) -> dict[str, Any]:
    """What the header and the tabs of a template's pages need."""
    version = template.current_version
    assert version is not None  # a template is made together with its first version
    names = model_names()
    return {
        "template": template,
        "version": version,
        "model_name": names.get(version.model_id, version.model_id),
        "tab": tab,
    }


def _context(request: HttpRequest, template: JobTemplate) -> dict[str, Any]:
    page = keyset_page(version_rows(template), request.GET.get("after"))
    newest = template.versions.order_by("-number").values_list("number", flat=True)
    numbers = list(newest[:MOST_NUMBERS])
    labels = [(label, _label_form(label, numbers)) for label in label_rows(template)]
    return header_context(template, "versions") | {
        "page": page,
        "numbers": numbers,
        "labels": labels,
        "new_label": LabelForm(numbers, prefix="new"),
        "moves": move_rows(template)[:MOVES],
        "template_form": TemplateForm(
            initial={"name": template.name, "description": template.description}
        ),
        "next_query": f"after={page.next_cursor}",
        "first_query": "",
    }


def _label_form(label: Any, numbers: list[int]) -> LabelForm:
    at = label.version.number
    given = {"name": label.name, "seen": at, "version": at}
    return LabelForm(numbers, initial=given, prefix=label.name)


@require_safe
def versions(request: HttpRequest, slug: str) -> HttpResponse:
    """Every version with its author, reason and verdict, and where the labels stand."""
    context = _context(request, get_template(slug))
    return render_page(request, "automation/versions.html", "automation/_versions.html", context)


@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    template = get_template(slug)
    shown = get_version(template, number)
    context = header_context(template, "versions") | {
        "shown": shown,
        "previous": number - 1,
        "parts": [(name, getattr(shown, name)) for name in PARTS if name != "model_id"],
    }
    return render(request, "automation/version.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The next version, beginning from this one; nothing of this one changes."""
    template = get_template(slug)
    start = get_version(template, number)
    form = VersionForm(request.POST or None, initial=VersionForm.initial_of(start))
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add_version(template, form.to_draft(author_of(request)))
        except Refusal as refusal:
            add_problems(form, in_content(refusal))
        else:
            messages.success(request, f"Version {made.number} is made and is the current one.")
            where = reverse("automation:version_diff", args=[slug])
            return redirect(f"{where}?from={number}&to={made.number}")
    context = header_context(template, "versions") | {"start": start, "form": form}
    status = 422 if form.errors else 200
    return render(request, "automation/version_edit.html", context, status=status)


@require_safe
def difference(request: HttpRequest, slug: str) -> HttpResponse:
    """What differs between any two versions."""
    template = get_template(slug)
    before, after = (_asked(request, template, name) for name in ("from", "to"))
    newest = template.versions.order_by("-number").values_list("number", flat=True)
    context = header_context(template, "versions") | {
        "before": before,
        "after": after,
        "difference": version_diff(before, after),
        "numbers": newest[:MOST_NUMBERS],
    }
    return render(request, "automation/version_diff.html", context)


def _asked(request: HttpRequest, template: JobTemplate, name: str) -> TemplateVersion:
    raw = request.GET.get(name, "")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 10):
        raise Missing(f"{name} is {raw[:40]!r}: give the number of a version of {template.slug}.")
    return get_version(template, int(raw))


@require_POST
def move(request: HttpRequest, slug: str) -> HttpResponse:
    """Moves a label, or makes it; what is refused is said on the page."""
    template = get_template(slug)
    newest = template.versions.order_by("-number").values_list("number", flat=True)
    prefix = request.POST.get("form", "new")[:60]
    form = LabelForm(list(newest[:MOST_NUMBERS]), request.POST, prefix=prefix)
    if not form.is_valid():
        for name, errors in form.errors.items():
            messages.error(request, f"{name}: {' '.join(str(error) for error in errors)}")
        return redirect("automation:versions", slug)
    try:
        given = form.cleaned_data
        label = services.move_label(
            template,
            given["name"],
            given["version"],
            seen=given["seen"],
            reason=given["reason"],
            author=author_of(request),
        )
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        messages.success(request, f"{label.name} stands at version {label.version.number}.")
    return redirect("automation:versions", slug)


@require_POST
def roll_back(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Back to the version before the last move, unless somebody moved it since the page was made."""
    template = get_template(slug)
    seen = request.POST.get("seen", "")
    number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
    try:
        label = services.roll_back_label(template, name, seen=number, author=author_of(request))
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        messages.success(request, f"{label.name} is back at version {label.version.number}.")
    return redirect("automation:versions", slug)


@require_POST
def rename(request: HttpRequest, slug: str) -> HttpResponse:
    """Another name or description; the address stays, because callers depend on it."""
    template = get_template(slug)
    try:
        services.update_template(
            template,
            name=request.POST.get("name", ""),
            description=request.POST.get("description", ""),
        )
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        messages.success(request, "Saved.")
    return redirect("automation:versions", slug)
