"""Every form with wrong input: the field is named, what was typed stays, and nothing is made."""

import re
from collections.abc import Callable
from html import unescape
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile

from rivya_bridge.automation.models import Job, JobTemplate
from rivya_bridge.comparison.models import Comparison
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.files.models import StoredFile
from rivya_bridge.tasks.models import Task
from tests.pages.conftest import HOSTILE

pytestmark = pytest.mark.django_db
NOWHERE = "01a209fd-0c29-7de8-9f9d-e824a472701c"


@pytest.fixture
def refused(place, signed_in_client) -> Callable[..., str]:
    """refused(address, data) -> the page of the refusal, after nothing was found created."""

    def counts() -> dict[str, int]:
        models = [m for m in apps.get_models() if m.__module__.startswith("rivya_bridge.")]
        return {model.__name__: model._default_manager.count() for model in models}

    def send(where: str, data: dict) -> str:
        before = counts()
        page = signed_in_client.post(where.format(**vars_of(place)), data)
        text = page.content.decode()
        assert page.status_code == 422, page.headers
        assert counts() == before
        assert HOSTILE not in text
        return text

    return send


def vars_of(place) -> dict[str, object]:
    return {name: getattr(one, "pk", one) for name, one in vars(place).items()}


def names_field(page: str, field: str) -> bool:
    """Whether the control of the field is marked as wrong, or its form says what is wrong."""
    control = re.search(rf'<[^>]*\bname="{re.escape(field)}"[^>]*>', page)
    return bool(control and 'aria-invalid="true"' in control[0])


# --- Experiments ----------------------------------------------------------------------------------

GOOD = {"title": "Slate", "question": "Which?", "category": "image", "tags": "wet"}


def test_it_works(place, signed_in_client):
    answer = signed_in_client.post("/experiments/new/", GOOD)
    assert answer.status_code == 302
    assert Experiment.objects.order_by("-id")[0].title == "Slate"


@pytest.mark.parametrize("where", ["/experiments/new/", "/experiments/{experiment}/edit/"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "   "),
        ("title", "x" * 201),
        ("title", "a\0b"),
        ("question", "x" * 501),
        ("brief", "x" * 10_001),
        ("category", "cinema"),
        ("tags", ",".join(f"t{n}" for n in range(21))),
        ("tags", "x" * 41),
    ],
)
def test_a_wrong_experiment_is_shown_again(refused, where, field, value):
    page = refused(where, GOOD | {"status": "exploring", "question": "Kept words"} | {field: value})
    assert names_field(page, field)
    assert field == "question" or "Kept words" in page


def test_nothing_typed_is_still_a_refusal(refused):
    assert names_field(refused("/experiments/new/", {}), "title")
    assert names_field(refused("/experiments/{experiment}/edit/", {}), "title")


# --- Runs -----------------------------------------------------------------------------------------

RUN = {"model": "google-imagen4-fast", "prompt": "Kept words"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 20_001}, "prompt"),
        ({"prompt": "a\0b"}, "prompt"),
        ({"note": "x" * 5001}, "note"),
        ({"param-seed": "many"}, "param-seed"),
        ({"param-seed": "-1"}, "param-seed"),
        ({"param-seed": "1e400"}, "param-seed"),
        ({"param-seed": "9" * 5000}, "param-seed"),
        ({"param-aspect_ratio": "9:99"}, "param-aspect_ratio"),
    ],
)
def test_a_wrong_api_run_is_shown_again(refused, changes, field):
    page = refused("/experiments/{experiment}/run/", RUN | changes)
    assert names_field(page, field)
    assert "prompt" in changes or "Kept words" in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "results"),
        ({"result_text": "  "}, "results"),
        ({"result_text": "x" * 100_001}, "result_text"),
        ({"result_text": "made", "credits": "-1"}, "credits"),
        ({"result_text": "made", "credits": "many"}, "credits"),
        ({"result_text": "made", "duration_seconds": "-1"}, "duration_seconds"),
        ({"result_text": "made", "duration_seconds": "nan"}, "duration_seconds"),
        ({"result_text": "made", "rating": "6"}, "rating"),
        ({"result_text": "made", "verdict": "perhaps"}, "verdict"),
        ({"result_text": "made", "param-seed": "many"}, "param-seed"),
    ],
)
def test_a_wrong_studio_run_is_shown_again(refused, changes, field):
    page = refused("/experiments/{experiment}/record/", RUN | changes)
    assert names_field(page, field)
    assert "Kept words" in page


@pytest.mark.parametrize("content", [b"", b"plain text", b"<svg onload='alert(1)'></svg>"])
def test_a_result_that_is_no_media_is_named(refused, content):
    sent = SimpleUploadedFile("result.png", content)
    page = refused("/experiments/{experiment}/record/", RUN | {"results": sent})
    assert "result.png" in page
    assert "Kept words" in page


@pytest.mark.parametrize("name", ["model", "from"])
@pytest.mark.parametrize("kind", ["run", "record"])
def test_an_unknown_model_or_run_is_said_in_words(place, signed_in_client, name, kind):
    before = Run.objects.count()
    where = f"/experiments/{place.experiment.pk}/{kind}/"
    answer = signed_in_client.post(where, RUN | {name: "nonsense"}, follow=True)
    assert "nonsense" in answer.content.decode()
    assert Run.objects.count() == before


def test_a_run_that_is_sent_twice_is_one_run(place, signed_in_client):
    data = RUN | {"form_token": str(uuid4())}
    where = f"/experiments/{place.experiment.pk}/run/"
    before = (Run.objects.count(), Task.objects.count())
    first, second = (signed_in_client.post(where, data) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert (Run.objects.count(), Task.objects.count()) == (before[0] + 1, before[1] + 1)


def test_a_recorded_run_that_is_sent_twice_is_one_run(place, signed_in_client, png):
    token = str(uuid4())
    where = f"/experiments/{place.experiment.pk}/record/"
    before = Run.objects.count()
    places = set()
    for _ in range(2):
        sent = SimpleUploadedFile("result.png", png)
        data = RUN | {"form_token": token, "results": sent}
        places.add(signed_in_client.post(where, data).headers["Location"])
    assert len(places) == 1
    assert Run.objects.count() == before + 1


def test_a_used_form_with_other_words_starts_nothing(refused, place, signed_in_client):
    token = str(uuid4())
    where = f"/experiments/{place.experiment.pk}/run/"
    signed_in_client.post(where, RUN | {"form_token": token})
    page = refused(where, RUN | {"form_token": token, "prompt": "Other words"})
    assert "Other words" in page


@pytest.mark.parametrize(
    "data", [{"rating": "9"}, {"rating": "x"}, {"verdict": "perhaps"}, {"rating": "\0"}]
)
def test_a_wrong_judgement_changes_nothing(place, signed_in_client, data):
    where = f"/runs/{place.done.pk}/judge/"
    page = signed_in_client.post(where, data, follow=True).content.decode()
    assert "1 to 5" in page
    run = Run.objects.get(pk=place.done.pk)
    assert (run.rating, run.verdict) == (None, "")


@pytest.mark.parametrize("note", ["x" * 5001, "a\0b"])
def test_a_wrong_note_is_not_saved(place, signed_in_client, note):
    where = f"/runs/{place.done.pk}/note/"
    page = signed_in_client.post(where, {"note": note}, follow=True).content.decode()
    assert "not saved" in page
    assert Run.objects.get(pk=place.done.pk).note == ""


# --- Promotion ------------------------------------------------------------------------------------


@pytest.fixture
def promotion(place, signed_in_client) -> dict[str, str]:
    """What the browser would send of the promote page as it stands."""
    page = signed_in_client.get(f"/runs/{place.done.pk}/promote/").context
    form = page["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    for row in page["slots"]:
        data |= {
            row["form"][name].html_name: row["form"][name].value() for name in ("name", "label")
        }
    return data


def test_the_promote_page_as_it_stands_makes_a_template(place, signed_in_client, promotion):
    answer = signed_in_client.post(f"/runs/{place.done.pk}/promote/", promotion)
    assert answer.status_code == 302
    assert JobTemplate.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"slug": "Not A Slug"}, "slug"),
        ({"slug": "banner"}, "slug"),
        ({"credit_cap": ""}, "credit_cap"),
        ({"credit_cap": "0"}, "credit_cap"),
        ({"credit_cap": "9" * 400}, "credit_cap"),
        ({"prompt": "Other words"}, "prompt"),
        ({"prompt": "{{ a"}, "prompt"),
        ({"prompt": "{% for a in b %}{% endfor %}"}, "prompt"),
        ({"prompt": "a\0b"}, "prompt"),
        ({"reason": "x" * 1001}, "reason"),
    ],
)
def test_a_wrong_promotion_is_shown_again(refused, promotion, changes, field):
    page = refused("/runs/{done}/promote/", promotion | {"description": "Kept words"} | changes)
    assert names_field(page, field)
    assert "Kept words" in page


def test_a_variable_takes_the_words_of_the_run(place, signed_in_client, promotion):
    data = promotion | {"prompt": f"A {{{{ color }}}} {HOSTILE}", "slug": "with-color"}
    answer = signed_in_client.post(f"/runs/{place.done.pk}/promote/", data)
    assert answer.status_code == 302
    [variable] = JobTemplate.objects.get(slug="with-color").current_version.variables
    assert (variable["name"], variable["default"]) == ("color", "red")


def test_a_variable_whose_default_repeats_nothing_is_refused(refused, promotion):
    changes = {
        "prompt": f"A {{{{ color }}}} {HOSTILE}",
        "variable-color-name": "color",
        "variable-color-type": "number",
        "variable-color-default": "five",
    }
    assert "color" in refused("/runs/{done}/promote/", promotion | changes)


def test_an_unfinished_run_is_not_promoted(refused, place, promotion):
    page = refused(f"/runs/{place.by_status['queued'].pk}/promote/", promotion | {"slug": "early"})
    assert "only a succeeded run" in page


# --- Jobs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"color": "x" * 20_001}, "color"),
        ({"color": "a\0b"}, "color"),
        ({"resolution": "9K"}, "resolution"),
    ],
)
@pytest.mark.parametrize("check", [{}, {"check": "1"}])
def test_a_wrong_input_is_shown_again(refused, changes, field, check):
    page = refused("/templates/banner/", {"color": "Kept words"} | changes | check)
    assert names_field(page, field)
    assert "color" in changes or "Kept words" in page


def test_a_file_of_a_job_that_is_no_media_is_named(refused):
    sent = SimpleUploadedFile("reference.png", b"plain text")
    page = refused("/templates/banner/", {"color": "Kept words", "reference_1": sent})
    assert "reference.png" in page and "Kept words" in page


def test_a_check_starts_nothing(place, signed_in_client):
    before = (Job.objects.count(), Task.objects.count())
    page = signed_in_client.post("/templates/banner/", {"color": "green", "check": "1"})
    assert page.status_code == 200
    assert "A green" in unescape(page.content.decode())
    assert (Job.objects.count(), Task.objects.count()) == before


def test_a_job_that_is_sent_twice_is_one_job(place, signed_in_client):
    data = {"color": "green", "form_token": str(uuid4())}
    before = (Job.objects.count(), Task.objects.count())
    first, second = (signed_in_client.post("/templates/banner/", data) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert (Job.objects.count(), Task.objects.count()) == (before[0] + 1, before[1] + 1)


def test_an_empty_form_starts_one_job_with_the_defaults(place, signed_in_client):
    before = Job.objects.count()
    assert signed_in_client.post("/templates/banner/", {}).status_code == 302
    assert Job.objects.count() == before + 1


# --- Comparisons and files ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"winner": NOWHERE}, "winner"),
        ({"winner": "nonsense"}, "winner"),
        ({"conclusion": "x" * 5001}, "conclusion"),
        ({"conclusion": "a\0b"}, "conclusion"),
    ],
)
@pytest.mark.parametrize("where", ["/compare/save/", "/comparisons/{comparison}/conclude/"])
def test_a_wrong_conclusion_is_shown_again(refused, place, where, changes, field):
    data = {"title": "Kept words", "run": [str(place.done.pk), str(place.studio.pk)]}
    page = refused(where, data | changes)
    assert names_field(page, field) or field == "winner"
    assert field == "title" or "Kept words" in page


@pytest.mark.parametrize("runs", [[], ["nonsense"], [NOWHERE, "\0"]])
def test_a_comparison_of_wrong_runs_is_not_kept(place, signed_in_client, runs):
    answer = signed_in_client.post("/compare/save/", {"title": "x", "run": runs})
    assert answer.status_code == 422
    assert Comparison.objects.count() == 1


@pytest.mark.parametrize("content", [b"", b"plain text"])
def test_a_file_that_is_no_media_is_not_kept(place, signed_in_client, png, content):
    before = StoredFile.objects.count()
    sent = [SimpleUploadedFile("good.png", png), SimpleUploadedFile("wrong.png", content)]
    page = signed_in_client.post("/files/upload/", {"files": sent}, follow=True)
    assert "wrong.png" in page.content.decode()
    assert StoredFile.objects.count() == before


def test_an_upload_of_nothing_is_said(place, signed_in_client):
    page = signed_in_client.post("/files/upload/", {}, follow=True)
    assert "No file was chosen" in page.content.decode()


@pytest.mark.parametrize("where", ["/experiments/new/", "/files/upload/", "/compare/save/"])
def test_a_form_that_cannot_be_read_breaks_nothing(place, signed_in_client, where):
    kind = "multipart/form-data; boundary=x"
    answer = signed_in_client.generic("POST", where, b"nonsense", content_type=kind)
    assert answer.status_code in (302, 400, 422)


def test_a_form_above_the_limit_is_refused(place, signed_in_client):
    answer = signed_in_client.post("/experiments/new/", GOOD | {"brief": "x" * 4_300_000})
    assert answer.status_code in (400, 413)
    assert Experiment.objects.count() == 1
