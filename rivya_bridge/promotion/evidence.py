"""The frozen copy of what was known of a run when it was promoted."""

from typing import Any

from django.utils import timezone

from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.selectors import experiment_facts
from rivya_bridge.files.models import StoredFile
from rivya_bridge.promotion.readiness.services import experiment_readiness


def evidence_of(run: Run) -> dict[str, Any]:
    """Plain JSON that stays true whatever happens to run, files or experiment later."""
    facts = experiment_facts(run.experiment)
    return {
        "promoted_at": timezone.now().isoformat(),
        "experiment": {
            "id": str(run.experiment.pk),
            "title": run.experiment.title,
            "question": run.experiment.question,
            "runs": facts.runs,
            "accepted": facts.accepted,
            "rejected": facts.rejected,
            "models": [list(entry) for entry in facts.models],
        },
        "run": {
            "id": str(run.pk),
            "number": run.number,
            "source": run.source,
            "created_at": run.created_at.isoformat(),
            "model": run.model_id,
            "prompt": run.prompt,
            "params": run.params,
            "credits": run.credits,
            "duration_seconds": run.duration_seconds,
            "rating": run.rating,
            "verdict": run.verdict,
            "note": run.note,
            "result_text": run.result_text[:2_000],
            "references": [_file(one.file) for one in run.references.select_related("file")],
            "results": [_file(one.file) for one in run.results.select_related("file")],
        },
        "task": _task(run),
        "readiness": experiment_readiness(run.experiment).as_json(),
    }


def _file(file: StoredFile) -> dict[str, Any]:
    return {
        "id": str(file.pk),
        "sha256": file.sha256,
        "name": file.name,
        "kind": file.kind,
        "mime_type": file.mime_type,
        "size_bytes": file.size_bytes,
    }


def _task(run: Run) -> dict[str, Any] | None:
    task = run.task
    if task is None:
        return None
    return {
        "id": str(task.pk),
        "remote_id": task.remote_id,
        "request_sha256": task.request_sha256,
        "estimated_credits": task.estimated_credits,
        "final_credits": task.final_credits,
    }
