"""Self-contained pages: everything in them, and nothing that should not be."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product

from rivya_bridge.comparison.models import Ballot
from rivya_bridge.experiments.services import annotate_run
from rivya_bridge.files.services import store_upload
from rivya_bridge.sharing.pages.building import comparison_page, findings_page
from rivya_bridge.sharing.pages.inlining import Inliner
from rivya_bridge.tasks.models import Task
from tests.experiments.factories import make_experiment, record
from tests.sharing.making import noise

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert('x')</script>"


def addresses(page: str) -> set[str]:
    """Everything that a browser might load or follow."""
    found = re.findall(r"""(?:src|href|poster|action|srcset|data)\s*=\s*["']([^"']*)""", page)
    return {one[:24] for one in found if not one.startswith("data:")}


def both(rich: Any) -> list[str]:
    return [comparison_page(rich.comparison).decode(), findings_page(rich.experiment).decode()]


def test_it_works(rich: Any) -> None:
    page = comparison_page(rich.comparison).decode()
    for words in ("Which one?", "The first.", "Bottle on slate", "Which model?", "What differs"):
        assert words in page, words
    assert "winner" in page and "13 credits" in page
    assert page.count("data:image/png;base64,") == 4
    assert "Blind votes between them" in page
    assert '<td>A and B</td><td class="number">0</td><td class="number">1</td>' in page


def test_the_findings_say_who_leads_and_what_it_cost(rich: Any) -> None:
    page = findings_page(rich.experiment).decode()
    for words in ("Findings", "Ranking by 1 blind vote", "95 % interval", "Kept comparisons"):
        assert words in page, words
    assert "Slate." in page


def test_nothing_in_them_leads_or_loads_from_elsewhere(rich: Any) -> None:
    for page in both(rich):
        assert not addresses(page)
        assert "<script" not in page and " style=" not in page
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
        assert policy is not None
        assert policy[1].startswith("default-src 'none'; img-src data:; media-src data:; style-src")


def test_the_policy_lets_the_style_in_and_no_other(rich: Any) -> None:
    import base64
    import hashlib

    page = comparison_page(rich.comparison).decode()
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page


def test_no_secret_no_path_and_no_signed_address_is_in_them(
    rich: Any, settings: Any, data_dir: Path
) -> None:
    """Canaries in everything that an export could have reached for."""
    settings.RIVYA_API_KEY = "rvya_sk_canary_key"
    for task in Task.objects.filter(run__experiment=rich.experiment):
        Task.objects.filter(pk=task.pk).update(
            error_message="see https://cdn.example.com/x?sig=canary-error",
            reason_text="canary-reason /home/canary",
            session_id="canary-session",
            group_url="/canary-url/",
            request_id="canary-request",
        )
    words = (
        "canary", "rvya_sk", "X-Amz-Signature", "cdn.example.com", str(data_dir),
        str(product.BRIDGE_DATA_DIR), str(product.PROJECT_DIR), "127.0.0.1", "localhost",
        product.SECRET_KEY, "bridge-", "/files/", "csrf", "task_",
    )  # fmt: skip
    for page in both(rich):
        shown = re.sub(r"data:[a-z/+0-9-]+;base64,[A-Za-z0-9+/=]+", "", page)
        for word in words:
            assert word not in shown, word


def test_hostile_text_stays_text(rich: Any) -> None:
    annotate_run(rich.first, HOSTILE)
    rich.comparison.conclusion = f"{HOSTILE}\n{HOSTILE}"
    rich.comparison.save()
    rich.experiment.title = HOSTILE
    rich.experiment.save()
    for page in both(rich):
        assert HOSTILE not in page


def test_what_is_too_large_gives_way_to_a_picture_and_a_sentence(rich: Any) -> None:
    page = comparison_page(rich.comparison, Inliner(file_bytes=10)).decode()
    assert "data:image/png" not in page
    assert page.count("data:image/webp;base64,") == 4
    assert "is not in this page, which takes files up to" in page
    assert "3 larger ones are shown by a small picture" in page


def test_a_page_that_is_full_says_so(rich: Any) -> None:
    size = rich.files[0].size_bytes
    page = comparison_page(rich.comparison, Inliner(page_bytes=size)).decode()
    assert page.count("data:image/png;base64,") == 1
    assert "which is full with the others" in page


def test_an_experiment_without_votes_or_results_has_a_page(models: None) -> None:
    page = findings_page(make_experiment(title="Nothing yet")).decode()
    assert "Nothing yet" in page
    assert "There is no result yet" in page
    assert "Findings" in page and "Ranking by" not in page


def test_the_best_are_those_that_lead_by_votes(models: None) -> None:
    experiment = make_experiment()
    files = [store_upload(io.BytesIO(noise(n)), f"{n}.png") for n in range(3)]
    runs = [record(experiment, prompt=str(n), results=[file]) for n, file in enumerate(files)]
    for loser in (runs[0], runs[1]):
        Ballot.objects.create(
            experiment=experiment, left=runs[2], right=loser, outcome="left",
            voted_at=experiment.created_at,
        )  # fmt: skip
    page = findings_page(experiment).decode()
    assert re.findall(r"<span class=\"soft\">run (\d)", page)[0] == "3"


def test_a_board_that_is_not_kept_is_one_file_too(rich: Any, signed_in_client: Any) -> None:
    query = f"run={rich.second.pk}&run={rich.first.pk}"
    board = signed_in_client.get(f"/compare/?{query}").content.decode()
    where = f"/comparisons/export.html?{query}"
    assert where.replace("&", "&amp;") in board or where in board
    answer = signed_in_client.get(where)
    page = answer.content.decode()
    for words in ("Comparison of 2 runs", "Bottle on slate", "What differs", "13 credits"):
        assert words in page, words
    assert "The first." not in page
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert not addresses(page)


def test_a_board_of_too_few_or_of_unknown_runs_is_refused(rich: Any, signed_in_client: Any) -> None:
    one = signed_in_client.get(f"/comparisons/export.html?run={rich.first.pk}")
    assert one.status_code == 422 and "choose 2 to 6" in one.content.decode()
    unknown = signed_in_client.get(f"/comparisons/export.html?run={rich.first.pk}&run=nope")
    assert unknown.status_code == 422


def test_they_are_downloads_that_no_page_of_ours_shows(rich: Any, signed_in_client: Any) -> None:
    for where, name in (
        (f"/comparisons/{rich.comparison.pk}/export.html", "bottle-on-slate-comparison.html"),
        (f"/experiments/{rich.experiment.pk}/findings.html", "bottle-on-slate-findings.html"),
    ):
        answer = signed_in_client.get(where)
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert signed_in_client.get(where.replace(where.split("/")[2], "0" * 32)).status_code == 404
