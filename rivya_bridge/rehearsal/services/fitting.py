"""Which inputs of a template repeat what was accepted, and whether that can be repeated at all."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rivya_bridge.automation.inputs import fill_request, input_specs, read_inputs
from rivya_bridge.automation.models import Job, JobTemplate, TemplateVersion
from rivya_bridge.automation.prompts import prompt_renderer
from rivya_bridge.automation.selectors import chosen_version
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.experiments.models import Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.promotion.variables import values_in
from rivya_bridge.refusals import Problem, Refusal


class Fitting:
    """A version read once (one query), to see which of many runs and jobs it could have made."""

    def __init__(self, version: TemplateVersion) -> None:
        self.version = version
        self.model = get_model(version.model_id)
        self.specs = input_specs(version, self.model)
        self._render = prompt_renderer(version.prompt)

    def inputs_of_run(self, run: Run) -> dict[str, Any]:
        """What a job is given to ask for what the run asked for; no query when its files are at hand.

        A param that the run left to its model may be set by the template. Raises Refusal naming every
        other difference.
        """
        if run.model_id != self.version.model_id:
            text = f"it used the model {run.model_id}, the version uses {self.version.model_id}."
            raise self._unfit(f"Run {run.number}", "run", [Problem("model", text)])
        files = {str(one.file_id): one.file for one in run.references.all()}
        try:
            inputs = read_inputs(
                self.version,
                self.model,
                self._raw_inputs(run),
                with_examples=True,
                specs=self.specs,
                files=files,
            )
            request = fill_request(self.version, inputs, self._render)
        except Refusal as refusal:
            problems = refusal.problems or [Problem("inputs", refusal.message)]
            raise self._unfit(f"Run {run.number}", "run", problems) from refusal
        if differing := _differences(*request, run):
            raise self._unfit(f"Run {run.number}", "run", differing)
        return inputs.as_json()

    def inputs_of_job(self, job: Job) -> dict[str, Any]:
        """A job's own inputs, if the version takes them. Raises Refusal where it does not."""
        try:
            return read_inputs(self.version, self.model, job.inputs, specs=self.specs).as_json()
        except Refusal as refusal:
            problems = refusal.problems or [Problem("inputs", refusal.message)]
            raise self._unfit(f"Job ··{job.pk.hex[-6:]}", "job", problems) from refusal

    def name_of(self, inputs: Mapping[str, Any]) -> str:
        """What tells these inputs from others, in a few words: "" when there are only files."""
        files = {spec.name for spec in self.specs if spec.source == "file"}
        words = [str(value) for name, value in inputs.items() if name not in files and value]
        text = " · ".join(words)
        return text if len(text) <= 80 else f"{text[:79]}…"

    def _raw_inputs(self, run: Run) -> dict[str, Any]:
        found = values_in(self.version.prompt, run.prompt)
        names = [variable["name"] for variable in self.version.variables]
        keys = [entry["key"] for entry in self.version.exposed_params]
        slots = [slot["name"] for slot in self.version.file_slots]
        files = [str(reference.file_id) for reference in run.references.all()]
        return {
            **{name: found[name] for name in names if name in found},
            **{key: run.params[key] for key in keys if key in run.params},
            **dict(zip(slots, files, strict=False)),
        }

    def _unfit(self, words: str, field: str, problems: Sequence[Problem]) -> Refusal:
        reasons = " ".join(problem.message for problem in problems)
        text = f"{words} cannot be repeated by version {self.version.number}: {reasons}"
        return Refusal(text, [Problem(field, text), *problems])


def _differences(
    prompt: str, params: Mapping[str, Any], references: Sequence[StoredFile], run: Run
) -> list[Problem]:
    """Why a made request is not the run's; what the run left to its model does not count."""
    problems = []
    if prompt != run.prompt:
        problems.append(Problem("prompt", "its prompt does not have the version's shape."))
    problems += [
        Problem(f"params.{key}", f"its {key} is {value!r}, which the version does not send.")
        for key, value in run.params.items()
        if key not in params or _json(params[key]) != _json(value)
    ]
    if [file.pk for file in references] != [one.file_id for one in run.references.all()]:
        text = "its reference files are not those of the version's slots."
        problems.append(Problem("references", text))
    return problems


def fitting_of(template: JobTemplate) -> Fitting:
    """Of the current version."""
    return Fitting(chosen_version(template))


def divided(fitting: Fitting, runs: Sequence[Run]) -> tuple[list[Run], list[tuple[Run, str]]]:
    """The runs that the version could have made, and the others with the reason."""
    fit: list[Run] = []
    others: list[tuple[Run, str]] = []
    for run in runs:
        try:
            fitting.inputs_of_run(run)
        except Refusal as refusal:
            others.append((run, refusal.message))
        else:
            fit.append(run)
    return fit, others


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
