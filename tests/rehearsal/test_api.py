"""The same by program: golden cases, a dry run, a rehearsal once for a key, decisions, drift schedules."""

import pytest

from rivya_bridge.automation.models import Job
from rivya_bridge.experiments.models import Run
from rivya_bridge.rehearsal.models import DriftSchedule, GoldenCase, Rehearsal
from tests.api.errors import fields_of
from tests.rehearsal.making import accepted, make_golden, picture, to_the_end

pytestmark = pytest.mark.django_db
API = "/api/v1"
SLATE = f"{API}/templates/slate"
NOWHERE = "01a209fd-0c29-7de8-9f9d-e824a472701c"


@pytest.fixture
def call(api_client):
    """call("post", where, body) -> the answer."""

    def send(method: str, where: str, body=None, key: str = ""):
        headers = {"Idempotency-Key": key} if key else {}
        options = {"content_type": "application/json", "headers": headers}
        if method in ("get", "delete"):
            return getattr(api_client, method)(where, headers=headers)
        return getattr(api_client, method)(where, body or {}, **options)

    return send


def test_it_works(call):
    make_golden("bottle")
    plan = call("post", f"{SLATE}/rehearsals?dry_run=1").json()
    assert (plan["version"], plan["estimated_credits"], plan["problems"]) == (1, 1, [])
    assert plan["cases"][0]["tolerance"] == 0.3
    assert not Rehearsal.objects.exists()
    answer = call("post", f"{SLATE}/rehearsals", {"version": 1}, key="one")
    assert answer.status_code == 201
    again = call("post", f"{SLATE}/rehearsals", {"version": 1}, key="one")
    assert (again.status_code, again.json()["id"]) == (200, answer.json()["id"])
    assert call("post", f"{SLATE}/rehearsals", {}, key="two").status_code == 409
    to_the_end(Rehearsal.objects.get(), picture("red", size=(20, 60)))
    read = call("get", f"{API}/rehearsals/{answer.json()['id']}").json()
    assert (read["status"], read["verdict"], read["kind"]) == ("finished", "differs", "dress")
    [case] = read["cases"]
    assert case["distance"] > 0.3 and case["job"] == str(Job.objects.get().pk)
    listed = call("get", f"{SLATE}/rehearsals").json()["items"]
    assert [one["id"] for one in listed] == [read["id"]]


def test_a_case_is_accepted_or_overruled(call):
    template = make_golden("bottle", "jug")
    call("post", f"{SLATE}/rehearsals")
    rehearsal = to_the_end(Rehearsal.objects.get(), picture("red"))
    where = f"{API}/rehearsals/{rehearsal.pk}/cases"
    assert fields_of(call("post", f"{where}/1/overrule", {"reason": " "}), 422) == ["reason"]
    read = call("post", f"{where}/1/overrule", {"reason": "Good"}).json()
    assert (read["verdict"], read["cases"][0]["final_verdict"]) == ("differs", "passed")
    read = call("post", f"{where}/2/accept").json()
    golden = GoldenCase.objects.get(template=template, replaces__isnull=False)
    assert (read["verdict"], read["cases"][1]["accepted_as"]) == ("passed", str(golden.pk))
    assert call("post", f"{where}/3/accept").status_code == 404


def test_golden_cases_are_added_listed_changed_and_removed(call):
    make_golden("bottle")
    run = accepted(Run.objects.get().experiment, "jug", picture("red"))
    body = {"run": str(run.pk), "name": "The jug", "tolerance": 0.1}
    made = call("post", f"{SLATE}/golden-cases", body, key="a")
    assert made.status_code == 201
    assert call("post", f"{SLATE}/golden-cases", body, key="a").status_code == 200
    assert call("post", f"{SLATE}/golden-cases", body).status_code == 409
    case = made.json()
    assert (case["inputs"], case["tolerance"], case["run"]) == ({"thing": "jug"}, 0.1, str(run.pk))
    assert case["files"][0]["sha256"] == picture("red").sha256
    where = f"{SLATE}/golden-cases/{case['id']}"
    changed = call("patch", where, {"tolerance": None}).json()
    assert (changed["tolerance"], changed["own_tolerance"]) == (0.3, None)
    assert fields_of(call("patch", where, {"tolerance": 3}), 422) == ["tolerance"]
    assert len(call("get", f"{SLATE}/golden-cases").json()) == 2
    assert call("delete", where).status_code == 204
    assert len(call("get", f"{SLATE}/golden-cases").json()) == 1
    assert call("get", where).json()["ended_at"]


@pytest.mark.parametrize("body", [{}, {"run": NOWHERE, "job": NOWHERE}])
def test_a_golden_case_has_one_source(call, body):
    make_golden()
    assert fields_of(call("post", f"{SLATE}/golden-cases", body), 422) == ["run"]


def test_what_results_are_held_to_and_which_labels_wait(call):
    make_golden()
    body = {"tolerances": {"image": 0.2}, "counts": ["distance"]}
    assert call("put", f"{SLATE}/rehearsal-measure", body).json()["tolerances"]["image"] == 0.2
    assert call("get", f"{SLATE}/rehearsal-measure").json()["counts"] == ["distance"]
    rule = call("put", f"{SLATE}/label-rules/production", {"max_age_days": 14})
    assert rule.json() == {"label": "production", "max_age_days": 14}
    assert call("get", f"{SLATE}/label-rules").json() == [rule.json()]
    assert call("delete", f"{SLATE}/label-rules/production").status_code == 204
    wrong = call("put", f"{SLATE}/label-rules/production", {"max_age_days": 0})
    assert fields_of(wrong, 422) == ["max_age_days"]


def test_drift_schedules(call):
    make_golden()
    body = {"cron": "0 6 * * 1", "credits_per_check": 5, "credits_per_month": 20}
    made = call("post", f"{SLATE}/drift-schedules", body, key="a")
    assert (made.status_code, made.json()["month_credits"]) == (201, 0)
    assert call("post", f"{SLATE}/drift-schedules", body, key="a").status_code == 200
    where = f"{API}/drift-schedules/{made.json()['id']}"
    assert (
        call("patch", where, {"credits_per_check": 6, "enabled": False}).json()["enabled"] is False
    )
    assert DriftSchedule.objects.get().credits_per_check == 6
    wrong = call("patch", where, {"credits_per_month": 1})
    assert fields_of(wrong, 422) == ["credits_per_month"]
    assert call("get", f"{where}/slots").json() == {"items": [], "next": None}
    assert len(call("get", f"{SLATE}/drift-schedules").json()) == 1
    assert call("delete", where).status_code == 204
    assert call("get", where).status_code == 404


def test_a_stop_by_program(call):
    make_golden(*"abcde")
    made = call("post", f"{SLATE}/rehearsals").json()
    read = call("post", f"{API}/rehearsals/{made['id']}/stop").json()
    assert {case["status"] for case in read["cases"]} <= {"waiting", "started", "judged"}
    assert "a person stopped" in read["cases"][4]["reason"]
