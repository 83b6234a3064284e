"""Running it again from a page: the form of a new run or job, filled in as the earlier one was."""

import pytest
from django.test import Client

from rivya_bridge.automation.models import Job
from rivya_bridge.tasks.models import Task

pytestmark = pytest.mark.django_db


def test_a_run_is_run_again_from_a_form_with_its_model_and_prompt(place, signed_in_client: Client):
    page = signed_in_client.get(f"/runs/{place.done.pk}/again/", follow=True)
    assert page.redirect_chain[-1][0].startswith(f"/experiments/{place.experiment.pk}/run/")
    assert page.context["model"].id == place.done.model_id
    assert page.context["form"]["prompt"].value() == place.done.prompt
    before = Task.objects.count()
    assert signed_in_client.post(f"/runs/{place.done.pk}/again/").status_code == 405
    assert Task.objects.count() == before


def test_a_job_is_run_again_from_a_form_with_its_inputs(place, signed_in_client: Client):
    Job.objects.filter(pk=place.job.pk).update(inputs={"color": "green", "resolution": None})
    page = signed_in_client.get(f"/jobs/{place.job.pk}/again/", follow=True)
    assert page.redirect_chain[-1][0] == f"/templates/banner/?again={place.job.pk}"
    assert page.context["form"]["color"].value() == "green"
    assert "Filled in as" in page.content.decode()


@pytest.mark.parametrize("again", ["", "nonsense", "01a209fd-0c29-7de8-9f9d-e824a472701c"])
def test_a_form_without_a_job_to_repeat_is_the_usual_one(
    place, signed_in_client: Client, again: str
):
    page = signed_in_client.get(f"/templates/banner/?again={again}")
    assert page.status_code == 200
    assert "Filled in as" not in page.content.decode()


def test_what_is_not_there_cannot_be_run_again(place, signed_in_client: Client):
    for where in ("runs", "jobs"):
        assert signed_in_client.get(f"/{where}/{place.experiment.pk}/again/").status_code == 404
