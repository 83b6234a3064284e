"""Reads of imports, for their pages."""

from typing import Any

from rivya_bridge.catalog.selectors import model_names
from rivya_bridge.sharing.bulk.recording import is_repeat
from rivya_bridge.sharing.models import Staged, StagedRow

PROMPT_LENGTH = 240


def staged_lines(staged: Staged) -> list[dict[str, Any]]:
    """Every row of an import as its preview shows it (two queries)."""
    names = model_names()
    rows = staged.rows.select_related("twin", "run")
    wanted = ("staged", "position", "facts", "problems", "twin__number", "run__number")
    return [_line(row, names) for row in rows.only(*wanted)]


def _line(row: StagedRow, names: dict[str, str]) -> dict[str, Any]:
    facts = row.facts
    prompt, text = str(facts["prompt"]), str(facts["result_text"])
    return {
        "position": row.position,
        "line": facts["line"],
        "model": names.get(facts["model_id"], facts["model_id"]),
        "prompt": prompt[:PROMPT_LENGTH] + ("…" if len(prompt) > PROMPT_LENGTH else ""),
        "text": text[:PROMPT_LENGTH] + ("…" if len(text) > PROMPT_LENGTH else ""),
        "params": facts["params"],
        "results": facts["results"],
        "references": facts["references"],
        "judged": {
            name: facts[name]
            for name in ("credits", "duration_seconds", "rating", "verdict")
            if facts[name] not in (None, "")
        },
        "note": str(facts["note"])[:PROMPT_LENGTH],
        "parent": facts.get("parent"),
        "problems": row.problems,
        "twin": row.twin,
        "double_of": facts.get("double_of", ""),
        "is_chosen": not row.problems and not is_repeat(row),
        "run": row.run,
    }
