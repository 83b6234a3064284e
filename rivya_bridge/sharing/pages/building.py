"""What the pages say, and their bytes."""

import base64
import hashlib
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe

from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.comparison.judging.facts import Evidence, read_evidence
from rivya_bridge.comparison.judging.findings import find
from rivya_bridge.comparison.judging.standings import Table, rank_configurations, rank_models
from rivya_bridge.comparison.matrix import diff_matrix
from rivya_bridge.comparison.models import Ballot, Comparison
from rivya_bridge.comparison.selectors import compared_runs, comparison_rows
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import experiment_facts, get_runs
from rivya_bridge.sharing.pages.inlining import FILE_BYTES, MEGABYTE, PAGE_BYTES, Inliner, Shown

STYLE = "css/exported_page.css"
BEST = 6
MOST_COMPARISONS = 20
MOST_REFERENCES = 12


def comparison_page(comparison: Comparison, inliner: Inliner | None = None) -> bytes:
    """A kept comparison: results, matrix, votes between its runs, credits, conclusion."""
    return _comparison(comparison, compared_runs(comparison), inliner)


def board_page(runs: Sequence[Run], inliner: Inliner | None = None) -> bytes:
    """The same of runs that stand side by side without being kept, which have no conclusion."""
    title = f"Comparison of {len(runs)} runs"
    return _comparison(Comparison(experiment=runs[0].experiment, title=title), runs, inliner)


def _comparison(comparison: Comparison, runs: Sequence[Run], inliner: Inliner | None) -> bytes:
    experiment = comparison.experiment
    context = {
        "title": comparison.title,
        "comparison": comparison,
        "experiment": experiment,
        "winner": comparison.winner_id,
        "votes": _votes_between(experiment, runs),
        **_compared(runs, inliner or Inliner()),
        **_judged(experiment),
    }
    return _page("sharing/pages/comparison.html", context)


def findings_page(experiment: Experiment, inliner: Inliner | None = None) -> bytes:
    """An experiment's findings: what the votes say, the best results, credits, kept comparisons."""
    judged = _judged(experiment)
    best = get_runs(_best(experiment, judged["evidence"]))
    context = {
        "title": experiment.title,
        "experiment": experiment,
        "facts": experiment_facts(experiment),
        "comparisons": list(comparison_rows(experiment).order_by("-id")[:MOST_COMPARISONS]),
        **(_compared(best, inliner or Inliner()) if best else {"panes": []}),
        **judged,
    }
    return _page("sharing/pages/findings.html", context)


def _page(template: str, context: dict[str, Any]) -> bytes:
    style = (settings.PROJECT_DIR / "static" / STYLE).read_text(encoding="utf-8")
    # The page's own policy lets this style in, and nothing else that could act or load.
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    more = {
        "style": mark_safe(style),  # noqa: S308 - a file of the product
        "style_hash": digest,
        "made_at": timezone.now(),
        "file_megabytes": FILE_BYTES // MEGABYTE,
        "page_megabytes": PAGE_BYTES // MEGABYTE,
    }
    return render_to_string(template, context | more).encode()


def _compared(runs: Sequence[Run], inliner: Inliner) -> dict[str, Any]:
    names = model_names()
    panes = [
        {
            "letter": letter,
            "run": run,
            "name": names.get(run.model_id, run.model_id),
            "results": inliner.show_all(row.file for row in run.results.all()),
            "failure": _failure(run),
        }
        for letter, run in zip(ascii_uppercase, runs, strict=False)
    ]
    return {
        "panes": panes,
        "matrix": diff_matrix(runs),
        "references": _references(runs, inliner),
        "credits": sum(run.credits or 0 for run in runs),
        "unpriced": sum(run.credits is None for run in runs),
        "left_out": sum(not one.data for pane in panes for one in pane["results"]),  # type: ignore[attr-defined]
    }


def _references(runs: Sequence[Run], inliner: Inliner) -> list[Shown]:
    """Each reference once, after all results, so that these come into the page first."""
    files = {row.file.sha256: row.file for run in runs for row in run.references.all()}
    return inliner.show_all(list(files.values())[:MOST_REFERENCES])


def _failure(run: Run) -> str:
    """Why a run has nothing to show, by its status alone: texts of errors may hold addresses."""
    if run.result_text or run.results.all():
        return ""
    return f"No result: the run is {run.status}."


def _judged(experiment: Experiment) -> dict[str, Any]:
    names = model_names()
    evidence = read_evidence(experiment)
    return {
        "evidence": evidence,
        "findings": find(evidence, lambda model: names.get(model, model)),
        "models": _lines(rank_models(evidence), evidence, names),
        "configurations": _lines(rank_configurations(evidence), evidence, names),
        "vote_count": len(evidence.votes),
        "numbers": {run: entrant.number for run, entrant in evidence.entrants.items()},
    }


def _lines(table: Table, evidence: Evidence, names: dict[str, str]) -> list[dict[str, Any]]:
    """Standings in whole percent, with the newest run of each."""
    return [
        {
            "place": place,
            "name": names.get(newest.model, newest.model),
            "run": newest,
            "wins": one.wins,
            "votes": one.votes,
            "chance": round(100 * one.chance),
            "least": round(100 * one.least),
            "most": round(100 * one.most),
        }
        for place, one in enumerate(table.standings, start=1)
        for newest in [evidence.entrants[one.runs[-1]]]
    ]


def _best(experiment: Experiment, evidence: Evidence) -> list[UUID]:
    """The runs to show: the leaders by votes, else accepted ones, else the best rated."""
    led = [one.runs[-1] for one in rank_configurations(evidence).standings]
    judged = sorted(
        evidence.entrants.values(),
        key=lambda one: (one.verdict == "accepted", one.rating or 0, one.number),
        reverse=True,
    )
    chosen = dict.fromkeys([*led, *(one.id for one in judged if one.verdict != "rejected")])
    return list(chosen)[:BEST]


def _votes_between(experiment: Experiment, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Counted votes between two of the runs, pair by pair, whichever side they stood on."""
    ids = {run.pk: letter for run, letter in zip(runs, ascii_uppercase, strict=False)}
    rows = Ballot.objects.filter(
        experiment=experiment, undone_at=None, left__in=ids, right__in=ids
    ).exclude(outcome="")
    pairs: dict[tuple[str, str], dict[str, int]] = {}
    for left, right, outcome in rows.values_list("left_id", "right_id", "outcome"):
        first, second = sorted((ids[left], ids[right]))
        won = {"left": ids[left], "right": ids[right]}.get(outcome, outcome)
        counts = pairs.setdefault((first, second), {})
        counts[won] = counts.get(won, 0) + 1
    return [
        {
            "first": first,
            "second": second,
            "won_first": counts.get(first, 0),
            "won_second": counts.get(second, 0),
            "tie": counts.get("tie", 0),
            "both_bad": counts.get("both_bad", 0),
        }
        for (first, second), counts in sorted(pairs.items())
    ]
