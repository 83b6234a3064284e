"""What came of repeats: counts, spread, failures, time and credits, with how much they are worth."""

import io
import sys
from contextlib import contextmanager

import pytest
from PIL import Image

from rivya_bridge.experiments.services import judge_run, rate_run
from rivya_bridge.files import store
from rivya_bridge.files.decoding.asking import decoders
from rivya_bridge.files.services import store_result
from rivya_bridge.likeness import comparing
from rivya_bridge.refusals import Unavailable
from rivya_bridge.sweeps.background import measure_results
from rivya_bridge.sweeps.models import Measuring, ResultDistance
from rivya_bridge.sweeps.stability.measuring import measure_experiment
from rivya_bridge.sweeps.stability.meter import wilson_high
from rivya_bridge.sweeps.stability.queue import put_in_queue, ring_due
from rivya_bridge.sweeps.stability.selectors import (
    effect_sentence,
    reference_effects,
    stability_of,
    stability_rows,
)
from tests.experiments.factories import finish, make_experiment, make_file, record, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]


def picture(colour, split=False):
    image = Image.new("RGB", (64, 48), colour)
    if split:
        image.paste("white", (0, 0, 32, 48))
    out = io.BytesIO()
    image.save(out, "PNG")
    out.seek(0)
    return store_result(out, f"{colour}.png")


def runs(experiment, *endings, **changes):
    """One API run for each ending: a file, or a status."""
    made = []
    for one in endings:
        run = start(experiment, **changes)
        files = [] if isinstance(one, str) else [one]
        finish(run.task, *files, status=one if isinstance(one, str) else "succeeded")
        made.append(run)
    return made


def test_it_works():
    experiment = make_experiment()
    red, blue = picture("red"), picture("blue", split=True)
    first, *_ = runs(experiment, red, red, blue, "failed")
    measure_experiment(experiment.pk)
    row = stability_of([first])[first.pk]
    meter = row.meter
    assert (meter.ended, meter.failed, meter.failure_rate) == (4, 1, 0.25)
    assert [output.count for output in meter.outputs] == [2, 1]
    [kept] = ResultDistance.objects.all()
    assert meter.widest == kept.value > 0.5
    assert meter.spread == pytest.approx(kept.value * 2 / 3)
    assert (meter.least_credits, meter.most_credits, meter.pending) == (1, 1, 0)
    assert "2 different outputs" in meter.sentence


def test_identical_outputs_are_collapsed_and_need_no_measuring():
    experiment = make_experiment()
    [first, *_] = runs(experiment, *[picture("red")] * 4)
    meter = stability_of([first])[first.pk].meter
    assert (meter.word, meter.spread, meter.pending) == ("identical", 0, 0)
    assert meter.outputs[0].numbers == (1, 2, 3, 4)
    assert "the same to the last byte" in meter.sentence


def test_too_few_runs_are_said():
    experiment = make_experiment()
    [first, _] = runs(experiment, picture("red"), picture("red"))
    meter = stability_of([first])[first.pk].meter
    assert meter.word == "too few runs"
    assert meter.sentence == "2 runs: too few to say how stable this is; 3 are the least."


def test_a_spread_that_is_not_measured_yet_is_said():
    experiment = make_experiment()
    [first, *_] = runs(experiment, picture("red"), picture("blue"), picture("green"))
    meter = stability_of([first])[first.pk].meter
    assert (meter.word, meter.spread, meter.pending) == ("measuring", None, 3)


def test_a_pair_is_measured_once(monkeypatch):
    experiment = make_experiment()
    runs(experiment, picture("red"), picture("blue"), picture("green"))
    assert measure_experiment(experiment.pk) == 3
    assert measure_experiment(experiment.pk) == 0
    other = make_experiment()
    [first, *_] = runs(other, picture("red"), picture("blue"), picture("red"))
    assert stability_of([first])[first.pk].meter.pending == 0  # by content, whichever experiment


def test_what_cannot_be_compared_is_kept_with_its_reason_and_not_tried_again():
    experiment = make_experiment()
    red, blue = picture("red"), picture("blue")
    store.path_of(blue.sha256).unlink()
    [first, *_] = runs(experiment, red, blue, red)
    measure_experiment(experiment.pk)
    [kept] = ResultDistance.objects.all()
    assert kept.value is None and "gone from the data folder" in kept.detail
    meter = stability_of([first])[first.pk].meter
    assert (meter.pending, meter.spread) == (0, 0)


# Decoding programs that break off on the first file, and that end with it.
CRASHES = """
import os, signal
from rivya_bridge.files.decoding.child import serve
serve({"image": lambda path, target: os.kill(os.getpid(), signal.SIGSEGV)})
"""
ENDS = "raise SystemExit"


@contextmanager
def decoding_by(code):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparing, "COMMAND", (sys.executable, "-c", code))
        yield
        decoders(comparing.COMMAND).close()


def test_a_file_that_breaks_its_decoder_is_kept_as_not_comparable_with_the_reason():
    experiment = make_experiment()
    runs(experiment, picture("red"), picture("blue"))
    with decoding_by(CRASHES):
        measure_experiment(experiment.pk)
    [kept] = ResultDistance.objects.all()
    assert kept.value is None and "cannot be read as image" in kept.detail
    assert "broke off on it" in kept.detail


def test_without_a_decoding_program_nothing_is_stored_and_all_is_measured_later():
    experiment = make_experiment()
    runs(experiment, picture("red"), picture("blue"))
    put_in_queue(experiment.pk)
    with decoding_by(ENDS), pytest.raises(Unavailable):
        measure_experiment(experiment.pk)
    assert not ResultDistance.objects.exists()
    assert Measuring.objects.filter(experiment_id=experiment.pk).exists()
    assert measure_experiment(experiment.pk) == 1
    assert ResultDistance.objects.get().value > 0
    assert not Measuring.objects.exists()


def test_runs_of_studio_count_too_and_answers_are_compared_as_texts():
    experiment = make_experiment(category="chat")
    for text in ("Yes, it is.", "Yes, it is!", "Yes, it is."):
        record(experiment, model_id="gpt-5-2-chat", result_text=text)
    measure_experiment(experiment.pk)
    [row] = stability_rows(experiment)
    assert [output.count for output in row.meter.outputs] == [2, 1]
    assert 0 < row.meter.widest < 0.5


def test_other_params_prompts_or_references_are_other_configurations():
    experiment = make_experiment()
    file = make_file()
    for changes in (
        {},
        {},
        {"prompt": "Another"},
        {"params": {"aspect_ratio": "1:1"}},
        {"model_id": "flux-2-pro"},
        {"model_id": "flux-2-pro", "references": [file]},
    ):
        runs(experiment, picture("red"), **changes)
    assert [row.run_count for row in stability_rows(experiment)] == [2, 1, 1, 1, 1]


def test_the_longest_of_few_is_not_called_a_percentile():
    experiment = make_experiment()
    for number in range(20):
        record(experiment, duration_seconds=float(number + 1), credits=number % 3)
    [row] = stability_rows(experiment)
    assert (row.meter.p50_seconds, row.meter.p95_seconds) == (10, 19)
    assert not row.meter.is_p95_longest
    assert (row.meter.least_credits, row.meter.most_credits) == (0, 2)
    record(experiment, prompt="x", duration_seconds=5.0)
    record(experiment, prompt="x", duration_seconds=7.0)
    meter = stability_rows(experiment)[1].meter
    assert (meter.p95_seconds, meter.is_p95_longest) == (7, True)


@pytest.mark.parametrize(
    ("hits", "count", "high"), [(0, 0, 1.0), (0, 10, 0.2775), (5, 10, 0.7634), (10, 10, 1.0)]
)
def test_the_interval_of_a_share_is_wilsons(hits, count, high):
    assert wilson_high(hits, count) == pytest.approx(high, abs=1e-3)


def test_it_takes_four_queries_however_many_runs(django_assert_num_queries):
    experiment = make_experiment()
    for number in range(12):
        runs(experiment, picture("red"), picture("blue"), prompt=f"p{number % 4}")
    with django_assert_num_queries(4):
        stability_rows(experiment)


# --- The queue -----------------------------------------------------------------------------------------


def test_the_end_of_a_run_puts_its_experiment_in_the_queue(monkeypatch):
    experiment = make_experiment()
    runs(experiment, picture("red"), picture("blue"), "failed")
    queued = Measuring.objects.get()
    assert (queued.experiment_id, queued.news) == (experiment.pk, 1)
    rung = []
    monkeypatch.setattr(measure_results, "delay", rung.append)
    assert ring_due() == 0  # not before its time
    Measuring.objects.update(due_at=queued.due_at.replace(year=2020))
    assert ring_due() == 1 and rung == [str(experiment.pk)]
    assert ring_due() == 0  # the bell moved the time on
    Measuring.objects.update(due_at=queued.due_at.replace(year=2099))  # under a clock that jumped
    assert ring_due() == 1
    measure_results(str(experiment.pk))
    assert not Measuring.objects.exists() and ResultDistance.objects.count() == 1


@pytest.mark.parametrize("message", ["nonsense", "01a209fd-0c29-7de8-9f9d-e824a472701c"])
def test_a_forged_message_does_nothing(message):
    measure_results(message)
    assert not ResultDistance.objects.exists()


# --- With and without references ------------------------------------------------------------------------


def test_the_effect_of_references_is_seen_in_pairs():
    experiment = make_experiment()
    file = make_file()
    [bare] = runs(experiment, picture("red"), model_id="flux-2-pro")
    [dressed] = runs(experiment, picture("blue"), model_id="flux-2-pro", references=[file])
    runs(experiment, picture("green"), model_id="flux-2-pro", prompt="Other", references=[file])
    measure_experiment(experiment.pk)
    [pair] = reference_effects(experiment)
    assert (pair.with_.run_id, pair.without.run_id) == (dressed.pk, bare.pk)
    assert pair.distance > 0.3 and pair.extra_credits == 0 and pair.better == ""
    assert "none is judged" in effect_sentence([pair])
    rate_run(dressed, 5)
    judge_run(bare, "rejected")
    [pair] = reference_effects(experiment)
    assert pair.better == "with"
    assert "better in 1, worse in 0" in effect_sentence([pair])
