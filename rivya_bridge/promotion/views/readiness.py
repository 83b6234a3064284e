"""Readiness of one experiment, the board of all, and the rules behind both."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.promotion.ladder import ladder_of
from rivya_bridge.promotion.models import (
    Promotion,
    ReadinessOverride,
    ReadinessVerdict,
    ResultConsumer,
    SentBack,
)
from rivya_bridge.promotion.readiness import services
from rivya_bridge.promotion.readiness.forms import ConsumerForm, OverrideForm, RulesForm
from rivya_bridge.promotion.readiness.questions import QUESTIONS, VERDICTS, WORDS, Link
from rivya_bridge.promotion.readiness.selectors import current_rules
from rivya_bridge.refusals import Refusal
from rivya_bridge.web.errors import add_refusal
from rivya_bridge.web.forms import add_problems
from rivya_bridge.web.pagination import keyset_page

BOARD_SIZE = 30
HISTORY = 30
TEMPLATES = 5


def _address(link: Link) -> str:
    """Where a piece of evidence is looked at."""
    by_kind = {
        "run": ("experiments:run", [link.id]),
        "comparison": ("comparison:detail", [link.id]),
        "model": ("catalog:list", []),
        "credits": ("credits:overview", []),
    }
    if link.kind not in by_kind:
        return "#who"
    name, args = by_kind[link.kind]
    return reverse(name, args=args)


def _reply_row(reply: services.Reply) -> dict[str, Any]:
    return {
        "reply": reply,
        "words": WORDS[reply.points],
        "computed": WORDS[reply.answer.points],
        "links": [(link.label, _address(link)) for link in reply.answer.evidence],
        "form": OverrideForm(prefix=reply.key),
    }


@require_safe
def readiness(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    experiment = get_experiment(experiment_id)
    found = services.experiment_readiness(experiment)
    consumer = ResultConsumer.objects.filter(experiment=experiment).first()
    initial = {"name": consumer.name, "delivery": consumer.delivery} if consumer else None
    context = _templates(experiment) | {
        "experiment": experiment,
        "readiness": found,
        "rows": [_reply_row(reply) for reply in found.replies],
        "consumer_form": ConsumerForm(initial=initial),
        "rules": current_rules(),
        "verdicts": [
            (entry, VERDICTS[entry.verdict])
            for entry in ReadinessVerdict.objects.filter(experiment=experiment).order_by("-id")[
                :HISTORY
            ]
        ],
        "ended": [
            (entry, QUESTIONS[entry.question][0], WORDS[entry.points])
            for entry in ReadinessOverride.objects.filter(
                experiment=experiment, ended_at__isnull=False
            ).order_by("-id")[:HISTORY]
        ],
    }
    return render(request, "promotion/readiness.html", context)


def _templates(experiment: Experiment) -> dict[str, Any]:
    """The templates made from it with their ladders, and what was sent back to it."""
    promotions = Promotion.objects.filter(run__experiment=experiment)
    made = JobTemplate.objects.filter(versions__promotion__in=promotions).distinct()
    rows = made.select_related("current_version__template").order_by("name")[:TEMPLATES]
    last = promotions.order_by("-id").first()
    sent = SentBack.objects.filter(experiment=experiment).select_related("template")
    return {
        "ladders": [(one, ladder_of(one.current_version)) for one in rows if one.current_version],
        "sent_back": sent.prefetch_related("jobs__task").order_by("-id")[:TEMPLATES],
        "source_run": last.run_id if last else None,
    }


@require_POST
def override(request: HttpRequest, experiment_id: UUID, question: str) -> HttpResponse:
    """Writes an override, or takes it back with `withdraw`."""
    experiment = get_experiment(experiment_id)
    if "withdraw" in request.POST:
        services.end_override(experiment, question)
        return redirect("promotion:readiness", experiment.pk)
    points = request.POST.get(f"{question}-points", "")
    reason = request.POST.get(f"{question}-reason", "")
    try:
        services.override_answer(experiment, question, points, reason)
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        messages.success(request, "Your answer counts until the evidence for it changes.")
    return redirect("promotion:readiness", experiment.pk)


@require_POST
def consumer(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    experiment = get_experiment(experiment_id)
    name, delivery = request.POST.get("name", ""), request.POST.get("delivery", "")
    try:
        services.name_consumer(experiment, name, delivery)
    except Refusal as refusal:
        add_refusal(request, refusal)
    return redirect("promotion:readiness", experiment.pk)


@require_safe
def promote_experiment(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """To the promote page of the model and params that were accepted most often, by their newest run;
    while nobody has judged any, of those that were tried most often."""
    experiment = get_experiment(experiment_id)
    run = _best_run(experiment, Run.Verdict.ACCEPTED) or _best_run(experiment, Run.Verdict.NONE)
    if run is None:
        messages.error(request, "No run has a result yet: record a first one, then promote it.")
        return redirect("experiments:detail", experiment.pk)
    return redirect("promotion:promote", run.pk)


def _best_run(experiment: Experiment, verdict: str) -> Run | None:
    """The newest run of the configuration with the most runs of this verdict (two queries)."""
    ended = Q(task__isnull=True) | Q(task__status="succeeded")
    rows = Run.objects.filter(ended, experiment=experiment, verdict=verdict)
    counted = rows.values("model_id", "params").annotate(times=Count("pk"), newest=Max("number"))
    best = counted.order_by("-times", "-newest").first()
    return rows.filter(number=best["newest"]).first() if best else None


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Experiments by verdict, from the newest on; archived ones are left out."""
    rows = Experiment.objects.exclude(status=Experiment.Status.ARCHIVED)
    page = keyset_page(rows, request.GET.get("after"), size=BOARD_SIZE)
    found = services.readiness_of(page.items)
    columns = [
        (title, [one for one in found if one.verdict == key])
        for key, title in reversed(VERDICTS.items())
    ]
    context = {
        "columns": columns,
        "page": page,
        "next_query": f"after={page.next_cursor}" if page.next_cursor else "",
    }
    return render(request, "promotion/board.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = RulesForm(data, initial=asdict(current_rules()))
    if data is not None and form.is_valid():
        try:
            services.set_rules(form.cleaned_data)
        except Refusal as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, "The rules are kept; every verdict follows them from now on.")
            return redirect("promotion:board")
    return render(
        request, "promotion/rules.html", {"form": form}, status=422 if form.errors else 200
    )
