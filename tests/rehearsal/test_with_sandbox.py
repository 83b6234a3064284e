"""Rehearsals over a socket: the sandbox makes the same bytes from the same request."""

from typing import Any

import httpx
import pytest

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.models import TemplateVersion
from rivya_bridge.automation.services import add_version
from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.connection import close_clients
from rivya_bridge.credits.models import LedgerEntry, Wallet
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.experiments.models import Run
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.rehearsal.models import Rehearsal, RehearsalCase
from rivya_bridge.rehearsal.services import golden_from_run, judge_waiting, start_rehearsal
from rivya_bridge.sandbox.choices import Choices
from rivya_bridge.sandbox.serve import running_sandbox
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.transitions import CLAIMABLE
from tests.experiments.factories import make_experiment, start
from tests.rehearsal.making import accepted, feed_all, picture, verdicts

pytestmark = pytest.mark.django_db
PARAMS = {"aspectRatio": "1:1", "resolution": "1K"}


@pytest.fixture
def vendor(tmp_path, settings):
    with running_sandbox(tmp_path / "sandbox", choices=Choices(rate_limit=0)) as running:
        settings.RIVYA_BASE_URL = running.base_url
        assert refresh_catalog().error == ""
        refresh_wallet()
        yield running
        close_clients()


def carry_all() -> None:
    """Every open task to its end, by hand."""
    for _ in range(12):
        Task.objects.update(due_at="2020-01-01T00:00Z")
        for task_id in list(Task.objects.filter(finished_at=None).values_list("pk", flat=True)):
            advance(task_id, CLAIMABLE)


def promoted() -> TemplateVersion:
    """Version 1 of a template whose two golden runs were made by the sandbox itself."""
    experiment = make_experiment()
    for thing in ("bottle", "jug"):
        prompt = f"A {thing} on slate"
        start(experiment, model_id="flux-2-pro", prompt=prompt, params=PARAMS)
    carry_all()
    Run.objects.update(verdict="accepted")
    runs = list(Run.objects.order_by("number"))
    version = promote_run(
        runs[0], name="Slate", slug="slate", prompt="A {{ thing }} on slate", variables=["thing"]
    )
    for run in runs:
        golden_from_run(version.template, run)
    return version


def rehearse(version: TemplateVersion) -> Rehearsal:
    rehearsal, _ = start_rehearsal(version.template, version)
    for _ in range(4):
        feed_all()
        carry_all()
        judge_waiting()
    feed_all()
    rehearsal.refresh_from_db()
    return rehearsal


def journal(vendor: Any) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(
        f"{vendor.base_url}/_sandbox/journal", trust_env=False
    ).json()
    return answer


def test_it_works_and_every_credit_is_in_the_ledger(vendor):
    version = promoted()
    before = journal(vendor)["charged_credits"]
    rehearsal = rehearse(version)
    assert (rehearsal.verdict, verdicts(rehearsal)) == ("passed", ["passed", "passed"])
    for case in RehearsalCase.objects.select_related("job"):
        assert case.distance == 0
        [output] = case.job.task.outputs.all()
        assert output.file == case.golden.files.get().file
    there = journal(vendor)
    assert there["generations_count"] == 4
    charged = there["charged_credits"] - before
    rows = LedgerEntry.objects.filter(kind="settle", task__job__source="rehearsal")
    assert sum(row.amount for row in rows) == charged > 0
    assert rehearsal.estimated_credits > 0
    assert Wallet.objects.get().current_credits == there["balance"]


def test_a_version_with_other_params_differs(vendor):
    version = promoted()
    draft = Draft(
        "flux-2-pro", 100, prompt=version.prompt, variables=version.variables,
        fixed_params={**version.fixed_params, "aspectRatio": "16:9"}, reason="wider",
    )  # fmt: skip
    rehearsal = rehearse(add_version(version.template, draft))
    assert (rehearsal.verdict, verdicts(rehearsal)) == ("differs", ["differs", "differs"])
    assert "height" in rehearsal.cases.first().reason


def test_a_job_that_fails_at_rivya_is_a_failed_case(vendor):
    version = promoted()
    run = accepted(
        Run.objects.first().experiment, "sandbox:fail", picture(),
        model_id="flux-2-pro", params=PARAMS,
    )  # fmt: skip
    golden_from_run(version.template, Run.objects.get(pk=run.pk))
    rehearsal = rehearse(version)
    assert (rehearsal.verdict, verdicts(rehearsal)) == ("failed", ["passed", "passed", "failed"])
    assert rehearsal.cases.get(ordinal=3).reason.startswith("The job failed: ")
