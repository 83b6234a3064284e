"""Template files: downloaded from a version, looked at, and imported; and their schema."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from rivya_bridge.access.authors import author_of
from rivya_bridge.automation import services
from rivya_bridge.automation.portable.documents import MOST_BYTES
from rivya_bridge.automation.portable.template_files import (
    KINDS,
    read_template_file,
    schema,
    template_of,
    write_version,
)
from rivya_bridge.automation.selectors import get_template, get_version
from rivya_bridge.automation.version_diff import version_diff
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.web.forms import add_problems

TYPES = {"yaml": "application/yaml; charset=utf-8", "json": "application/json"}


class ImportForm(forms.Form):
    """A file, or its text; the text is what is imported after a look."""

    file = forms.FileField(
        required=False, label="Template file", help_text="YAML or JSON, at most 256 kB."
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or its text",
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false"}),
    )

    def to_bytes(self) -> bytes:
        """At most one byte more than the limit, which the reader then names."""
        file = self.cleaned_data.get("file")
        if file:
            return bytes(file.read(MOST_BYTES + 1))
        return str(self.cleaned_data["text"]).encode("utf-8", "replace")


@require_safe
def export(request: HttpRequest, slug: str, number: int, kind: str) -> HttpResponse:
    version = get_version(get_template(slug), number)
    if kind not in KINDS:
        raise Missing(f"A version is exported as {' or '.join(KINDS)}.")
    response = HttpResponse(write_version(version, kind), content_type=TYPES[kind])
    name = f"{slug}-v{number}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
def template_schema(request: HttpRequest) -> JsonResponse:
    """The JSON Schema of template files."""
    return JsonResponse(schema(), content_type="application/schema+json")


@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """`check` shows what a file would make; `import` makes it."""
    data = request.POST if request.method == "POST" else None
    form = ImportForm(data, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if data is not None and form.is_valid():
        raw = form.to_bytes()
        try:
            if "import" in data:
                version = services.import_template(raw, author=author_of(request))
                messages.success(request, f"Imported as version {version.number}.")
                return redirect("automation:template", version.template.slug)
            context |= _preview(raw)
        except Refusal as refusal:
            add_problems(form, refusal)
    status = 422 if form.errors or context.get("problems") else 200
    return render(request, "automation/import.html", context, status=status)


def _preview(raw: bytes) -> dict[str, Any]:
    found = read_template_file(raw)
    template = template_of(found)
    current = template.current_version if template else None
    return {
        "found": found,
        "problems": found.problems,
        "template": template,
        "difference": version_diff(current, found.draft) if current else None,
        "form": ImportForm(initial={"text": raw.decode("utf-8-sig", "replace")}),
    }
