"""Batches and schedules as a program uses them."""

import csv
import io

import pytest

from rivya_bridge.automation.models import Batch, Job, Schedule
from rivya_bridge.automation.services import feed_batches
from rivya_bridge.credits.models import LedgerEntry
from tests.api.errors import fields_of
from tests.experiments.factories import finish, make_file

pytestmark = pytest.mark.django_db
BATCHES = "/templates/bottle-banner/batches"
SCHEDULES = "/templates/bottle-banner/schedules"
ROWS = {"rows": [{"color": "green"}, {"color": "blue", "seed": 7}]}
NOWHERE = "01a209fd-0c29-7de8-9f9d-e824a472701c"


@pytest.fixture
def send(api_client):
    """send(text, type, query, key) posts a table."""

    def post_table(text, kind="text/csv", query="", key=None):
        headers = {} if key is None else {"Idempotency-Key": key}
        return api_client.post(f"/api/v1{BATCHES}{query}", text, content_type=kind, headers=headers)

    return post_table


def test_it_works(place, post, get, api_client):
    made = post(f"{BATCHES}?concurrency=2&name=June", ROWS)
    assert made.status_code == 201, made.json()
    batch = made.json()
    assert (batch["status"], batch["row_count"], batch["name"]) == ("running", 2, "June")
    feed_batches()
    for job in Job.objects.filter(source="batch"):
        finish(job.task, make_file(), credits=9)
        LedgerEntry.objects.create(
            task=job.task, account="a", kind="settle", remote_id=str(job.pk), amount=9
        )
    feed_batches()
    read = get(f"/batches/{batch['id']}").json()
    assert (read["status"], read["rows"]["succeeded"], read["spent_credits"]) == ("finished", 2, 18)
    rows = get(f"/batches/{batch['id']}/rows", status="succeeded").json()["items"]
    assert [row["inputs"]["color"] for row in rows] == ["green", "blue"]
    assert [batch["id"]] == [item["id"] for item in get(BATCHES).json()["items"]]
    answer = api_client.get(f"/api/v1/batches/{batch['id']}/results.csv")
    lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [line["status"] for line in lines] == ["succeeded"] * 2
    ledger = sum(LedgerEntry.objects.filter(kind="settle").values_list("amount", flat=True))
    assert sum(int(line["credits"]) for line in lines) == ledger == 18
    assert all(line["file_1"].startswith("http") for line in lines)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("color,seed\ngreen,\nblue,7\n", "text/csv"),
        ('{"color": "green"}\n{"color": "blue", "seed": 7}\n', "application/x-ndjson"),
    ],
)
def test_csv_and_json_lines_make_the_same_batch(place, send, text, kind):
    answer = send(text, kind)
    assert answer.status_code == 201
    rows = Batch.objects.get().rows.order_by("ordinal")
    assert [row.inputs for row in rows] == [{"color": "green"}, {"color": "blue", "seed": 7}]


def test_one_key_makes_one_batch_and_another_body_names_what_differs(place, send):
    first = send("color\ngreen\n", key="k")
    again = send("color\ngreen\n", key="k")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert fields_of(send("color\nblue\n", key="k"), 409) == ["rows"]
    assert fields_of(send("color\ngreen\n", query="?concurrency=9", key="k"), 409) == [
        "concurrency"
    ]
    assert Batch.objects.count() == 1


def test_a_dry_run_says_what_is_wrong_and_stores_nothing(place, send):
    found = send("color,seed\ngreen,\nblue,many\n", query="?dry_run=1").json()
    assert (found["ok"], found["row_count"], found["invalid_count"]) == (False, 2, 1)
    [problem] = found["problems"]
    assert (problem["row"], problem["column"], problem["value"]) == (2, "seed", "many")
    assert not Batch.objects.exists()


def test_rows_with_problems_are_refused_by_row_and_column_and_nothing_stays(place, send):
    answer = send("color,seed\ngreen,\nblue,many\n", key="k")
    assert "rows.2.seed" in fields_of(answer, 422)
    assert not Batch.objects.exists()
    left = send("color,seed\ngreen,\nblue,many\n", query="?leave_out_invalid=1", key="k")
    assert (left.status_code, left.json()["invalid_count"]) == (201, 1)


@pytest.mark.parametrize(
    ("body", "kind", "field"),
    [
        ("colour\nx\n", "text/csv", "file"),
        ("{}", "application/json", "rows"),
        ('{"rows": [], "name": "x"}', "application/json", "name"),
        ('{"rows": []}', "application/json", "file"),
        ("color\n", "text/plain", "Content-Type"),
    ],
)
def test_a_wrong_body_is_refused_by_field(place, send, body, kind, field):
    assert field in fields_of(send(body, kind), 422)
    assert not Batch.objects.exists()


def test_a_batch_pauses_resumes_is_changed_and_canceled(place, post, api_client):
    batch = post(BATCHES, ROWS).json()["id"]
    assert post(f"/batches/{batch}/pause", {}).json()["status"] == "paused"
    assert post(f"/batches/{batch}/resume", {}).json()["status"] == "running"
    changed = api_client.patch(
        f"/api/v1/batches/{batch}", {"concurrency": 7}, content_type="application/json"
    )
    assert changed.json()["concurrency"] == 7
    assert post(f"/batches/{batch}/cancel", {}).json()["rows"]["canceled"] == 2
    assert post(f"/batches/{batch}/cancel", {}).status_code == 409
    assert post(f"/batches/{batch}/retry-failed", {}).status_code == 409


def test_failed_rows_are_retried(place, post):
    batch = post(BATCHES, ROWS).json()["id"]
    feed_batches()
    for job in Job.objects.filter(source="batch"):
        finish(job.task, status="failed", credits=0)
    counts = post(f"/batches/{batch}/retry-failed", {}).json()["rows"]
    assert (counts["retried"], counts["waiting"] + counts["started"]) == (2, 2)


@pytest.mark.parametrize("path", ["", "/rows", "/results.csv"])
def test_a_batch_that_does_not_exist_is_not_found(place, get, path):
    assert get(f"/batches/{NOWHERE}{path}").status_code == 404


@pytest.mark.parametrize("query", [{"status": "x"}, {"cursor": "x"}])
def test_nonsense_in_the_list_of_rows_is_named(place, post, get, query):
    batch = post(BATCHES, ROWS).json()["id"]
    assert fields_of(get(f"/batches/{batch}/rows", **query), 422) == [*query]


# --- Schedules ------------------------------------------------------------------------------------

WEEKLY = {"name": "Weekly", "cron": "0 9 * * 1", "zone": "Europe/Berlin", "inputs": {"color": "x"}}


def test_a_schedule_is_made_read_changed_and_removed(place, post, get, api_client):
    made = post(SCHEDULES, WEEKLY, key="k")
    assert made.status_code == 201
    assert post(SCHEDULES, WEEKLY, key="k").json()["id"] == made.json()["id"]
    schedule = get(f"/schedules/{made.json()['id']}").json()
    assert schedule["description"] == "At 09:00 on Monday"
    assert len(schedule["next"]) == 5
    address = f"/api/v1/schedules/{schedule['id']}"
    changes = {"cron": "30 2 * * *", "enabled": False}
    changed = api_client.patch(address, changes, content_type="application/json").json()
    assert (changed["cron"], changed["enabled"], changed["next"]) == ("30 2 * * *", False, [])
    assert changed["inputs"] == {"color": "x"}
    assert get(f"/schedules/{schedule['id']}/slots").json() == {"items": [], "next": None}
    assert len(get(SCHEDULES).json()["items"]) == 1
    assert api_client.delete(address).status_code == 204
    assert not Schedule.objects.exists()


def test_a_schedule_that_does_not_fit_is_refused_by_field(place, post):
    body = {"name": "x", "cron": "x", "zone": "Moon", "inputs": {"colour": "x"}, "overlap": "x"}
    assert sorted(fields_of(post(SCHEDULES, body), 422)) == ["colour", "cron", "overlap", "zone"]
