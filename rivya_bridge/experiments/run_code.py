"""Copy a run as code."""

from rivya_bridge.experiments.models import Run
from rivya_bridge.tasks.code import BASE_URL, Call, snippets


def run_snippets(run: Run, base_url: str = BASE_URL) -> list[tuple[str, str]]:
    """(name, code) of the call that a run made, or would make, for every language that pages show.

    One query without prefetched references.
    """
    files = [reference.file for reference in run.references.all()]
    call = Call(run.model_id, run.prompt, run.params, files)
    return snippets(call, is_chat=run.category == "chat", base_url=base_url)
