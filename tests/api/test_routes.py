"""Each route as a program uses it: the path of the documents first."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rivya_bridge.automation.models import Job
from rivya_bridge.experiments.models import Run
from rivya_bridge.tasks.models import Task
from tests.api.errors import fields_of
from tests.experiments.factories import finish, make_file

pytestmark = pytest.mark.django_db

TASK_KEYS = {
    "id", "status", "model", "origin", "remote_id", "reserved_credits", "final_credits",
    "created_at", "updated_at", "reason", "error",
}  # fmt: skip
NOWHERE = "01a209fd-0c29-7de8-9f9d-e824a472701c"


def test_it_works(models, post, get, api_client, png):
    """From a question to a job, with nothing but the API."""
    experiment = post("/experiments", {"title": "Which slate?"})
    assert experiment.status_code == 201
    address = f"/experiments/{experiment.json()['id']}/runs"
    sent = SimpleUploadedFile("result.png", png)
    file = api_client.post("/api/v1/files", {"file": sent}).json()["id"]
    studio = {"source": "studio", "model": "z-image", "prompt": "A bottle", "results": [file]}
    assert post(address, studio).status_code == 201
    run = post(address, {"source": "api", "model": "z-image", "prompt": "A red bottle"})
    assert run.status_code == 201
    task = Task.objects.get(pk=run.json()["task_id"])
    assert get(f"/tasks/{task.pk}").json()["status"] == "queued"
    finish(task, make_file("made.png"))
    assert get(f"/runs/{run.json()['id']}").json()["status"] == "succeeded"
    template = post(f"/runs/{run.json()['id']}/promote", {"name": "Bottles"})
    assert template.status_code == 201
    job = post(f"/templates/{template.json()['slug']}/jobs", {"inputs": {}})
    assert job.status_code == 201
    told = {"explanation": None, "learned": ""}
    assert get(f"/jobs/{job.json()['id']}").json() == job.json() | told
    assert Task.objects.get(pk=job.json()["task"]["id"]).draft == task.draft


def test_an_experiment_has_what_was_written(models, post, get):
    body = {
        "title": "Slate",
        "question": "Which?",
        "brief": "Dark",
        "category": "video",
        "tags": ["wet"],
    }
    made = post("/experiments", body).json()
    assert {key: made[key] for key in body} == body
    assert get(f"/experiments/{made['id']}").json() == made
    answer = get("/experiments").json()
    assert set(answer) == {"items", "next"}
    assert answer["items"][0] == made


def test_a_studio_run_keeps_everything_that_was_recorded(place, post, get):
    body = {
        "source": "studio",
        "model": "z-image",
        "prompt": "A bottle",
        "references": [str(place.file.pk)],
        "results": [str(place.file.pk)],
        "credits": 4,
        "duration_seconds": 2.5,
        "rating": 5,
        "verdict": "accepted",
        "note": "Good",
        "continues_from": str(place.studio.pk),
    }
    made = post(f"/experiments/{place.experiment.pk}/runs", body)
    assert made.status_code == 201
    run = made.json()
    plain = {key: body[key] for key in body if key not in ("references", "results")}
    assert {key: run[key] for key in plain} == plain
    assert [one["file_id"] for one in run["results"]] == body["results"]
    assert [one["file_id"] for one in run["references"]] == body["references"]
    assert (run["status"], run["task_id"]) == ("recorded", None)
    assert get(f"/runs/{run['id']}").json() == run


def test_a_run_is_rated_judged_and_annotated(place, api_client):
    address = f"/api/v1/runs/{place.done.pk}"
    changes = {"rating": 4, "verdict": "accepted", "note": "Keep"}
    answer = api_client.patch(address, changes, content_type="application/json").json()
    assert {key: answer[key] for key in changes} == changes
    one = api_client.patch(address, {"rating": None}, content_type="application/json").json()
    assert (one["rating"], one["verdict"], one["note"]) == (None, "accepted", "Keep")


def test_a_change_with_one_wrong_field_changes_nothing(place, api_client):
    changes = {"rating": 4, "verdict": "perhaps"}
    address = f"/api/v1/runs/{place.done.pk}"
    answer = api_client.patch(address, changes, content_type="application/json")
    assert fields_of(answer) == ["verdict"]
    assert Run.objects.get(pk=place.done.pk).rating is None


def test_a_task_says_what_happened_to_it(place, get):
    task = get(f"/tasks/{place.done.task_id}").json()
    assert set(task) >= TASK_KEYS
    assert task["origin"] == {"type": "run", "id": str(place.done.pk)}
    assert (task["status"], task["model"], task["final_credits"]) == (
        "succeeded",
        "google-imagen4-fast",
        9,
    )
    assert (task["reason"], task["error"]) == (None, None)
    assert task["remote_id"] and task["created_at"] and task["updated_at"]


def test_the_list_of_tasks_shows_every_key_too(place, get):
    answer = get("/tasks").json()
    assert set(answer) == {"items", "next"}
    assert all(set(task) >= TASK_KEYS for task in answer["items"])
    assert {task["origin"]["type"] for task in answer["items"]} == {"run", "job"}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"status": "succeeded"}, 1),
        ({"status": "open"}, 2),
        ({"status": "attention"}, 0),
        ({"model": "z-image"}, 1),
        ({"origin": "job"}, 1),
        ({"since": "1h"}, 3),
        ({"q": "red"}, 2),
        ({"q": "red", "status": "queued"}, 1),
        ({"model": "nothing"}, 0),
    ],
)
def test_tasks_are_filtered(place, get, query, count):
    assert len(get("/tasks", **query).json()["items"]) == count


def test_a_walk_over_many_tasks_has_no_gap_and_no_repeat(place, get):
    first = place.queued.task
    many = [
        Task(
            origin="run",
            origin_id=place.queued.pk,
            account=first.account,
            base_url=first.base_url,
            model_id="z-image",
            category="image",
            draft={},
            idempotency_key=f"walk-{number}",
            due_at=first.due_at,
            estimated_credits=1,
        )
        for number in range(120)
    ]
    Task.objects.bulk_create(many)
    seen: list[str] = []
    cursor = ""
    for size in (50, 50, 23):
        page = get("/tasks", cursor=cursor).json()
        assert len(page["items"]) == size
        seen += [task["id"] for task in page["items"]]
        cursor = page["next"]
    assert cursor is None
    assert seen == [str(key) for key in Task.objects.order_by("-id").values_list("pk", flat=True)]


@pytest.mark.parametrize(
    "path",
    [
        "/experiments",
        "/experiments/{experiment}/runs",
        "/templates",
        "/templates/bottle-banner/jobs",
        "/tasks",
        "/models",
    ],
)
def test_every_list_answers_items_and_next_and_nothing_else(place, get, path):
    answer = get(path.format(experiment=place.experiment.pk)).json()
    assert set(answer) == {"items", "next"}
    assert answer["items"]
    assert answer["next"] is None


@pytest.mark.parametrize(
    "path",
    [
        "/experiments/{id}", "/experiments/{id}/runs", "/runs/{id}", "/comparisons/{id}",
        "/templates/{id}", "/templates/{id}/jobs", "/jobs/{id}", "/tasks/{id}", "/files/{id}",
        "/models/{id}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("wrong", [NOWHERE, "nonsense", "1", "%00", "%ff", "..", "a" * 3000])
def test_what_does_not_exist_is_not_found(models, get, path, wrong):
    fields_of(get(path.format(id=wrong)), 404)


def test_credits_come_from_the_wallet(db, sandbox, get):
    credits = get("/credits").json()
    assert credits["current_credits"] > 0
    assert (credits["spent_credits"], credits["error"], credits["is_sandbox"]) == (0, None, True)


def test_credits_name_the_failure_when_nobody_answers(db, settings, get):
    settings.RIVYA_BASE_URL = "http://127.0.0.1:9"
    answer = get("/credits")
    assert answer.status_code == 200
    assert answer.json()["current_credits"] is None
    assert answer.json()["error"]


def test_a_comparison_is_kept(place, post, get):
    body = {
        "title": "Two",
        "runs": [str(place.done.pk), str(place.studio.pk)],
        "winner": str(place.done.pk),
        "conclusion": "The first is sharper.",
    }
    made = post(f"/experiments/{place.experiment.pk}/comparisons", body)
    assert made.status_code == 201
    assert {key: made.json()[key] for key in body} == body
    assert get(f"/comparisons/{made.json()['id']}").json() == made.json()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"runs": []}, "runs"),
        ({"runs": ["{done}"]}, "runs"),
        ({"runs": ["{done}", "{done}"]}, "runs"),
        ({"runs": ["{done}", NOWHERE]}, "runs"),
        ({"runs": ["{done}"] * 7}, "runs"),
        ({"runs": "{done}"}, "runs"),
        ({"winner": "{queued}"}, "winner"),
        ({"winner": NOWHERE}, "winner"),
        ({"conclusion": "x" * 5001}, "conclusion"),
    ],
)
def test_a_wrong_comparison_is_refused_by_field(place, post, row_counts, changes, field):
    ids = {"done": str(place.done.pk), "queued": str(place.queued.pk)}
    body = {"title": "Two", "runs": [ids["done"], str(place.studio.pk)]} | changes

    def filled(value):
        if isinstance(value, list):
            return [filled(one) for one in value]
        return value.format(**ids) if isinstance(value, str) else value

    before = row_counts()
    answer = post(
        f"/experiments/{place.experiment.pk}/comparisons", {k: filled(v) for k, v in body.items()}
    )
    assert field in [name.partition(".")[0] for name in fields_of(answer, (404, 422))]
    assert row_counts() == before


def test_a_queued_task_is_canceled(place, api_client):
    answer = api_client.post(f"/api/v1/tasks/{place.queued.task_id}/cancel")
    assert answer.json()["status"] == "canceled"
    assert answer.json()["reason"]


def test_a_job_repeats_its_template(place, get):
    job = get(f"/jobs/{place.job.pk}").json()
    assert (job["template"], job["version"], job["status"]) == ("bottle-banner", 1, "queued")
    assert job["inputs"] == {"color": "red"}
    assert set(job["task"]) >= TASK_KEYS
    assert Job.objects.get().task_id == place.job.task_id
