"""A run and a job that repeats it, both carried against the sandbox, and the bodies that it received."""

import io
import json
from functools import cache
from typing import Any

import httpx
from hypothesis import strategies as st

from rivya_bridge.automation.services import start_job
from rivya_bridge.catalog.params import DIALOGUE_KEY, DIALOGUE_MODEL
from rivya_bridge.catalog.references import accepted_kinds, max_references
from rivya_bridge.experiments.models import Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_upload
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.rivya import Model, Param
from rivya_bridge.sandbox.serve import RunningSandbox
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.transitions import CLAIMABLE
from tests import media
from tests.experiments.factories import make_experiment, start
from tests.sandbox.conftest import png

TRACES = ("client_request_id",)
Body = dict[str, Any]


@cache
def _bytes_of(kind: str, variant: int) -> tuple[bytes, str]:
    """A file of a kind; each variant has other bytes, and its own length where it has one."""
    if kind == "image":
        return png(side=640 + variant), f"photo {variant}.png"
    if kind == "video":
        return media.clip(frames=24 + 12 * variant, size=(640, 480)), f"clip-{variant}.mp4"
    return media.sound(seconds=1.0 + 0.5 * variant), f"sound-{variant}.mp3"


def stored(kind: str, variant: int) -> StoredFile:
    content, name = _bytes_of(kind, variant)
    return store_upload(io.BytesIO(content), name)


def carry(task_id: Any) -> Task:
    """The task, carried by hand to its end."""
    for _ in range(12):
        Task.objects.filter(pk=task_id).update(due_at="2020-01-01T00:00Z")
        advance(task_id, CLAIMABLE)
        task = Task.objects.get(pk=task_id)
        if task.is_terminal:
            return task
    return task


@cache
def _plain_http() -> httpx.Client:
    """One for all: reading the certificates takes longer than the requests."""
    return httpx.Client(trust_env=False)


def received(vendor: RunningSandbox, task: Task) -> Body:
    """The body that the sandbox wrote down for the task's key, without traces."""
    where = f"{vendor.base_url}/_sandbox/journal?idempotency_key={task.idempotency_key}"
    journal = _plain_http().get(where).json()
    [made] = [*journal["generations"], *journal["chat_turns"]]
    return {key: value for key, value in made["body"].items() if key not in TRACES}


def there_and_back(vendor: RunningSandbox, request: Body, **choices: Any) -> tuple[Body, Body]:
    """What the sandbox received for a run, and for a job of the template that the run became."""
    run = start(make_experiment(), **request)
    source = carry(run.task_id)
    assert source.status == "succeeded", source.reason_text
    version = promote_run(Run.objects.get(pk=run.pk), name="Round trip", **choices)
    job, _ = start_job(version.template, {}, source="form")
    task = carry(job.task_id)
    assert task.status == "succeeded", task.reason_text
    return received(vendor, source), received(vendor, task)


def canonical(body: Body) -> str:
    """JSON tells 1 from 1.0 and "1", which Python's comparison of numbers does not."""
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


# --- Requests that a model takes ------------------------------------------------------------------

HARD = (
    "{{ subject }}", "{{", "}}", "{%", "%}", "{% if x %}", "{#", "#}", "{", "}", "{{ ''.__class__ }}",
    '"', "'", "\\", "\\n", "“quoted”", "\n", "\r\n", "\t", "  ", "é", "e\u0301", "漢字、", "مرحبا", "👩‍🚀",
    "\u2028", "%s", "$x", "<b>", "&amp;", "--", "50%", "a", "red cup", "on slate",
)  # fmt: skip
HARD_TEXTS = st.lists(st.sampled_from(HARD) | st.text("ab {}%#'\"é漢", max_size=6), max_size=12)


def prompts(model: Model) -> st.SearchStrategy[str]:
    most = model.max_prompt_length or 300
    texts = HARD_TEXTS.map(lambda parts: "".join(parts)[:most])
    return texts.filter(lambda text: bool(text.strip()))


def _number(param: Param) -> st.SearchStrategy[int | float]:
    least = 0 if param.min is None else param.min
    most = least + 1000 if param.max is None else param.max
    if param.step:
        steps = round((most - least) / param.step)
        return st.integers(0, steps).map(lambda count: round(least + count * param.step, 6))
    if isinstance(least, int) and isinstance(most, int) and most - least > 1:
        return st.integers(least, most)
    return st.integers(0, 100).map(lambda share: round(least + (most - least) * share / 100, 4))


def _value(param: Param) -> st.SearchStrategy[Any]:
    if param.options:
        return st.sampled_from(param.options)
    if param.type == "number":
        return _number(param)
    plain = HARD_TEXTS.map("".join)
    return plain.filter(lambda text: bool(text.strip())) if param.required else plain


def params(model: Model) -> st.SearchStrategy[dict[str, Any]]:
    """Every required param, and any of the others."""
    must = {one.key: _value(one) for one in model.params if one.required}
    may = {one.key: _value(one) for one in model.params if not one.required}
    if model.id == DIALOGUE_MODEL:
        text = HARD_TEXTS.map("".join).filter(lambda text: bool(text.strip()))
        turn = st.fixed_dictionaries({"voice": st.just("Rachel"), "text": text})
        must[DIALOGUE_KEY] = st.lists(turn, min_size=1, max_size=3)
    return st.fixed_dictionaries(must, optional=may)


def reference_kinds(model: Model) -> st.SearchStrategy[list[str]]:
    """Kinds of references in order, at most three."""
    kinds = accepted_kinds(model)
    if not kinds:
        return st.just([])
    needed = 1 if model.api_input_status == "requires_files_api" else 0
    most = min(3, max_references(model) or 3)
    return st.lists(st.sampled_from(kinds), min_size=needed, max_size=most)
