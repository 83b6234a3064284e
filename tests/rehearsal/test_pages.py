"""The pages: what is golden, what a rehearsal costs before it starts, how it goes, and what is decided."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rivya_bridge.automation.services import start_job
from rivya_bridge.experiments.models import Run
from rivya_bridge.rehearsal.models import DriftSchedule, GoldenCase, Rehearsal, RehearsalCase
from rivya_bridge.rehearsal.selectors.golden import measure_of
from tests.experiments.factories import finish
from tests.pages.conftest import HOSTILE
from tests.rehearsal.making import (
    accepted,
    begin,
    feed_all,
    make_golden,
    only_case,
    picture,
    to_the_end,
)

pytestmark = pytest.mark.django_db
URL = "/templates/slate"


@pytest.fixture
def get(signed_in_client):
    def read(where: str, **headers: str) -> str:
        page = signed_in_client.get(where, headers=headers)
        assert page.status_code in (200, 286), page.status_code
        return page.content.decode()

    return read


@pytest.fixture
def post(signed_in_client):
    def send(where: str, **form) -> str:
        page = signed_in_client.post(where, form, follow=True)
        assert page.status_code in (200, 422)
        return page.content.decode()

    return send


def test_it_works(get, post):
    """From golden cases to a verdict beside the accepted result, with the pages alone."""
    template = make_golden("bottle", "jug")
    page = get(f"{URL}/rehearsals/")
    assert "Rehearse version 1 ≈ 2 credits" in page
    token = re.search(r'name="form_token" value="([^"]+)"', page)[1]
    page = post(f"{URL}/rehearsals/", version="1", form_token=token)
    assert "Dress rehearsal of version 1" in page
    post(f"{URL}/rehearsals/", version="1", form_token=token)
    [rehearsal] = Rehearsal.objects.all()
    feed_all()
    where = f"/rehearsals/{rehearsal.pk}/"
    assert 'hx-trigger="every 2s"' in get(where)
    assert "is being rehearsed" in get(f"{URL}/rehearsals/")
    to_the_end(rehearsal, picture("red", size=(20, 60)))
    page = get(where)
    assert "every 2s" not in page
    assert "The width is 20 pixels, not 63 to 65." in page
    board = get(f"{where}cases/2/")
    assert 'data-stage="image"' in board and "Accepted</a>" in board and "Rehearsed</a>" in board
    assert "the tolerance of 0.3" in board
    golden, job = Run.objects.get(number=2), rehearsal.cases.get(ordinal=2).job
    assert f'href="/runs/{golden.pk}/"' in board and f'href="/jobs/{job.pk}/"' in board
    assert "job, rehearsal" in board
    post(f"{where}cases/2/accept/")
    post(f"{where}cases/1/overrule/", reason="Good enough")
    rehearsal.refresh_from_db()
    assert rehearsal.verdict == "passed"
    assert GoldenCase.objects.filter(template=template, ended_at=None).count() == 2


def test_the_live_part_stops_once_it_has_ended(signed_in_client):
    rehearsal = begin(make_golden())
    where = f"/rehearsals/{rehearsal.pk}/"
    assert signed_in_client.get(where, headers={"HX-Request": "true"}).status_code == 200
    to_the_end(rehearsal, picture())
    part = signed_in_client.get(where, headers={"HX-Request": "true"})
    assert part.status_code == 286
    assert b"<html" not in part.content


def test_what_fits_is_offered_and_what_does_not_says_why(get, post):
    template = make_golden("bottle")
    experiment = Run.objects.get().experiment
    good = accepted(experiment, "jug", picture("red"))
    accepted(experiment, "x", picture("red"), prompt=f"No {HOSTILE}")
    job, _ = start_job(template, {"thing": HOSTILE[:20]}, source="form")
    finish(job.task, picture("blue"))
    page = get(f"{URL}/golden/")
    assert f'name="run" value="{good.pk}"' in page and f'value="{job.pk}"' in page
    assert "Run 3 cannot be repeated by version 1: its prompt does not have" in page
    assert "<script>alert" not in page
    page = post(f"{URL}/golden/", run=[str(good.pk), "nonsense"], job=[str(job.pk)])
    assert "2 golden cases are added" in page and "There is no run" in page
    assert "<script>alert" not in page
    assert "Nothing was ticked" in post(f"{URL}/golden/")


def test_tolerances_and_what_counts_are_set_and_a_case_is_removed(get, post):
    template = make_golden()
    case = only_case(template)
    post(f"{URL}/golden/{case.pk}/tolerance/", tolerance="0.05")
    case.refresh_from_db()
    assert case.tolerance == 0.05
    assert "must be a distance" in post(f"{URL}/golden/{case.pk}/tolerance/", tolerance="2")
    assert "must be a distance" in post(f"{URL}/golden/{case.pk}/tolerance/", tolerance="nan")
    post(f"{URL}/golden/measure/", image="0.2", counts=["count", "distance"])
    measure = measure_of(template)
    assert (measure.tolerances["image"], measure.counts) == (0.2, ("count", "distance"))
    assert "counts" in post(f"{URL}/golden/measure/", image="0.2")
    post(f"{URL}/golden/{case.pk}/remove/")
    assert "No golden case yet" in get(f"{URL}/golden/")
    assert "no golden cases" in get(f"{URL}/rehearsals/")


def test_an_old_form_starts_nothing(post):
    make_golden()
    assert "The form has expired" in post(f"{URL}/rehearsals/", version="1", form_token="x")
    assert not Rehearsal.objects.exists()


def test_a_stop_leaves_out_the_rest(post, get):
    rehearsal = begin(make_golden(*"abcde"))
    assert "Leave out the 2 that wait" in get(f"/rehearsals/{rehearsal.pk}/")
    post(f"/rehearsals/{rehearsal.pk}/stop/")
    assert rehearsal.cases.filter(verdict="unclear").count() == 2


def test_labels_are_told_to_wait_and_released(get, post):
    make_golden()
    post(f"{URL}/label-rules/", label="production", max_age_days="14")
    assert "it needs a rehearsal of that very version" in get(f"{URL}/rehearsals/")
    assert "max_age_days must be" in post(f"{URL}/label-rules/", label="a", max_age_days="x")
    page = post(f"{URL}/label-rules/", label="production", release="1")
    assert "None: every label moves without a rehearsal." in page


@pytest.mark.parametrize("status", ["waiting", "started", "judging", "failed", "unclear"])
def test_cases_open_in_every_state(get, status):
    rehearsal = begin(make_golden())
    case = rehearsal.cases.get()
    if status == "waiting":
        RehearsalCase.objects.update(status="waiting", job=None)
    elif status == "judging":
        RehearsalCase.objects.update(status="judging")
    elif status == "failed":
        to_the_end(rehearsal, status="failed")
    elif status == "unclear":
        RehearsalCase.objects.update(
            status="judged", verdict="unclear", job=None, reason=f"Not run. {HOSTILE}"
        )
    for where in (f"/rehearsals/{rehearsal.pk}/", f"/rehearsals/{rehearsal.pk}/cases/1/"):
        for headers in ({}, {"HX-Request": "true"}):
            page = get(where, **headers)
            assert "<script>alert" not in page
    assert case.ordinal == 1


def test_a_golden_job_stands_on_the_board_too(get):
    template = make_golden()
    case = to_the_end(begin(template), picture("red")).cases.select_related("golden").get()
    from rivya_bridge.rehearsal.services import accept_result

    accept_result(case)
    second = to_the_end(begin(template), picture())
    board = get(f"/rehearsals/{second.pk}/cases/1/?baseline=1&rows=all")
    assert "Job ··" in board and "accepted" in board


def test_drift_checks_are_made_changed_and_removed(get, post):
    make_golden()
    page = get(f"{URL}/drift/")
    assert "≈ 1 credits" in page
    given = {"cron": "0 6 * * 1", "zone": "Europe/Berlin", "label": ""}
    page = post(f"{URL}/drift/", **given, credits_per_check="9", credits_per_month="3")
    assert "less than one check may cost" in page
    post(f"{URL}/drift/", **given, credits_per_check="9", credits_per_month="30")
    schedule = DriftSchedule.objects.get()
    where = f"/drift-schedules/{schedule.pk}/"
    assert "0 of 30" in get(f"{URL}/drift/")
    assert "at most 9 credits" in get(where)
    post(where, **given, credits_per_check="8", credits_per_month="30")
    post(f"{where}disable/")
    schedule.refresh_from_db()
    assert (schedule.credits_per_check, schedule.is_enabled) == (8, False)
    post(f"{where}enable/")
    assert "cannot be told" in post(f"{where}explode/")
    post(f"{where}delete/")
    assert not DriftSchedule.objects.exists()


def test_the_history_is_a_chart_with_a_title_and_a_way_to_each(get):
    template = make_golden()
    for file in (picture(), picture("red")):
        last = to_the_end(begin(template, kind="drift"), file)
    page = get(f"{URL}/drift/")
    assert 'role="img" aria-labelledby="history-title history-desc"' in page
    assert (
        '<title id="history-title">Largest distance from the golden results, 2 drift checks' in page
    )
    assert f'href="/rehearsals/{last.pk}/"' in page
    assert "It drifts" in page


def test_other_templates_know_nothing_of_it(signed_in_client):
    case = only_case(make_golden())
    other = make_golden(name="Other")
    answer = signed_in_client.post(f"/templates/{other.slug}/golden/{case.pk}/remove/")
    assert answer.status_code == 404
    assert only_case(case.template) == case


def queries(get, where: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        get(where)
    return len(captured)


def test_more_cases_take_no_more_queries(get):
    template = make_golden("a", "b")
    few = to_the_end(begin(template), picture("red"))
    before = [queries(get, where) for where in (f"/rehearsals/{few.pk}/", f"{URL}/golden/")]
    experiment = Run.objects.first().experiment
    from rivya_bridge.rehearsal.services import golden_from_run

    for thing in "cdefgh":
        run = accepted(experiment, thing, picture())
        golden_from_run(template, Run.objects.get(pk=run.pk))
        accepted(experiment, f"{thing} too", picture())
    many = to_the_end(begin(template), picture("red"))
    after = [queries(get, where) for where in (f"/rehearsals/{many.pk}/", f"{URL}/golden/")]
    assert all(now <= then + 3 for now, then in zip(after, before, strict=True)), (before, after)


def test_cases_with_the_same_inputs_are_said_to_be(get):
    from rivya_bridge.rehearsal.services import golden_from_run

    template = make_golden("bottle", "jug")
    assert "same inputs as another" not in get(f"{URL}/golden/")
    run = accepted(Run.objects.first().experiment, "jug", picture("red"))
    golden_from_run(template, Run.objects.get(pk=run.pk))
    assert get(f"{URL}/golden/").count("same inputs as another") == 2


def test_the_page_of_a_file_names_its_golden_cases(get):
    make_golden("bottle")
    page = get(f"/files/{picture().pk}/about/")
    assert "Golden cases" in page and "bottle, Slate" in page
