"""The ladder is climbed by evidence, guards production, and leads back to Studio."""

import pytest

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.services import add_version, create_template, move_label, start_job
from rivya_bridge.experiments.models import Experiment
from rivya_bridge.promotion.ladder import ladder_of
from rivya_bridge.promotion.readiness.services import name_consumer
from rivya_bridge.promotion.sending_back import send_back
from rivya_bridge.promotion.services import promote_run
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.models import Task
from rivya_bridge.webhooks.models import Endpoint, Event
from tests.experiments.factories import add_models, finish, make_experiment, make_file, record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_bell")]
URL = "/templates/slate/"


@pytest.fixture
def version():
    add_models("z-image", "flux-2-pro")
    run = record(make_experiment(), verdict="accepted", prompt="A bottle on slate")
    return promote_run(run, name="Slate", slug="slate", prompt="A {{ thing }} on slate")


def states(version) -> list[str]:
    return [rung.state for rung in ladder_of(version)]


def run_job(version, status: str = "succeeded", **inputs):
    job, _ = start_job(version.template, inputs, source="form")
    finish(job.task, status=status)
    return job


def test_it_works(version):
    ahead = ["not needed", "not needed", "not needed"]
    assert states(version) == ["done", "done", "done", "missing", *ahead]
    job = run_job(version)
    rungs = ladder_of(version)
    assert [rung.state for rung in rungs] == ["done"] * 4 + ahead
    assert rungs[3].links == [("The job", f"/jobs/{job.pk}/")]


def test_one_missing_rung_locks_those_behind_it(version):
    name_consumer(version.promotion.run.experiment, "shop", "webhook")
    assert states(version)[3:6] == ["missing", "not needed", "locked"]
    run_job(version)
    assert states(version)[3:6] == ["done", "not needed", "missing"]


def test_an_event_that_told_of_its_job_ticks_the_rung_of_webhooks(version):
    name_consumer(version.promotion.run.experiment, "shop", "webhook")
    job = run_job(version)
    hook = Endpoint.objects.create(
        account="a", remote_id="w", name="Bridge", url="http://x/", token="t", secret=""
    )
    event = Event.objects.create(
        endpoint=hook,
        event_id="evt_1",
        signature="missing",
        state="matched",
        body=b"{}",
        received_at=job.created_at,
        task=job.task,
    )
    assert states(version)[5] == "missing"
    Event.objects.update(signature="verified")
    rung = ladder_of(version)[5]
    assert (rung.state, rung.links) == ("done", [("The event", f"/webhooks/events/{event.pk}/")])


def test_a_model_that_closes_breaks_its_rung(version):
    run_job(version)
    add_models("z-image", api_status="studio_only")
    rung = ladder_of(version)[2]
    assert rung.state == "missing" and "studio_only" in rung.sentence


def test_a_file_slot_needs_a_job_with_a_file(version):
    slot = {"name": "photo", "kind": "image", "required": False}
    draft = Draft("flux-2-pro", 100, prompt="A bottle", file_slots=[slot])
    made = add_version(version.template, draft)
    run_job(made)
    assert states(made)[3:5] == ["done", "missing"]
    run_job(made, photo=str(make_file().pk))
    assert states(made)[3:5] == ["done", "done"]


def test_production_waits_for_the_first_missing_rung_and_says_which(version, signed_in_client):
    with pytest.raises(Refusal, match=r"rung 4 \(one generation submitted"):
        move_label(version.template, "production", 1, seen=None, reason="Go")
    move_label(version.template, "staging", 1, seen=None, reason="Go")
    page = signed_in_client.get(f"{URL}ladder/").content.decode()
    assert "Until rung 4 is there, production may not" in page
    run_job(version)
    move_label(version.template, "production", 1, seen=None, reason="Go")
    assert "may not stand" not in signed_in_client.get(f"{URL}ladder/").content.decode()


def test_a_template_of_no_experiment_has_no_first_rung():
    add_models("z-image")
    made = create_template(name="A", slug="slate", draft=Draft("z-image", 9, prompt="A vase"))
    assert states(made)[:4] == ["missing", "done", "done", "locked"]


def test_back_to_studio_opens_the_experiment_with_what_failed(version, signed_in_client):
    experiment = version.promotion.run.experiment
    Experiment.objects.update(status="settled")
    run_job(version)
    failed = run_job(version, status="failed", thing="jug of water")
    signed_in_client.post(f"{URL}back-to-studio/", {"reason": "It drifts"})
    experiment.refresh_from_db()
    assert experiment.status == "exploring"
    assert states(version)[0] == "missing"
    page = signed_in_client.get(f"/experiments/{experiment.pk}/readiness/").content.decode()
    query = f"from={version.promotion.run_id}&amp;task={failed.task_id}"
    assert "It drifts" in page and query in page
    assert Task.objects.count() == 2
    where = f"/experiments/{experiment.pk}/run/?{query.replace('&amp;', '&')}"
    form = signed_in_client.get(where)
    assert "A jug of water on slate" in form.content.decode()
    record(experiment, verdict="accepted")
    assert states(version)[0] == "done"


def test_a_run_begun_from_a_failed_job_continues_the_promoted_run(version, signed_in_client):
    failed = run_job(version, status="failed", thing="jug")
    run, experiment = version.promotion.run, version.promotion.run.experiment
    send_back(version.template, "It fails")
    where = f"/experiments/{experiment.pk}/run/?from={run.pk}&task={failed.task_id}"
    form = {"from": str(run.pk), "model": "z-image", "prompt": "A jug on slate"}
    signed_in_client.post(where, form)
    assert experiment.runs.get(number=2).continues_from == run


def test_it_goes_back_with_a_reason_only(version, signed_in_client):
    page = signed_in_client.post(f"{URL}back-to-studio/", {"reason": " "}, follow=True)
    assert "reason is required" in page.content.decode()
    assert version.template.sendings_back.count() == 0
