"""Blind votes, one pair after the other, and the ranking that follows from them."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.comparison.judging import services
from rivya_bridge.comparison.judging.facts import Evidence, read_evidence
from rivya_bridge.comparison.judging.findings import find
from rivya_bridge.comparison.judging.settled import leader_percent, vote_state
from rivya_bridge.comparison.judging.standings import Table, rank_configurations, rank_models
from rivya_bridge.comparison.models import Ballot
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import get_experiment
from rivya_bridge.files.derived import blind_path, blind_type
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.serving import Content, serve
from rivya_bridge.refusals import Missing, Refusal
from rivya_bridge.web.errors import add_refusal

SIDES = {"a": "left", "b": "right"}


@require_POST
def draw(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Draws the next pair and leads to it."""
    return _next(request, get_experiment(experiment_id))


def _next(request: HttpRequest, experiment: Experiment) -> HttpResponse:
    try:
        ballot = services.draw_ballot(experiment)
    except Refusal as refusal:
        add_refusal(request, refusal)
        return redirect("comparison:ranking", experiment.pk)
    return redirect("comparison:ballot", ballot.pk)


@require_safe
def ballot(request: HttpRequest, ballot_id: UUID) -> HttpResponse:
    """The pair, with nothing on the page that tells what made it."""
    pair = services.get_ballot(ballot_id)
    if not pair.is_open:
        return redirect("comparison:ranking", pair.experiment_id)
    sides = [blind_side(pair, letter) for letter in SIDES]
    prompts = {pair.left.prompt, pair.right.prompt}
    context = {
        "ballot": pair,
        "sides": sides,
        "prompt": prompts.pop() if len(prompts) == 1 else "",
        "counted": Ballot.objects.filter(experiment=pair.experiment_id, undone_at=None)
        .exclude(outcome="")
        .count(),
    }
    response = render(request, "comparison/ballot.html", context)
    response["Cache-Control"] = "no-store"
    return response


def blind_side(pair: Ballot, letter: str) -> dict[str, Any]:
    """What of one side may be told before the vote."""
    run = _run_of(pair, letter)
    file = _file_of(run)
    return {
        "letter": letter.upper(),
        "kind": file.kind if file else "text",
        "text": "" if file else run.result_text,
        "url": f"/ballots/{pair.pk}/{letter}/",
        "width": file.width if file else None,
        "height": file.height if file else None,
    }


def _run_of(pair: Ballot, letter: str) -> Run:
    run: Run = getattr(pair, SIDES[letter])
    return run


def _file_of(run: Run) -> StoredFile | None:
    first = run.results.select_related("file").first()
    return first.file if first else None


@require_safe
def side(request: HttpRequest, ballot_id: UUID, letter: str) -> HttpResponseBase:
    """The result of one side: an address, a name and bytes that say nothing of what made it."""
    pair = services.get_ballot(ballot_id)
    file = _file_of(_run_of(pair, letter))
    if file is None:
        raise Missing("This side is a text: it stands on the page of the pair.")
    path = blind_path(file)
    etag = f'"{pair.pk}-{letter}"'
    response = serve(request, Content(path, path.stat().st_size, blind_type(file), etag, letter))
    response["Content-Disposition"] = "inline"
    return response


@require_POST
def vote(request: HttpRequest, ballot_id: UUID) -> HttpResponse:
    """Counts the vote and goes on to the next pair."""
    pair = services.cast_vote(services.get_ballot(ballot_id), request.POST.get("outcome", ""))
    return _next(request, pair.experiment)


@require_POST
def undo(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Takes the newest vote back and draws a pair again, or leads back to the ranking."""
    experiment = get_experiment(experiment_id)
    try:
        services.undo_last_vote(experiment)
    except Refusal as refusal:
        add_refusal(request, refusal)
    else:
        messages.success(request, "The last vote is undone.")
    if request.POST.get("next") == "vote":
        return _next(request, experiment)
    return redirect("comparison:ranking", experiment.pk)


# --- Ranking ----------------------------------------------------------------------------------------


@require_safe
def ranking(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """Models and configurations by their votes, and what that means in words."""
    experiment = get_experiment(experiment_id)
    evidence = read_evidence(experiment)
    names, state, percent = model_names(), vote_state(evidence), leader_percent()
    context = {
        "experiment": experiment,
        "state": replace(state, leader=names.get(state.leader, state.leader)),
        "state_word": state.word(percent),
        "leader_percent": percent,
        "findings": find(evidence, lambda model: names.get(model, model)),
        "models": _lines(rank_models(evidence), evidence, names),
        "configurations": _lines(rank_configurations(evidence), evidence, names),
        "votes": len(evidence.votes),
        "entrants": len(evidence.entrants),
        "has_more": evidence.has_more,
        "numbers": {run: entrant.number for run, entrant in evidence.entrants.items()},
    }
    return render(request, "comparison/ranking.html", context)


def _lines(table: Table, evidence: Evidence, names: dict[str, str]) -> list[dict[str, Any]]:
    """Standings with what a row shows; shares are drawn on a scale of 100."""
    lines = []
    for place, one in enumerate(table.standings, start=1):
        newest = evidence.entrants[one.runs[-1]]
        lines.append(
            {
                "place": place,
                "name": names.get(newest.model, newest.model),
                "run": newest,
                "others": len(one.runs) - 1,
                "standing": one,
                "chance": round(100 * one.chance),
                "least": round(100 * one.least),
                "most": round(100 * one.most),
                "span": max(1, round(100 * (one.most - one.least))),
            }
        )
    return lines
