"""Labels: one step, one winner, a history, and jobs, batches and schedules that name them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.models import Batch, Job, LabelMove, Schedule, TemplateLabel
from rivya_bridge.automation.selectors import chosen_version, move_rows
from rivya_bridge.automation.services import (
    ScheduleOptions,
    add_version,
    create_schedule,
    move_label,
    roll_back_label,
    start_job,
    tick_schedules,
)
from rivya_bridge.refusals import Conflict, Refusal
from tests.automation.making import make_batch, make_template
from tests.experiments.factories import add_models

URL = "/templates/banner/"
API = "/api/v1/templates/banner"


def two_versions():
    """Version 1 has an input, version 2 has none; 2 is current."""
    template = make_template()
    add_version(template, Draft("flux-2-pro", 100, prompt="A vase on slate"))
    return template


@pytest.fixture
def template(models):
    template = two_versions()
    move_label(template, "stable", 1, seen=None, reason="First", author="ann")
    return template


def test_it_works(template):
    label = move_label(template, "stable", 2, seen=1, reason="Better", author="bob")
    assert label.version.number == 2
    assert chosen_version(template, "stable").number == 2
    moves = [(m.from_version and m.from_version.number, m.to_version.number, m.reason, m.author)
             for m in move_rows(template)]  # fmt: skip
    assert moves == [(1, 2, "Better", "bob"), (None, 1, "First", "ann")]


def test_who_saw_an_older_state_is_told_and_changes_nothing(template):
    move_label(template, "stable", 2, seen=1, reason="Mine", author="ann")
    with pytest.raises(Conflict, match="moved to version 2 by ann in the meantime"):
        move_label(template, "stable", 2, seen=1, reason="Mine too", author="bob")
    with pytest.raises(Conflict):
        move_label(template, "stable", 1, seen=None, reason="As if it were new")
    assert LabelMove.objects.count() == 2


def test_two_browsers_at_once_have_one_winner(template, signed_in_client):
    forms = [
        {"form": "stable", "stable-name": "stable", "stable-version": "2",
         "stable-seen": "1", "stable-reason": reason}
        for reason in ("Mine", "Yours")
    ]  # fmt: skip
    pages = [signed_in_client.post(f"{URL}labels/", form, follow=True) for form in forms]
    assert "stable stands at version 2" in pages[0].content.decode()
    assert "in the meantime" in pages[1].content.decode()
    assert "Yours" not in pages[1].content.decode()


def test_a_roll_back_returns_to_the_version_before(template, signed_in_client):
    move_label(template, "stable", 2, seen=1, reason="Better")
    signed_in_client.post(f"{URL}labels/stable/back/", {"seen": "2"})
    assert chosen_version(template, "stable").number == 1
    assert move_rows(template)[0].reason == "Rolled back from version 2 to version 1."
    with pytest.raises(Conflict):
        roll_back_label(template, "stable", seen=2)


def test_what_never_stood_elsewhere_cannot_be_rolled_back(template):
    with pytest.raises(Refusal, match="never stood"):
        roll_back_label(template, "stable", seen=1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Prod!"}, "name"), ({"name": "current"}, "name"), ({"name": "a" * 41}, "name"),
        ({"name": "a\0"}, "name"), ({"number": 3}, "version"), ({"number": 0}, "version"),
        ({"number": 10**12}, "version"), ({"reason": " "}, "reason"),
        ({"reason": "x" * 1001}, "reason"), ({"number": 1}, "version"), ({"seen": 7}, "seen"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(template, changes, field):
    given = {"name": "stable", "number": 2, "seen": 1, "reason": "Better", **changes}
    with pytest.raises(Refusal) as refused:
        move_label(template, given.pop("name"), given.pop("number"), **given)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert chosen_version(template, "stable").number == 1


@pytest.mark.usefixtures("no_bell")
def test_a_job_names_its_version_by_label(template, api_client):
    body = {"inputs": {"subject": "jug"}, "label": "stable"}
    made = api_client.post(f"{API}/jobs", body, "application/json")
    assert (made.status_code, made.json()["version"]) == (201, 1)
    assert made.json()["label"] == "stable"
    plan = api_client.post(f"{API}/jobs?dry_run=1", body, "application/json").json()
    assert plan["request"]["prompt"] == "A jug on slate"


@pytest.mark.usefixtures("no_bell")
def test_a_key_belongs_to_its_label(template, api_client):
    key = {"Idempotency-Key": "order-1"}
    body = {"inputs": {}, "label": "stable"}
    first = api_client.post(f"{API}/jobs", body, "application/json", headers=key)
    again = api_client.post(f"{API}/jobs", body, "application/json", headers=key)
    other = api_client.post(f"{API}/jobs", {"inputs": {}}, "application/json", headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    start_job(template, {}, source="command", intent_key="k", label="stable")
    with pytest.raises(Conflict, match="stable"):
        start_job(template, {}, source="command", intent_key="k")


def test_an_unknown_label_names_those_there_are_and_starts_nothing(
    template, api_client, signed_in_client
):
    move_label(template, "staging", 2, seen=None, reason="Next")
    body = {"inputs": {}, "label": "prod"}
    refused = api_client.post(f"{API}/jobs", body, "application/json")
    [field] = refused.json()["error"]["fields"]
    assert (refused.status_code, field["field"]) == (422, "label")
    assert "stable, staging" in field["message"]
    rows = api_client.post(f"{API}/batches?label=prod", {"rows": [{}]}, "application/json")
    times = {"name": "x", "cron": "0 9 * * *", "label": "prod"}
    schedule = api_client.post(f"{API}/schedules", times, "application/json")
    assert (rows.status_code, schedule.status_code) == (422, 422)
    assert signed_in_client.post(f"{URL}?label=prod", {}).status_code == 422
    assert (Job.objects.count(), Batch.objects.count(), Schedule.objects.count()) == (0, 0, 0)


@pytest.mark.usefixtures("no_bell")
def test_the_form_of_a_label_has_that_versions_inputs(template, signed_in_client):
    assert 'name="subject"' in signed_in_client.get(f"{URL}?label=stable").content.decode()
    assert 'name="subject"' not in signed_in_client.get(URL).content.decode()
    signed_in_client.post(f"{URL}?label=stable", {"subject": "bowl"})
    assert Job.objects.get().version.number == 1


def test_a_batch_is_pinned_to_where_its_label_stood(template):
    batch = make_batch(template, 2, label="stable")
    move_label(template, "stable", 2, seen=1, reason="Better")
    assert Batch.objects.get(pk=batch.pk).version.number == 1


@pytest.mark.usefixtures("no_bell")
def test_a_schedule_follows_its_label(models, time_machine):
    time_machine.move_to("2026-03-02 08:00:00+00:00", tick=False)
    template = two_versions()
    move_label(template, "stable", 2, seen=None, reason="First")
    create_schedule(template, ScheduleOptions("Daily", "0 9 * * *", label="stable"))
    for day, number in ((2, 2), (3, 1)):
        time_machine.move_to(f"2026-03-0{day} 09:00:30+00:00", tick=False)
        tick_schedules()
        assert Job.objects.latest("id").version.number == number
        if number == 2:
            move_label(template, "stable", 1, seen=2, reason="Back")
            Job.objects.get().task.__class__.objects.update(status="canceled", reason="by_person")


@pytest.mark.django_db(transaction=True)
def test_a_hundred_moves_at_once_leave_one_stable_at_every_moment():
    """Movers race from what they saw; readers in between find exactly one label, at one version."""
    add_models("flux-2-pro")
    template = two_versions()
    move_label(template, "stable", 1, seen=None, reason="First")

    def move(number: int) -> bool:
        try:
            seen = chosen_version(template, "stable").number
            move_label(template, "stable", 3 - seen, seen=seen, reason=f"Move {number}")
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    def read(_: int) -> int:
        rows = TemplateLabel.objects.filter(template=template, name="stable")
        try:
            return len([row.version.number for row in rows.select_related("version")])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        moved = [pool.submit(move, number) for number in range(100)]
        seen = [pool.submit(read, number) for number in range(100)]
        wins = sum(one.result() for one in moved)
        assert {one.result() for one in seen} == {1}
    connections.close_all()
    assert wins >= 1
    assert LabelMove.objects.count() == wins + 1
    history = list(LabelMove.objects.order_by("id").values_list("from_version", "to_version"))
    assert chosen_version(template, "stable").pk == history[-1][1]


def test_labels_by_http(template, api_client):
    where = f"{API}/labels/stable"
    moved = api_client.put(where, {"version": 2, "seen": 1, "reason": "Better"}, "application/json")
    late = api_client.put(where, {"version": 2, "seen": 1, "reason": "Mine"}, "application/json")
    assert (moved.status_code, late.status_code) == (200, 409)
    assert [(r["name"], r["version"]) for r in api_client.get(f"{API}/labels").json()] == [
        ("stable", 2)
    ]
    [last, _] = api_client.get(f"{API}/label-moves").json()["items"]
    assert (last["from_version"], last["to_version"], last["author"]) == (1, 2, "token tests")
