"""What the template of a board needs, whatever stands in its panes: runs, or a job beside its like."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from rivya_bridge.comparison.columns import text_columns
from rivya_bridge.comparison.matrix import Matrix


def board_parts(
    panes: Sequence[Mapping[str, Any]],
    state: Mapping[str, str],
    matrix_at: Callable[[int], Matrix],
) -> dict[str, Any]:
    """Panes, the matrix against the chosen baseline, and the stage of the tools.

    A pane has `letter`, `index`, `file` (None without one), `results` (how many there are) and `run`:
    that or what has its status, text, credits and time. `state` is how the board looks.
    """
    baseline = int(state.get("baseline", 0))
    baseline = baseline if baseline < len(panes) else 0
    matrix = matrix_at(baseline)
    stage = _stage(panes, state)
    return {
        "panes": panes,
        "matrix": matrix,
        "texts": dict(enumerate(text_columns(matrix))) if stage["kind"] == "text" else {},
        "baseline": baseline,
        "text_query": "&text=plain" if stage["is_plain"] else "",
        "baseline_letter": panes[baseline]["letter"],
        "show_all": state.get("rows") == "all",
        "stage": stage,
    }


def _stage(panes: Sequence[Mapping[str, Any]], state: Mapping[str, str]) -> dict[str, Any]:
    """What the board's tools need: one kind in every pane, or '' where there is nothing to align."""
    kinds = {_kind(pane) for pane in panes}
    kind = kinds.pop() if len(kinds) == 1 else ""
    most = max(pane["results"] for pane in panes)
    view = state.get("view", "side") if kind == "image" else "side"
    return {
        "kind": kind,
        # Laid out before the script has begun, so that nothing jumps when it does.
        "view": "" if view == "side" else view,
        "state": urlencode(state),
        "results": range(1, most + 1) if most > 1 else (),
        "result": min(int(state.get("result", 1)), most),
        "is_plain": state.get("text") == "plain",
    }


def _kind(pane: Mapping[str, Any]) -> str:
    if pane["file"]:
        return str(pane["file"].kind)
    return "text" if pane["run"].result_text else ""
