"""The form with its price, the grid and what of it changes, and the pages of stability."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.experiments.models import Run
from rivya_bridge.sweeps.models import Sweep
from rivya_bridge.sweeps.services import cancel_sweep
from rivya_bridge.sweeps.services.feeding import feed_sweep
from rivya_bridge.tasks.models import Task
from tests.experiments.factories import add_models, finish, make_experiment, make_file, start
from tests.sweeps.making import end, make_sweep, open_tries, statuses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell", "read_list")]

TOKEN = "0c0c1a52-54a3-44a5-9a4c-8f7a5a0c7b11"
HTMX = {"HX-Request": "true", "HX-Target": "sweep-price"}


@pytest.fixture
def read_list(db):
    """The model list counts as read a moment ago."""
    from django.utils import timezone

    from rivya_bridge.catalog.models import CatalogRefresh

    now = timezone.now()
    CatalogRefresh.objects.create(
        account=current_connection().account, refreshed_at=now, tried_at=now, model_count=4
    )


def body(**changes):
    given = {
        "models": ["z-image", "flux-2-pro"],
        "prompt": "A bottle on slate",
        "param-aspectratio": "1:1, 16:9",
        "repeats": "1",
        "concurrency": "4",
        "form_token": TOKEN,
    }
    return {**given, **changes}


@pytest.fixture
def experiment(models):
    return make_experiment()


@pytest.fixture
def send(signed_in_client, experiment):
    def post(headers=None, **changes):
        where = f"/experiments/{experiment.pk}/sweep/"
        return signed_in_client.post(where, body(**changes), headers=headers or {})

    return post


def text_of(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_it_works(send, signed_in_client):
    price = send(HTMX)
    assert price.status_code == 200 and "4 runs ≈ 12 credits" in text_of(price)
    assert not Sweep.objects.exists()
    answer = send()
    sweep = Sweep.objects.get()
    assert answer.headers["Location"] == f"/sweeps/{sweep.pk}/"
    assert send().headers["Location"] == f"/sweeps/{sweep.pk}/"  # sent twice: one sweep
    page = signed_in_client.get(f"/sweeps/{sweep.pk}/")
    assert text_of(page).count('class="sweep-cell"') == 4
    assert '<th scope="col"><div>16:9</div></th>' in text_of(page)


def test_the_price_follows_what_is_typed(send):
    assert "12 runs ≈ 36 credits" in text_of(send(HTMX, repeats="3"))
    assert "1 run ≈ 1 credit<" in text_of(
        send(HTMX, models=["z-image"], **{"param-aspectratio": "1:1"})
    )


def test_what_is_not_covered_stands_beside_the_price(send):
    Wallet.objects.create(account=current_connection().account, current_credits=7)
    found = text_of(send(HTMX))
    assert "the wallet has 7: that covers 3 of 4 runs" in found
    refused = send()
    assert refused.status_code == 422 and not Sweep.objects.exists()


def test_errors_name_the_axis_and_lose_nothing(send):
    answer = send(**{"param-aspectratio": "1:1, .., 9", "skip": "SKIP: nothing"})
    found = text_of(answer)
    assert answer.status_code == 422
    assert "<p>&#x27;..&#x27; stands between two numbers" in found and 'value="1:1, .., 9"' in found
    assert "SKIP: nothing" in found and TOKEN in found
    assert not Sweep.objects.exists()


def test_numbers_that_are_none_are_told_with_everything_else_that_is_wrong(send):
    changes = {"repeats": "99", "credit_cap": "-4", "concurrency": "x", "skip": "SKIP: nothing"}
    found = text_of(send(**changes))
    for most in ("20", "50", "1,000,000"):
        assert f"Write a whole number from 1 to {most}." in found
    assert "SKIP: nothing is no value of an axis" in found and not Sweep.objects.exists()


def test_a_new_form_complains_of_nothing_and_names_no_price_yet(signed_in_client, experiment):
    where = f"/experiments/{experiment.pk}/sweep/"
    found = text_of(signed_in_client.get(where))
    assert "Start the sweep</button>" in found and "The button says the price" in found
    assert "callout" not in found


def test_cells_that_a_model_refuses_are_listed_and_can_be_left_out(send):
    changes = {"param-resolution": "1K, 2K", "param-aspectratio": ""}
    found = text_of(send(HTMX, **changes))
    assert "2 of 4 cells would be refused" in found and "Z-Image · 1K" in found
    assert send(**changes).status_code == 422
    assert send(leave_out="on", **changes).status_code == 302
    assert Sweep.objects.get().skipped_count == 2


def test_the_params_follow_the_models_and_nothing_else_is_replaced(send):
    found = text_of(send(HTMX, models=["z-image"], params_of="z-image flux-2-pro"))
    assert 'name="param-aspectratio"' in found and 'name="param-resolution"' not in found
    assert 'id="sweep-params" hx-swap-oob="true"' in found and "id_prompt" not in found
    other = text_of(send(HTMX, params_of="z-image"))
    assert 'name="param-resolution"' in other
    shown = re.search(r'name="params_of" value="([^"]+)"', other)[1]
    still = text_of(send(HTMX, params_of=shown))
    assert 'id="sweep-params"' not in still and "4 runs ≈ 12 credits" in still


def test_a_value_of_a_param_that_no_chosen_model_has_is_kept_and_not_sent(send):
    changes = {"models": ["z-image"], "param-resolution": "1K, 2K"}
    found = text_of(send(HTMX, params_of="flux-2-pro", **changes))
    assert 'value="1K, 2K"' in found and "No chosen model has it" in found
    assert "2 runs ≈ 2 credits" in found
    assert send(**changes).status_code == 302
    assert list(Sweep.objects.get().plan["params"]) == ["aspect_ratio"]


def test_more_than_the_button_said_is_not_started_until_it_is_pressed_again(send):
    refused = send(seen="12", repeats="20")
    found = text_of(refused)
    assert refused.status_code == 422 and not Sweep.objects.exists()
    assert "It would be 80 runs ≈ 240 credits, more than the button said" in found
    assert 'name="seen" value="240"' in found and "80 runs ≈ 240 credits</button>" in found
    assert send(seen="", repeats="20").status_code == 422
    assert send(seen="240", repeats="20").status_code == 302


def test_a_check_without_script_starts_nothing(send):
    answer = send(check="1")
    assert answer.status_code == 200 and "4 runs ≈ 12 credits" in text_of(answer)
    assert not Sweep.objects.exists()


def test_a_file_that_was_added_stays_when_the_form_comes_back(send, png_file):
    answer = send(check="1", references=png_file)
    kept = re.search(r'name="references_kept" value="([0-9a-f-]{36})"', text_of(answer))
    assert kept
    answer = send(references_kept=[kept[1]], with_and_without="on", leave_out="on", repeats="1")
    sweep = Sweep.objects.get()
    assert (sweep.cell_count, sweep.skipped_count, sweep.files.count()) == (8, 2, 1)
    assert answer.status_code == 302


def test_a_file_that_is_refused_takes_nothing_else_with_it(send, png_file):
    web_page = SimpleUploadedFile("page.png", b"<html>", "image/png")
    answer = send(references=[png_file, web_page], prompt="A long prompt, typed")
    found = text_of(answer)
    assert answer.status_code == 422 and not Sweep.objects.exists()
    assert "page.png: The file is a web page" in found and "A long prompt, typed" in found
    assert len(re.findall(r'name="references_kept" value="[0-9a-f-]{36}"', found)) == 1


@pytest.fixture
def png_file():
    out = io.BytesIO()
    Image.new("RGB", (16, 12), "teal").save(out, "PNG")
    return SimpleUploadedFile("bottle.png", out.getvalue(), "image/png")


def test_a_run_opens_the_form_with_all_its_settings(signed_in_client, experiment):
    file = make_file()
    run = start(
        experiment,
        model_id="flux-2-pro",
        prompt="A cup",
        params={"aspectRatio": "16:9", "resolution": "2K"},
        references=[file],
    )
    found = text_of(signed_in_client.get(f"/experiments/{experiment.pk}/sweep/?from={run.pk}"))
    assert 'value="16:9"' in found and 'value="2K"' in found and "A cup</textarea>" in found
    assert f'value="{file.pk}"' in found and "1 run ≈ 5 credits" in found


def test_a_sweep_opens_the_form_with_all_its_settings(signed_in_client, experiment):
    sweep = make_sweep(
        experiment,
        models=["z-image", "flux-2-pro"],
        prompts=["A cup, blue", "A jar"],
        params={"aspectRatio": ["1:1", "16:9"]},
        replacements=[{"search": "A", "alternatives": ["One", "a, b"]}],
        skip=["One & 16:9"],
        repeats=2,
    )
    where = f"/experiments/{experiment.pk}/sweep/?sweep={sweep.pk}"
    found = text_of(signed_in_client.get(where))
    runs = sweep.tries.count()
    assert f"{runs} runs ≈ {sweep.estimated_credits} credits" in found
    assert 'value="One || a, b"' in found


def test_a_sweep_begun_from_a_run_is_told_as_what_continues_it(send, signed_in_client, experiment):
    run = start(experiment, model_id="z-image", prompt="A cup")
    other = start(experiment, continues_from=run)
    form = text_of(signed_in_client.get(f"/experiments/{experiment.pk}/sweep/?from={run.pk}"))
    assert f'name="from" value="{run.pk}"' in form and "Continues from" in form
    send(**{"from": str(run.pk)})
    sweep = Sweep.objects.get()
    feed_sweep(sweep.pk)
    assert {one.run.continues_from_id for one in open_tries(sweep)} == {run.pk}
    assert len(open_tries(sweep)) == 4
    grid = text_of(signed_in_client.get(f"/sweeps/{sweep.pk}/"))
    assert f'Continues <a href="/runs/{run.pk}/">run {run.number}</a>' in grid
    page = text_of(signed_in_client.get(f"/runs/{run.pk}/"))
    by = page[page.index("Continued by") :]
    assert f'<a href="/sweeps/{sweep.pk}/">the sweep {sweep.title}</a>' in by
    assert re.findall(r">run (\d+)</a>", by[: by.index("</dd>")]) == [str(other.number)]
    again = text_of(signed_in_client.get(f"/experiments/{experiment.pk}/sweep/?sweep={sweep.pk}"))
    assert f'name="from" value="{run.pk}"' in again


def test_a_run_of_another_experiment_is_not_continued(send, experiment):
    stranger = start(make_experiment(title="Another"), model_id="z-image", prompt="A cup")
    answer = send(**{"from": str(stranger.pk)})
    assert answer.status_code == 422 and not Sweep.objects.exists()
    assert "a run of the same experiment" in text_of(answer)


@pytest.mark.parametrize("query", ["from=nonsense", "sweep=nonsense", "from=%00"])
def test_a_form_from_nothing_leads_back_with_a_word(signed_in_client, experiment, query):
    answer = signed_in_client.get(f"/experiments/{experiment.pk}/sweep/?{query}", follow=True)
    assert answer.redirect_chain and "There is no" in text_of(answer)


# --- The grid --------------------------------------------------------------------------------------------


@pytest.fixture
def cube(experiment):
    """3 ratios x 2 models x 2 words."""
    return make_sweep(
        experiment,
        models=["z-image", "flux-2-pro"],
        params={"aspectRatio": "1:1, 16:9, 9:16"},
        replacements=[{"search": "slate", "alternatives": ["linen"]}],
        concurrency=12,
    )


def test_two_axes_lie_along_the_grid_and_others_are_chosen_in_the_address(signed_in_client, cube):
    page = text_of(signed_in_client.get(f"/sweeps/{cube.pk}/"))
    assert page.count('class="sweep-cell"') == 6
    assert page.count("<tr>") == 4 and 'name="v2"' in page
    assert 'id="cell-1"' in page and 'id="cell-2"' not in page
    other = text_of(signed_in_client.get(f"/sweeps/{cube.pk}/?rows=2&columns=1&v0=1"))
    assert re.findall(r'id="cell-(\d+)"', other) == ["7", "9", "11", "8", "10", "12"]


@pytest.mark.parametrize(
    "query", ["rows=9", "rows=x", "columns=0&rows=0", "v2=7", "from=99", "%00"]
)
def test_nonsense_in_the_address_counts_as_not_given(signed_in_client, cube, query):
    page = signed_in_client.get(f"/sweeps/{cube.pk}/?{query}")
    assert page.status_code == 200 and text_of(page).count('class="sweep-cell"') >= 4


def test_cells_show_result_state_and_credits(signed_in_client, cube):
    feed_sweep(cube.pk)
    file = make_file(preview_width=8, preview_height=6)
    tries = open_tries(cube)
    end(tries[0], file, credits=3)
    end(tries[2], status="failed", credits=0)
    page = text_of(signed_in_client.get(f"/sweeps/{cube.pk}/"))
    assert f'src="/files/{file.pk}/preview/" width="8" height="6"' in page
    assert 'loading="lazy"' in page and "3 cr" in page
    assert page.count("Run again · 1 cr") == 1
    assert f'href="/runs/{tries[0].run_id}/"' in page


def test_what_changed_comes_alone_and_stops_at_the_end(signed_in_client, cube):
    feed_sweep(cube.pk)
    page = text_of(signed_in_client.get(f"/sweeps/{cube.pk}/"))
    watched = re.search(r'name="cells" value="([^"]+)"', page)[1]
    where = f"/sweeps/{cube.pk}/live/"
    still = signed_in_client.get(where, {"cells": watched})
    assert still.status_code == 200 and 'class="sweep-cell"' not in text_of(still)
    end(open_tries(cube)[0])
    news = text_of(signed_in_client.get(where, {"cells": watched}))
    assert re.findall(r'id="cell-(\d+)"', news) == ["1"]
    assert 'hx-swap-oob="true"' in news and "1~" not in re.search(r'value="([^"]*)"', news)[1]
    for one in open_tries(cube):
        end(one)
    feed_sweep(cube.pk)
    assert signed_in_client.get(where, {"cells": watched}).status_code == 286


@pytest.mark.parametrize("cells", ["", "nonsense", "1", "99999~x", "\0", "1~" + "x" * 5000])
def test_nonsense_that_is_watched_is_passed_over(signed_in_client, cube, cells):
    answer = signed_in_client.get(f"/sweeps/{cube.pk}/live/", {"cells": cells})
    assert answer.status_code == 200


def test_a_failed_cell_is_run_again_in_place(signed_in_client, cube):
    feed_sweep(cube.pk)
    end(open_tries(cube)[0], status="failed")
    where = f"/sweeps/{cube.pk}/retry/"
    answer = signed_in_client.post(
        where, {"cell": "1", "cells": "3~queued-0-0"}, headers={"HX-Request": "true"}
    )
    assert re.findall(r'id="cell-(\d+)"', text_of(answer)) == ["1"]
    assert statuses(cube)[0] == "retried" and statuses(cube)[-1] == "waiting"
    again = signed_in_client.post(where, {"cell": "1"}, headers={"HX-Request": "true"})
    assert again.status_code == 409


def test_decisions_work_without_script_and_come_back_with_a_word(signed_in_client, cube):
    def press(verb, **data):
        return text_of(signed_in_client.post(f"/sweeps/{cube.pk}/{verb}/", data, follow=True))

    assert "Paused: no further run starts" in press("pause")
    assert "It goes on." in press("resume")
    assert "Changed." in press("change", concurrency="3", credit_cap="500")
    cube.refresh_from_db()
    assert (cube.concurrency, cube.credit_cap) == (3, 500)
    assert "12 runs that were not sent are canceled" in press("cancel")
    assert "nothing to run again" in press("retry")
    assert "1 run will be tried again" in press("retry", cell="5")
    assert signed_in_client.post(f"/sweeps/{cube.pk}/nonsense/").status_code in (302, 404)


def test_the_buttons_say_how_many_runs_and_credits_they_are_about(signed_in_client, cube):
    where = f"/sweeps/{cube.pk}/"
    feed_sweep(cube.pk)
    page = text_of(signed_in_client.get(where))
    assert "Cancel 12 not sent · ≈ 36 credits" in page and "failed one" not in page
    for one in open_tries(cube)[:5]:  # of z-image, each for 1 credit
        end(one, status="failed", credits=0)
    sent = open_tries(cube)[0]
    Task.objects.filter(pk=sent.run.task_id).update(exposure="possible", request_body=b"{}")
    page = text_of(signed_in_client.get(where))
    assert "Run the 5 failed ones again · ≈ 5 credits" in page
    assert "Cancel 6 not sent · ≈ 30 credits" in page
    assert re.search(r'value="1" [^>]+>Run again · 1 cr<span class="sr-only">, cell 1</span>', page)
    answer = signed_in_client.post(f"{where}cancel/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"
    page = text_of(signed_in_client.get(where))
    assert "6 runs that were not sent are canceled" in page
    assert "Run the 6 canceled ones again · ≈ 30 credits" in page and "not sent ·" not in page
    again = signed_in_client.post(f"{where}retry-canceled/", follow=True)
    assert "6 runs will be tried again" in text_of(again)
    assert statuses(cube).count("waiting") == 6 and statuses(cube).count("failed") == 5
    none = signed_in_client.post(f"{where}retry-canceled/", follow=True)
    assert "No run of this sweep was canceled" in text_of(none)


def test_the_buttons_speak_of_one_run_as_of_one(signed_in_client):
    sweep = make_sweep(params={"aspectRatio": "1:1, 16:9"}, concurrency=1)
    feed_sweep(sweep.pk)
    end(open_tries(sweep)[0], status="failed", credits=0)
    cancel_sweep(sweep)
    page = text_of(signed_in_client.get(f"/sweeps/{sweep.pk}/"))
    assert "Run the failed one again · ≈ 1 credit<" in page
    assert "Run the canceled one again · ≈ 1 credit<" in page


def test_a_failure_that_was_run_again_needs_nobody(signed_in_client, cube):
    feed_sweep(cube.pk)
    again, left = open_tries(cube)[:2]
    for one in (again, left):
        end(one, status="failed", credits=0)
    pages = {where: text_of(signed_in_client.get(where)) for where in ("/inbox/", "/")}
    for page in pages.values():
        assert str(again.run.task_id) in page and str(left.run.task_id) in page
    signed_in_client.post(f"/sweeps/{cube.pk}/retry/", {"cell": again.cell.number})
    for where in pages:
        page = text_of(signed_in_client.get(where))
        assert str(again.run.task_id) not in page and str(left.run.task_id) in page
    detail = text_of(signed_in_client.get(f"/tasks/{again.run.task_id}/"))
    assert "Dealt with" in detail and "another try takes its place" in detail


def ticked(page):
    """Cells whose box is ticked."""
    return re.findall(r'id="box-(\d+)"[^>]*? checked', page)


def test_a_cell_is_ticked_as_its_run_lies_in_the_tray_whatever_is_shown(signed_in_client, cube):
    feed_sweep(cube.pk)
    where = f"/sweeps/{cube.pk}/"
    tries = open_tries(cube)
    assert 'class="compare-box"' not in text_of(signed_in_client.get(where))
    watched = ".".join(f"{number}~" for number in (1, 3))
    for one in tries[:3]:
        end(one, make_file())
    tray = f"/experiments/{cube.experiment_id}/tray/"
    runs = [str(one.run_id) for one in tries]
    signed_in_client.post(tray, {"shown": runs[:3], "run": [runs[0], runs[1]], "next": where})
    assert ticked(text_of(signed_in_client.get(where))) == ["1"]
    assert ticked(text_of(signed_in_client.get(f"{where}?v2=1"))) == ["2"]
    live = text_of(signed_in_client.get(f"{where}live/", {"cells": watched}))
    assert 'id="box-3"' in live and ticked(live) == ["1"]
    answer = signed_in_client.post(tray, {"shown": runs[:1], "run": runs[0], "go": "1"})
    assert answer.headers["Location"] == f"/compare/?run={runs[0]}&run={runs[1]}"


def test_a_repeated_cell_stays_ticked_when_a_newer_result_comes(signed_in_client, experiment):
    sweep = make_sweep(experiment, repeats=2)
    feed_sweep(sweep.pk)
    first, second = open_tries(sweep)
    end(first, make_file())
    tray = f"/experiments/{experiment.pk}/tray/"
    signed_in_client.post(tray, {"shown": str(first.run_id), "run": str(first.run_id)})
    end(second, make_file("other.png"))
    page = text_of(signed_in_client.get(f"/sweeps/{sweep.pk}/"))
    assert ticked(page) == ["1"]
    assert f'name="run" value="{first.run_id}"' in page and "run 1</span>" in page


def test_repeats_stand_in_one_cell_with_how_many_differ(signed_in_client, experiment):
    sweep = make_sweep(experiment, repeats=3)
    feed_sweep(sweep.pk)
    same = make_file(preview_width=8, preview_height=8)
    one, two, three = open_tries(sweep)
    end(one, same)
    end(two, same)
    end(three, make_file("other.png", preview_width=8, preview_height=8))
    page = text_of(signed_in_client.get(f"/sweeps/{sweep.pk}/"))
    assert "3 of 3 runs · 2 different" in page
    anchor = re.search(r'href="/experiments/[^"]+/stability/#(configuration-\w+)"', page)[1]
    stability = text_of(signed_in_client.get(f"/experiments/{experiment.pk}/stability/"))
    assert f'id="{anchor}"' in stability and "2 identical" in stability


def queries(client, where):
    with CaptureQueriesContext(
        connection,
    ) as found:
        answer = client.get(where)
    assert answer.status_code in (200, 286)
    return len(found), len(answer.content)


def test_five_hundred_cells_take_as_many_queries_as_four_and_stay_light(
    signed_in_client, experiment
):
    add_models("seedance-1-0-pro")
    small = make_sweep(experiment, models=["seedance-1-0-pro"], params={"seed": "1, 2"})
    large = make_sweep(
        experiment,
        models=["seedance-1-0-pro"],
        prompts=[f"A prompt of some length, number {n}" for n in range(5)],
        params={"seed": "1, .., 100"},
        concurrency=50,
    )
    for sweep in (small, large):
        feed_sweep(sweep.pk)
        for one in open_tries(sweep):
            end(one, make_file(preview_width=8, preview_height=8))
    signed_in_client.get(f"/sweeps/{small.pk}/")
    few, _ = queries(signed_in_client, f"/sweeps/{small.pk}/")
    many, weight = queries(signed_in_client, f"/sweeps/{large.pk}/")
    assert many == few and weight < 300_000
    assert 'rel="next"' in text_of(signed_in_client.get(f"/sweeps/{large.pk}/"))
    watched = ".".join(f"{n}~x" for n in range(1, 121))
    assert queries(signed_in_client, f"/sweeps/{large.pk}/live/?cells={watched}")[0] <= many


def test_the_list_and_the_pages_of_stability_open(signed_in_client, experiment, cube):
    feed_sweep(cube.pk)
    runs = Run.objects.filter(pk__in=[one.run_id for one in open_tries(cube)][:2])
    for run in runs:
        finish(Task.objects.get(run=run), make_file())
    for where, words in (
        (f"/experiments/{experiment.pk}/sweeps/", "2 models, 3 of aspectRatio"),
        (f"/experiments/{experiment.pk}/stability/", "Nothing was repeated yet"),
        (f"/experiments/{experiment.pk}/stability/references/", "No pair yet"),
        (f"/experiments/{experiment.pk}/", "Stability"),
    ):
        assert words in text_of(signed_in_client.get(where))


def test_answers_of_a_chat_are_swept_too(signed_in_client):
    experiment = make_experiment(category="chat")
    where = f"/experiments/{experiment.pk}/sweep/"
    changes = {"models": ["gpt-5-2-chat"], "prompt": "Yes?\n---\nNo?", "repeats": "2"}
    signed_in_client.post(where, {**body(), **changes, "param-aspectratio": ""})
    sweep = Sweep.objects.get()
    feed_sweep(sweep.pk)
    for one in open_tries(sweep):
        Task.objects.filter(pk=one.run.task_id).update(answer_text="It is <so>.")
        end(one)
    page = text_of(signed_in_client.get(f"/sweeps/{sweep.pk}/"))
    assert page.count("It is &lt;so&gt;.") == 2 and page.count("2 of 2 runs · identical") == 2
