"""Writes of jobs: the dry run, and the start that one key makes once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError

from rivya_bridge.automation.content import Content
from rivya_bridge.automation.inputs import Inputs, build_request, read_inputs
from rivya_bridge.automation.models import Job, JobTemplate, TemplateVersion
from rivya_bridge.automation.request_body import preview_body
from rivya_bridge.automation.selectors.versions import chosen_version
from rivya_bridge.automation.services.day_caps import template_day_problems
from rivya_bridge.automation.services.storing import store_job
from rivya_bridge.catalog.params import estimate_credits
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Conflict, Problem, Refusal
from rivya_bridge.rivya import Model
from rivya_bridge.tasks.preflight import blockers


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What a job would send. With `problems`, nothing can start and the rest may be empty.

    `body` is the request as JSON without addresses of uploaded files, which are made on sending.
    """

    inputs: dict[str, Any]
    prompt: str
    params: dict[str, Any]
    references: list[StoredFile]
    estimated_credits: int
    body: dict[str, Any]
    problems: list[Problem]


def preflight_job(version: Content, raw_inputs: Mapping[str, Any]) -> JobPlan:
    """A dry run: spends nothing, creates nothing, raises nothing for bad inputs but lists them."""
    try:
        model = get_model(version.model_id)
        inputs = read_inputs(version, model, raw_inputs)
        prompt, params, references = build_request(version, inputs)
    except Refusal as refusal:
        problems = list(refusal.problems) or [Problem("inputs", refusal.message)]
        return JobPlan({}, "", {}, [], 0, {}, problems)
    return _plan(version, model, inputs, (prompt, params, references))


def _plan(
    version: Content,
    model: Model,
    inputs: Inputs,
    request: tuple[str, dict[str, Any], list[StoredFile]],
) -> JobPlan:
    prompt, params, references = request
    estimate = estimate_credits(model, params)
    problems = blockers(
        model, prompt=prompt, params=params, references=references, credit_cap=version.credit_cap
    )
    if isinstance(version, TemplateVersion):
        problems += template_day_problems(version.template, estimate)
    return JobPlan(
        inputs=inputs.as_json(),
        prompt=prompt,
        params=params,
        references=references,
        estimated_credits=estimate,
        body=preview_body(model, prompt, params, references),
        problems=problems,
    )


def start_job(
    template: JobTemplate,
    raw_inputs: Mapping[str, Any],
    *,
    source: str,
    intent_key: str | None = None,
    label: str = "",
) -> tuple[Job, bool]:
    """One job of the version that `label` names, or of the current one, and whether it was made now.

    One key makes one job.

    Raises Refusal with every blocker, and then nothing was stored or spent; Conflict when the key
    belongs to a job of another template, label or other inputs.
    """
    if source not in Job.Source.values:
        raise Refusal.field("source", f"source must be one of {', '.join(Job.Source.values)}.")
    key = f"job:{intent_key}" if intent_key else None
    earlier = _job_of(key)
    if earlier:
        return _same_job(earlier, template, raw_inputs, label), False
    version = chosen_version(template, label)
    plan = preflight_job(version, raw_inputs)
    if plan.problems:
        raise Refusal.of(plan.problems)
    try:
        return _store(version, template, plan, source, key, label), True
    except IntegrityError:
        earlier = _job_of(key)
        if earlier is None:
            raise
        return _same_job(earlier, template, raw_inputs, label), False


def _job_of(key: str | None) -> Job | None:
    if key is None:
        return None
    rows = Job.objects.select_related("task", "version", "template")
    return rows.filter(task__intent_key=key).first()


def _same_job(
    earlier: Job, template: JobTemplate, raw_inputs: Mapping[str, Any], label: str
) -> Job:
    """The earlier job, unless the key was clearly meant for something else."""
    if earlier.template_id != template.pk:
        raise Conflict(
            f"This key started a job of {earlier.template.slug} before: use a new key. "
            "Nothing was started."
        )
    if earlier.label != label:
        text = (
            f"This key started a job of {earlier.label or 'the current version'} before: use a new "
            "key for a new job. Nothing was started."
        )
        raise Conflict(text, (Problem("label", text),))
    try:
        version = earlier.version
        inputs = read_inputs(version, get_model(version.model_id), raw_inputs).as_json()
    except Refusal:  # its model or files may have changed since; the key alone decides then
        return earlier
    differing = sorted(name for name in inputs if inputs[name] != earlier.inputs.get(name))
    if differing:
        raise Conflict(
            f"This key started a job with other inputs before (different: {', '.join(differing)}): "
            "use a new key for a new job. Nothing was started.",
            [
                Problem(name, f"{name} differs from the first use of this key.")
                for name in differing
            ],
        )
    return earlier


def _store(
    version: TemplateVersion,
    template: JobTemplate,
    plan: JobPlan,
    source: str,
    key: str | None,
    label: str,
) -> Job:
    return store_job(
        get_model(version.model_id),
        plan,
        version=version,
        template=template,
        source=source,
        intent_key=key,
        group=(template.name, f"/templates/{template.slug}/"),
        label=label,
    )
