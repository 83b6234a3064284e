"""Pages of rehearsals: the next one with its estimate, all that were, and one as it goes."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rivya_bridge.access.authors import author_of
from rivya_bridge.automation.models import JobTemplate, TemplateVersion
from rivya_bridge.automation.selectors import get_template, get_version
from rivya_bridge.promotion.sending_back import send_back
from rivya_bridge.refusals import Refusal
from rivya_bridge.rehearsal import services
from rivya_bridge.rehearsal.chart import history_chart
from rivya_bridge.rehearsal.gate import missing_for
from rivya_bridge.rehearsal.models import Rehearsal
from rivya_bridge.rehearsal.selectors.drift import judged_rehearsals
from rivya_bridge.rehearsal.selectors.golden import inputs_in_words, label_rules, measure_of
from rivya_bridge.rehearsal.selectors.rehearsals import (
    case_rows,
    get_rehearsal,
    rehearsal_rows,
)
from rivya_bridge.rehearsal.services.starting import running_rehearsal
from rivya_bridge.rehearsal.views.golden import page_context
from rivya_bridge.rehearsal.views.lines import case_line, proposal_of
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.htmx import STOP_POLLING, render_page
from rivya_bridge.web.pagination import keyset_page

MOST_NUMBERS = 200


@require_http_methods(["GET", "HEAD", "POST"])
def rehearsals(request: HttpRequest, slug: str) -> HttpResponse:
    """What a rehearsal of `?version=` would run and cost, and those that were; a POST starts one."""
    template = get_template(slug)
    if request.method == "POST":
        return _start(request, template)
    version = _asked_version(template, request.GET.get("version", ""))
    page = keyset_page(rehearsal_rows(template), request.GET.get("after"))
    newest = template.versions.order_by("-number").values_list("number", flat=True)
    context = page_context(template, "rehearsals") | {
        "chosen": version,
        "plan": services.plan_rehearsal(template, version),
        "running": running_rehearsal(version),
        "numbers": newest[:MOST_NUMBERS],
        "form_token": uuid4(),
        "page": page,
        "chart": _chart(template, version),
        "label_rules": [(rule, missing_for(version, rule)) for rule in label_rules(template)],
        "next_query": f"after={page.next_cursor}",
        "first_query": "",
    }
    return render_page(request, "rehearsal/rehearsals.html", "rehearsal/_rehearsals.html", context)


def _asked_version(template: JobTemplate, raw: str) -> TemplateVersion:
    """The version of a number; the current one without."""
    if not raw:
        assert template.current_version is not None  # made together with its first version
        return template.current_version
    return get_version(
        template, int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
    )


def _chart(template: JobTemplate, version: TemplateVersion) -> Any:
    return history_chart(
        judged_rehearsals(template), measure_of(template).tolerances.get(version.category, 0.3)
    )


def _start(request: HttpRequest, template: JobTemplate) -> HttpResponse:
    """One press, one rehearsal: the form's token is its key."""
    number = request.POST.get("version", "")
    try:
        version = _asked_version(template, number)
        key = f"form:{UUID(request.POST.get('form_token', ''))}"
        made, _ = services.start_rehearsal(
            template, version, intent_key=key, author=author_of(request)
        )
    except ValueError:
        messages.error(
            request, "The form has expired. Nothing was started: press the button again."
        )
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        return redirect("rehearsal:rehearsal", made.pk)
    return redirect("rehearsal:rehearsals", template.slug)


@require_POST
def label_rule(request: HttpRequest, slug: str) -> HttpResponse:
    """A label waits for a rehearsal, or with `release` no longer."""
    template = get_template(slug)
    label = request.POST.get("label", "").strip()
    try:
        if "release" in request.POST:
            services.release_label(template, label)
            messages.success(request, f"{label} moves without a rehearsal again.")
        else:
            raw = request.POST.get("max_age_days", "")
            days = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 6 else raw
            services.require_rehearsal(template, label, days, author=author_of(request))
            messages.success(request, f"{label} only moves to a version that passed a rehearsal.")
    except Refusal as refusal:
        add_refusal(request, refusal)
    return redirect("rehearsal:rehearsals", slug)


@require_safe
def rehearsal(request: HttpRequest, rehearsal_id: UUID) -> HttpResponse:
    """One rehearsal; its live part alone when htmx asks, until it has ended."""
    row = get_rehearsal(rehearsal_id)
    context = page_context(row.template, "rehearsals") | _live_context(row)
    is_part = bool(request.headers.get("HX-Request"))
    status = STOP_POLLING if is_part and not row.is_open else 200
    return render_page(
        request, "rehearsal/rehearsal.html", "rehearsal/_cases.html", context, status=status
    )


def _live_context(row: Rehearsal) -> dict[str, Any]:
    cases = list(case_rows(row))
    words = inputs_in_words(row.template, [case.golden for case in cases])
    lines = [case_line(case, words[case.golden_id]) for case in cases]
    counts = {name: 0 for name in ("passed", "differs", "failed", "unclear", "open")}
    for line in lines:
        counts[line.case.final_verdict or "open"] += 1
    return {
        "rehearsal": row,
        "lines": lines,
        "counts": counts,
        "waiting": sum(line.case.status == "waiting" for line in lines),
        "ended": len(lines) - counts["open"],
        "spent": sum(line.credits or 0 for line in lines),
        "proposal": proposal_of(row, lines),
    }


@require_POST
def stop(request: HttpRequest, rehearsal_id: UUID) -> HttpResponse:
    """Leaves out the cases that have not begun."""
    row = get_rehearsal(rehearsal_id)
    services.cancel_waiting(row)
    messages.success(request, "No further case starts; what Rivya has is finished and judged.")
    return redirect("rehearsal:rehearsal", row.pk)


@require_POST
def back(request: HttpRequest, rehearsal_id: UUID) -> HttpResponse:
    """Sends the template back to Studio with the jobs that did not pass, for the person's reason."""
    row = get_rehearsal(rehearsal_id)
    jobs = [case.job for case in case_rows(row) if case.job and case.verdict and not case.stands]
    try:
        sent = send_back(
            row.template, request.POST.get("reason", ""), author=author_of(request), jobs=jobs
        )
    except Refusal as refusal:
        add_refusal(request, refusal)
        return redirect("rehearsal:rehearsal", row.pk)
    messages.success(request, "The experiment is open again, with what did not pass.")
    return redirect("promotion:readiness", sent.experiment_id)
