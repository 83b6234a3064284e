"""Lines and cards of the lists as plain text, worked out before the template runs.

A template looks a name up in a dictionary several times faster than on a model, and a list of fifty
rows does little else.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString

from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.selectors import first_files
from rivya_bridge.files.preview import srcset
from rivya_bridge.web.moments import moment
from rivya_bridge.web.templatetags.bridge import credits

# What the card's template and its parts may be told; a name that is absent costs a raised exception.
CARD_DEFAULTS = {"is_live": False, "full": False, "shape": ""}
PROMPT_LENGTH, RESULT_LENGTH, ERROR_LENGTH = 180, 400, 90


def experiment_lines(experiments: Iterable[Experiment]) -> list[dict[str, Any]]:
    """For `experiments/_index.html`; the experiments come with their `preview`."""
    return [
        {
            "pk": _safe(row.pk),
            "title": row.title,
            "question": row.question,
            "preview": row.preview and _file(vars(row.preview)),
            "status": row.status,
            "category": row.category,
            "run_count": _safe(row.run_count),
            "created": moment(row.created_at),
        }
        for row in experiments
    ]


def run_cards(runs: Sequence[Run], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """For `experiments/_run_card.html`: runs with their task, and the models' names (one query)."""
    files = first_files(runs)
    return [_card(run, names.get(run.model_id, run.model_id), files.get(run.pk)) for run in runs]


def _card(run: Run, name: str, file: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "pk": _safe(run.pk),
        "number": _safe(run.number),
        "name": name,
        "file": file and _file(file),
        "result_text": _clip(run.result_text, RESULT_LENGTH),
        "error": _clip(run.task.error_message, ERROR_LENGTH) if run.task else "",
        "prompt": _clip(run.prompt, PROMPT_LENGTH),
        "status": run.status,
        "source": run.source,
        "credits": "" if run.credits is None else credits(run.credits),
        "verdict": run.verdict,
        "rating": run.rating,
    }


def _file(row: Mapping[str, Any]) -> dict[str, Any]:
    """What `components/_file.html` shows; numbers as text, which needs no localizing."""
    sizes = ("width", "height", "preview_width", "preview_height")
    return {
        "pk": _safe(row["id"]),
        "kind": row["kind"],
        "name": row["name"],
        "duration_seconds": row["duration_seconds"],
        **{name: _safe(row[name] or "") for name in sizes},
        "srcset": srcset(str(row["id"]), row["preview_width"], row["preview_height"]),
    }


def _safe(value: UUID | int | str) -> SafeString:
    """Ids and numbers, which hold nothing to escape, as text."""
    return SafeString(value)


def _clip(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
