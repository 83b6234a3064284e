"""Every page takes the same number of queries for few rows and for many, and lists show fifty."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rivya_bridge.automation.services import start_job
from rivya_bridge.comparison.services import save_comparison
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import LedgerEntry
from rivya_bridge.experiments.models import Run
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.tasks.models import TaskEvent
from tests.experiments.factories import finish, make_experiment, make_file, record, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_bell")]

FEW, MANY, PAGE = 3, 60, 50

# The mark of one row, of lists that have pages.
ROWS = {
    "experiments": r'<td data-label="Status">',
    "experiment": r'<article class="run-card"',
    "comparisons": r'<a href="/comparisons/[0-9a-f-]{36}/"',
    "templates": r'href="/templates/[a-z0-9-]+/"',
    "template": r'<tr id="job-',
    "tasks": r'<tr id="task-',
    "credits": r'<td data-label="Task"',
    "files": r'href="/files/[0-9a-f-]{36}/\?download=1"',
}


class _Workspace:
    """One of everything, with as many rows around it as `grow` was told."""

    def __init__(self) -> None:
        self.experiment = make_experiment()
        self.first, self.second = self._run(), record(self.experiment, results=[make_file()])
        self.kept = save_comparison(self.experiment, "Which?", [self.first, self.second])
        self.template = self._promote("banner")
        self.job, _ = start_job(self.template, {}, source="form")
        self.rows = 1

    def _run(self) -> Run:
        run = start(self.experiment, model_id="flux-2-pro", references=[make_file()])
        finish(run.task, make_file(preview_width=8, preview_height=8), make_file("second.png"))
        return Run.objects.get(pk=run.pk)

    def _promote(self, slug: str):
        version = promote_run(
            self.first,
            name=f"Template {slug}",
            slug=slug,
            description="",
            prompt=self.first.prompt,
            variables=[],
            exposed_params=[],
        )
        return version.template

    def grow(self, rows: int) -> None:
        for number in range(self.rows, rows):
            make_experiment(title=f"Number {number}")
            run = self._run()
            record(self.experiment, results=[make_file()], continues_from=self.first)
            save_comparison(self.experiment, "Which?", [self.first, run])
            self._promote(f"banner-{number}")
            job, _ = start_job(self.template, {}, source="form")
            finish(job.task, make_file())
            self._tell_of(run, number)
        self.rows = rows

    def _tell_of(self, run: Run, number: int) -> None:
        """A line of the ledger, and one in the first run's timeline."""
        LedgerEntry.objects.create(
            task=run.task,
            account=current_connection().account,
            kind="settle",
            remote_id=f"remote-{number}",
            amount=1,
        )
        task = self.first.task
        TaskEvent.objects.create(
            task=task, seq=100 + number, at=task.created_at, kind="note", text="Seen again."
        )

    def addresses(self) -> dict[str, str]:
        experiment = [self.experiment.pk]
        return {
            "home": "/",
            "experiments": "/experiments/",
            "experiment": reverse("experiments:detail", args=experiment),
            "run form": reverse("experiments:start", args=experiment),
            "record form": reverse("experiments:record", args=experiment),
            "run": f"/runs/{self.first.pk}/",
            "compare": f"/compare/?run={self.first.pk}&run={self.second.pk}",
            "comparisons": "/comparisons/",
            "comparison": f"/comparisons/{self.kept.pk}/",
            "promote": f"/runs/{self.first.pk}/promote/",
            "templates": "/templates/",
            "template": f"/templates/{self.template.slug}/",
            "job": f"/jobs/{self.job.pk}/",
            "tasks": "/tasks/",
            "inbox": "/inbox/",
            "task": f"/tasks/{self.first.task_id}/",
            "credits": "/credits/",
            "files": "/files/",
            "models": "/models/",
            "model": "/models/flux-2-pro/",
            "changes": "/models/changes/",
            "connection": "/connection/",
        }


def _queries(client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200, address
    return len(queries)


def _count_all(client, workspace: _Workspace) -> dict[str, int]:
    return {name: _queries(client, address) for name, address in workspace.addresses().items()}


@pytest.fixture
def workspace(models, signed_in_client) -> _Workspace:
    signed_in_client.get("/connection/")  # the first page also stores the session's CSRF secret
    workspace = _Workspace()
    workspace.grow(FEW)
    return workspace


def test_it_works(workspace, signed_in_client):
    few = _count_all(signed_in_client, workspace)
    workspace.grow(MANY)
    assert _count_all(signed_in_client, workspace) == few


def test_a_page_shows_fifty_rows_and_leads_to_older_ones(workspace, signed_in_client):
    workspace.grow(MANY)
    addresses = workspace.addresses()
    for name, row in ROWS.items():
        text = signed_in_client.get(addresses[name]).content.decode()
        assert len(re.findall(row, text)) == PAGE, name
        assert 'rel="next"' in text, name


def test_no_list_counts_its_rows(workspace, signed_in_client):
    addresses = workspace.addresses()
    for name in ("experiments", "experiment", "comparisons", "tasks", "files"):
        with CaptureQueriesContext(connection) as queries:
            signed_in_client.get(addresses[name])
        slow = [one["sql"] for one in queries if re.search(r"COUNT\(|OFFSET|DISTINCT", one["sql"])]
        assert not slow, name
