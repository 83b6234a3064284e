"""Checking many inputs against one version: what a job would send, found without a query for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rivya_bridge.automation.content import Content
from rivya_bridge.automation.inputs import (
    Inputs,
    fill_request,
    input_specs,
    read_inputs,
    without_example,
)
from rivya_bridge.automation.prompts import prompt_renderer
from rivya_bridge.catalog.params import check_request, estimate_credits
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Problem, Refusal
from rivya_bridge.tasks.models import are, counted

# Why a job does not start, or its task is held.
TEMPLATE_DAY_CAP = "template_day_cap"


@dataclass(frozen=True, slots=True)
class CheckedJob:
    """What one job would send and about cost, or the `problems` that forbid it."""

    inputs: dict[str, Any]
    prompt: str
    params: dict[str, Any]
    references: list[StoredFile]
    estimated_credits: int
    problems: list[Problem]


class VersionCheck:
    """A version with its model, inputs and prompt read once (one query).

    `day_cap`: the most that its template may spend in a day; no job above it can ever be sent.

    Raises Refusal when the model is unknown or the prompt cannot be read.
    """

    def __init__(self, version: Content, *, day_cap: int | None = None) -> None:
        self.version = version
        self.day_cap = day_cap
        self.model = get_model(version.model_id)
        self.specs = [without_example(spec) for spec in input_specs(version, self.model)]
        self._render = prompt_renderer(version.prompt)

    @property
    def file_names(self) -> list[str]:
        """The inputs that are files."""
        return [spec.name for spec in self.specs if spec.source == "file"]

    def check(
        self, raw: Mapping[str, Any], files: Mapping[str, StoredFile] | None = None
    ) -> CheckedJob:
        """One job's inputs under every rule but the balance. No query when `files` has all of them."""
        try:
            inputs = read_inputs(self.version, self.model, raw, specs=self.specs, files=files)
            prompt, params, references = fill_request(self.version, inputs, self._render)
        except Refusal as refusal:
            problems = list(refusal.problems) or [Problem("inputs", refusal.message)]
            return CheckedJob({}, "", {}, [], 0, problems)
        return self._checked(inputs, prompt, params, references)

    def _checked(
        self,
        inputs: Inputs,
        prompt: str,
        params: dict[str, Any],
        references: list[StoredFile],
    ) -> CheckedJob:
        estimate = estimate_credits(self.model, params)
        problems = check_request(self.model, prompt=prompt, params=params, references=references)
        cap = self.version.credit_cap
        if not problems and estimate > cap:
            text = (
                f"About {counted(estimate)} {are(estimate)} expected, above the template's cap of {cap:,} "
                "for one job: raise the cap in a new version, or choose a cheaper model."
            )
            problems = [Problem("credit_cap", text, cap)]
        problems = problems or job_above_cap(self.day_cap, estimate)
        return CheckedJob(inputs.as_json(), prompt, params, references, estimate, problems)


def job_above_cap(day_cap: int | None, estimate: int) -> list[Problem]:
    """A job that no day could carry."""
    if day_cap is None or estimate <= day_cap:
        return []
    text = (
        f"About {counted(estimate)} {are(estimate)} expected, above the {day_cap:,} that its template "
        "may spend in a whole day: raise the template's day cap, or choose a cheaper model."
    )
    return [Problem(TEMPLATE_DAY_CAP, text, day_cap)]
