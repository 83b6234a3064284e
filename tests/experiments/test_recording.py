"""Recording through the page: files that are kept, one run for each, and the form as code."""

import io
import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from rivya_bridge.catalog.models import CatalogRefresh
from rivya_bridge.connection import current_connection
from rivya_bridge.experiments.models import Experiment, Run
from rivya_bridge.experiments.services import record_each
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Refusal
from tests.experiments.factories import add_models, make_experiment
from tests.sharing.making import noise

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(db: None) -> Experiment:
    from django.utils import timezone

    add_models("z-image", "flux-2-pro", "gpt-5-2-chat")
    now = timezone.now()
    CatalogRefresh.objects.create(
        account=current_connection().account, refreshed_at=now, tried_at=now, model_count=3
    )
    return make_experiment()


def upload(content: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def where(experiment: Experiment, what: str = "record") -> str:
    return reverse(f"experiments:{what}", args=[experiment.pk])


def kept_ids(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}_kept" value="([0-9a-f-]+)" checked', page)


def test_it_works(experiment: Experiment, signed_in_client: Any) -> None:
    """A file is sent while the form is filled in, and the form names it by its id."""
    line = signed_in_client.post(
        "/files/keep/", {"name": "results", "file": upload(noise(1), "a.png")}
    )
    assert line.status_code == 201
    [file_id] = kept_ids(line.content.decode(), "results")
    given = {"model": "z-image", "prompt": "A", "results_kept": file_id}
    answer = signed_in_client.post(where(experiment), given)
    run = Run.objects.get()
    assert answer.headers["Location"] == f"/runs/{run.pk}/"
    assert [row.file.name for row in run.results.all()] == ["a.png"]


def test_one_credit_is_no_plural(experiment: Experiment, signed_in_client: Any) -> None:
    page = signed_in_client.get(where(experiment) + "?model=z-image").content.decode()
    prices = set(re.findall(r"· \d+ credits?\b", page))
    assert prices == {"· 1 credit", "· 3 credits", "· 5 credits"}


def test_a_file_that_is_refused_says_why_at_its_line(signed_in_client: Any) -> None:
    answer = signed_in_client.post(
        "/files/keep/", {"name": "results", "file": upload(b"<html>", "a.png")}
    )
    assert answer.status_code == 422
    assert "a.png: The file is a web page" in answer.content.decode()
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize("name", ["", "x y", "results" * 9, "<b>", "A"])
def test_a_line_is_only_made_for_the_name_of_a_field(signed_in_client: Any, name: str) -> None:
    answer = signed_in_client.post(
        "/files/keep/", {"name": name, "file": upload(noise(1), "a.png")}
    )
    assert answer.status_code == 422
    assert not StoredFile.objects.exists()


def test_a_form_that_comes_back_has_its_files_still(
    experiment: Experiment, signed_in_client: Any
) -> None:
    """Without a script: what was chosen came with the form and needs not be chosen again."""
    given = {
        "model": "flux-2-pro",
        "prompt": "A",
        "credits": "many",
        "results": [upload(noise(1), "a.png"), upload(noise(2), "b.png")],
        "references": upload(noise(3), "r.png"),
    }
    page = signed_in_client.post(where(experiment), given)
    assert page.status_code == 422
    text = page.content.decode()
    results, references = kept_ids(text, "results"), kept_ids(text, "references")
    assert (len(results), len(references)) == (2, 1)
    again = {
        "model": "flux-2-pro", "prompt": "A", "credits": "6", "results_kept": results,
        "references_kept": references,
    }  # fmt: skip
    signed_in_client.post(where(experiment), again)
    run = Run.objects.get()
    assert [row.file.name for row in run.results.all()] == ["a.png", "b.png"]
    assert [row.file.name for row in run.references.all()] == ["r.png"]


def test_a_file_that_is_refused_takes_no_other_with_it(
    experiment: Experiment, signed_in_client: Any
) -> None:
    """As a browser without script sends them: all at once, with the form."""
    files = [upload(noise(7), "good.png"), upload(b"<html>", "page.png")]
    given = {"model": "z-image", "prompt": "A", "results": files}
    answer = signed_in_client.post(where(experiment), given)
    page = answer.content.decode()
    assert answer.status_code == 422 and "page.png: The file is a web page" in page
    assert len(kept_ids(page, "results")) == 1 and "Choose the files again" not in page
    assert not Run.objects.exists()


def test_an_unknown_kept_file_is_named(experiment: Experiment, signed_in_client: Any) -> None:
    given = {"model": "z-image", "prompt": "A", "results_kept": str(uuid4())}
    page = signed_in_client.post(where(experiment), given)
    assert page.status_code == 422
    assert "There is no file" in unescape(page.content.decode())


def test_each_result_becomes_a_run_or_all_are_one(
    experiment: Experiment, signed_in_client: Any
) -> None:
    for grouping, count in (("each", 3), ("one", 1)):
        files = [upload(noise(n), f"{n}.png") for n in range(3)]
        given = {"model": "z-image", "prompt": grouping, "grouping": grouping, "results": files}
        signed_in_client.post(where(experiment), given)
        runs = Run.objects.filter(prompt=grouping)
        assert runs.count() == count
        assert sum(run.results.count() for run in runs) == 3


def test_the_same_form_sent_twice_makes_its_runs_once(
    experiment: Experiment, signed_in_client: Any
) -> None:
    token = str(uuid4())
    for _ in range(2):
        files = [upload(noise(n), f"{n}.png") for n in range(3)]
        given = {"model": "z-image", "prompt": "A", "grouping": "each", "results": files}
        signed_in_client.post(where(experiment), given | {"form_token": token})
    assert Run.objects.count() == 3
    experiment.refresh_from_db()
    assert experiment.run_count == 3


def test_one_refused_run_keeps_all_from_being_recorded(experiment: Experiment) -> None:
    files = list(StoredFile.objects.all())
    given = {"model_id": "z-image", "prompt": "A", "params": {"zoom": 1}, "references": []}
    with pytest.raises(Refusal):
        record_each(experiment, results=[*files, object()], **given)
    assert not Run.objects.exists()


def code_of(page: str) -> dict[str, str]:
    """The code that a page shows, by its language."""
    found = re.findall(
        r"<summary>([^<]*)</summary><div class=\"code\">.*?<code>(.*?)</code>", page, re.DOTALL
    )
    return {unescape(label): unescape(text) for label, text in found}


@pytest.mark.parametrize("what", ["record", "start"])
def test_the_form_as_it_stands_is_shown_as_code_and_nothing_is_recorded(
    experiment: Experiment, signed_in_client: Any, what: str
) -> None:
    given = {
        "model": "flux-2-pro", "prompt": 'It\'s a "cup"\n$HOME', "param-resolution": "2K",
        "references": upload(noise(3), "r.png"), "code": "1",
    }  # fmt: skip
    for headers in ({}, {"HX-Request": "true"}):
        given["references"] = upload(noise(3), "r.png")
        page = signed_in_client.post(where(experiment, what), given, headers=headers)
        assert page.status_code == 200
        code = code_of(page.content.decode())
        assert set(code) == {"cURL", "Python (httpx)", "TypeScript"}
        for text in code.values():
            assert "RIVYA_API_KEY" in text and "r.png" in text and "2K" in text
    assert not Run.objects.exists()


def test_code_names_what_rivya_would_refuse(experiment: Experiment, signed_in_client: Any) -> None:
    given = {"model": "flux-2-pro", "prompt": "", "code": "1"}
    page = signed_in_client.post(
        where(experiment, "start"), given, headers={"HX-Request": "true"}
    ).content.decode()
    assert "Rivya would refuse this as it stands" in page
    assert "prompt" in page
    assert len(code_of(page)) == 3
