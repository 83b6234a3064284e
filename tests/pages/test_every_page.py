"""Every page opens over a full workspace, escapes what came from elsewhere, and says so when not."""

import pytest
from django.urls import reverse

from rivya_bridge.tasks.models import Status, Task
from tests.pages.conftest import HOSTILE

pytestmark = pytest.mark.django_db

NOWHERE = "01a209fd-0c29-7de8-9f9d-e824a472701c"
PAGES = {
    "dashboard:home": (),
    "dashboard:connection": (),
    "experiments:index": (),
    "experiments:create": (),
    "experiments:detail": ("experiment",),
    "experiments:edit": ("experiment",),
    "experiments:record": ("experiment",),
    "experiments:start": ("experiment",),
    "experiments:run": ("done",),
    "sharing:import_experiment": (),
    "sharing:import_runs": ("experiment",),
    "sweeps:create": ("experiment",),
    "sweeps:index": ("experiment",),
    "sweeps:grid": ("sweep",),
    "sweeps:stability": ("experiment",),
    "sweeps:references": ("experiment",),
    "comparison:index": (),
    "comparison:detail": ("comparison",),
    "promotion:promote": ("done",),
    "promotion:readiness": ("experiment",),
    "promotion:board": (),
    "promotion:rules": (),
    "automation:index": (),
    "automation:import": (),
    "automation:job": ("job",),
    "automation:jobs": (),
    "webhooks:index": (),
    "webhooks:endpoint": ("hook",),
    "webhooks:event": ("event",),
    "notices:index": (),
    "notices:endpoint": ("endpoint",),
    "notices:delivery": ("delivery",),
    "tasks:history": (),
    "tasks:inbox": (),
    "credits:overview": (),
    "files:list": (),
    "files:about": ("file",),
    "files:unused": (),
    "experiments:review": ("experiment",),
    "comparison:ranking": ("experiment",),
    "catalog:list": (),
    "catalog:changes": (),
    "dashboard:add_connection": (),
}
POST_ONLY = {
    "experiments:judge": ("done",),
    "experiments:note": ("done",),
    "comparison:save": (),
    "comparison:conclude": ("comparison",),
    "notices:replay": ("delivery",),
    "tasks:cancel": ("task",),
    "tasks:continue": ("task",),
    "tasks:handled": ("task",),
    "promotion:consumer": ("experiment",),
    "credits:refresh": (),
    "files:upload": (),
    "files:remove_unused": (),
    "files:remove_strays": (),
    "comparison:tray": ("experiment",),
    "comparison:draw": ("experiment",),
    "catalog:refresh": (),
    "dashboard:start_demo": (),
    "dashboard:check_connection": (),
}


def address(place, name: str, parts: tuple[str, ...]) -> str:
    ids = [place.done.task_id if part == "task" else getattr(place, part).pk for part in parts]
    return reverse(name, args=ids)


def is_clean(content: bytes) -> bool:
    """Whether the hostile text stands there as text only."""
    text = content.decode()
    return HOSTILE not in text and "<script>alert" not in text


def test_it_works(place, signed_in_client):
    page = signed_in_client.get(reverse("experiments:run", args=[place.done.pk]))
    assert page.status_code == 200
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page.content.decode()
    assert is_clean(page.content)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens(place, signed_in_client, name):
    page = signed_in_client.get(address(place, name, PAGES[name]))
    assert page.status_code == 200
    assert is_clean(page.content)
    assert "<title>" in page.content.decode()


@pytest.mark.parametrize("name", [*PAGES, "automation:template", "comparison:board"])
def test_every_page_gives_its_part_to_htmx(place, signed_in_client, name):
    where = {
        "automation:template": reverse("automation:template", args=["banner"]),
        "comparison:board": f"/compare/?run={place.done.pk}&run={place.studio.pk}&rows=all",
    }.get(name) or address(place, name, PAGES[name])
    part = signed_in_client.get(where, headers={"HX-Request": "true"})
    assert part.status_code in (200, 286)
    assert is_clean(part.content)


def test_the_pages_with_other_addresses_open(place, signed_in_client):
    pair = f"run={place.done.pk}&run={place.studio.pk}"
    for where in (
        "/templates/banner/",
        "/templates/banner/versions/",
        "/templates/banner/versions/1/",
        "/templates/banner/ladder/",
        "/templates/banner/golden/",
        "/templates/banner/rehearsals/",
        "/templates/banner/drift/",
        "/templates/banner/versions/1/edit/",
        "/templates/banner/versions/compare/?from=1&to=1",
        f"/compare/?{pair}",
        f"/compare/?{pair}&baseline=1&rows=all",
    ):
        page = signed_in_client.get(where)
        assert page.status_code == 200
        assert is_clean(page.content)


@pytest.mark.parametrize("status", Status.values)
def test_runs_jobs_and_tasks_open_in_every_status(place, signed_in_client, status):
    run, job = place.by_status[status], place.jobs[status]
    for where in (f"/runs/{run.pk}/", f"/tasks/{run.task_id}/", f"/jobs/{job.pk}/"):
        for headers in ({}, {"HX-Request": "true"}):
            page = signed_in_client.get(where, headers=headers)
            assert page.status_code in (200, 286), where
            assert is_clean(page.content), where
    history = signed_in_client.get("/tasks/", {"status": status})
    assert str(run.task_id) in history.content.decode()


@pytest.mark.parametrize(
    ("where", "noun"), [("/runs/live/", "run"), ("/jobs/live/", "job"), ("/tasks/live/", "task")]
)
def test_live_rows_come_for_every_status(place, signed_in_client, where, noun):
    ids = {
        "run": [run.pk for run in place.by_status.values()],
        "job": [job.pk for job in place.jobs.values()],
        "task": [run.task_id for run in place.by_status.values()],
    }[noun]
    page = signed_in_client.get(where, {"id": [*ids, "nonsense", "\0", NOWHERE]})
    assert page.status_code == 200
    assert is_clean(page.content)
    assert signed_in_client.get(where, {"id": "nonsense"}).status_code == 286
    assert signed_in_client.get(where).status_code == 286


@pytest.mark.parametrize("name", [name for name, parts in PAGES.items() if parts])
def test_what_does_not_exist_is_a_page_that_says_so(models, signed_in_client, name):
    page = signed_in_client.get(reverse(name, args=[NOWHERE]))
    assert page.status_code == 404
    assert "<title>" in page.content.decode()


@pytest.mark.parametrize(
    "where",
    [
        "/nonsense/", "/runs/1/", "/tasks/nonsense/", "/templates/no-such/", "/templates/A%00B/",
        f"/files/{NOWHERE}/", f"/files/{NOWHERE}/preview/", "/experiments/%00/", "/%ff/",
        "/" + "a" * 5000,
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_not_found(models, signed_in_client, where):
    assert signed_in_client.get(where, follow=True).status_code == 404


@pytest.mark.parametrize("name", [name for name, parts in POST_ONLY.items() if parts])
def test_a_change_of_what_does_not_exist_is_not_found(models, signed_in_client, name):
    answer = signed_in_client.post(reverse(name, args=[NOWHERE]), {"rating": "5", "title": "x"})
    assert answer.status_code in (302, 404)
    if answer.status_code == 302:
        assert signed_in_client.get(answer.headers["Location"]).status_code == 404


@pytest.mark.parametrize("name", POST_ONLY)
def test_what_changes_something_takes_no_get(place, signed_in_client, name):
    before = Task.objects.values_list("status", flat=True).order_by("pk")
    before = list(before)
    assert signed_in_client.get(address(place, name, POST_ONLY[name])).status_code == 405
    assert list(Task.objects.values_list("status", flat=True).order_by("pk")) == before


@pytest.mark.parametrize(
    "name",
    [
        "dashboard:home", "dashboard:connection", "experiments:index", "experiments:detail",
        "experiments:run", "comparison:index", "comparison:detail", "automation:index",
        "automation:job", "tasks:history", "credits:overview", "files:list", "catalog:list",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_only_shows_takes_no_post(place, signed_in_client, name, method):
    answer = signed_in_client.generic(method, address(place, name, PAGES[name]))
    assert answer.status_code == 405


NONSENSE = ["nonsense", "\0", "x" * 5000, "-1", HOSTILE, "\ud7ff\ue000", "%"]
FILTERS = {
    "/experiments/": ("status", "category", "q", "after"),
    "/experiments/{experiment}/": ("source", "model", "verdict", "status", "after"),
    "/experiments/{experiment}/run/": ("model", "from", "task"),
    "/experiments/{experiment}/record/": ("model", "from"),
    "/experiments/{experiment}/sweep/": ("from", "sweep"),
    "/experiments/{experiment}/sweeps/": ("after",),
    "/comparisons/": ("after",),
    "/compare/": ("run", "baseline", "rows"),
    "/comparisons/{comparison}/": ("baseline", "rows"),
    "/templates/": ("q", "after"),
    "/templates/banner/": ("after", "label", "again"),
    "/templates/banner/batches/": ("after", "label"),
    "/templates/banner/schedules/": ("after", "label"),
    "/templates/banner/ladder/": ("version",),
    "/templates/banner/versions/": ("after",),
    "/templates/banner/versions/compare/": ("from", "to"),
    "/jobs/": ("status", "source", "template", "after"),
    "/tasks/": ("status", "model", "origin", "since", "q", "after"),
    "/credits/": ("after",),
    "/files/": ("kind", "cursor"),
    "/models/": ("category",),
}


@pytest.mark.parametrize("where", FILTERS)
def test_nonsense_in_a_filter_is_answered_in_words(place, signed_in_client, where):
    where = where.format(experiment=place.experiment.pk, comparison=place.comparison.pk)
    for name in FILTERS[
        where.replace(str(place.experiment.pk), "{experiment}").replace(
            str(place.comparison.pk), "{comparison}"
        )
    ]:
        for value in NONSENSE:
            for headers in ({}, {"HX-Request": "true"}):
                page = signed_in_client.get(where, {name: value}, follow=True, headers=headers)
                assert page.status_code in (200, 404, 422), (name, value[:20])
                assert is_clean(page.content), (name, value[:20])


@pytest.mark.parametrize("name", ["status", "origin", "since"])
def test_history_names_the_filter_that_it_cannot_read(place, signed_in_client, name):
    page = signed_in_client.get("/tasks/", {name: "nonsense"})
    assert page.status_code == 422
    assert "nonsense" in page.content.decode()


@pytest.mark.parametrize("count", [0, 1, 7], ids=["no run", "one run", "seven runs"])
def test_a_board_names_how_many_runs_it_takes(place, signed_in_client, count):
    runs = [str(run.pk) for run in list(place.by_status.values())[:count]]
    page = signed_in_client.get("/compare/", {"run": runs})
    assert page.status_code == 422
    assert "2 to 6" in page.content.decode()


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_ticked_runs_lead_back_to_their_experiment_with_the_limit(
    place, signed_in_client, count
):
    experiment = place.done.experiment
    ticked = [str(place.done.pk)][:count]
    query = {"experiment": str(experiment.pk), "run": ticked}
    answer = signed_in_client.get("/compare/", query, follow=True)
    assert answer.redirect_chain == [(f"/experiments/{experiment.pk}/", 302)]
    assert f"{count} run(s) are chosen: choose 2 to 6 runs" in answer.content.decode()
