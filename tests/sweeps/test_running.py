"""A running sweep: one run for each try however often it is fed, and what a person decides about it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.caps import set_caps
from rivya_bridge.credits.models import Wallet
from rivya_bridge.experiments.models import Run
from rivya_bridge.refusals import Conflict, Refusal
from rivya_bridge.sweeps.models import Sweep, SweepCell
from rivya_bridge.sweeps.services import (
    cancel_sweep,
    change_sweep,
    check_sweep,
    pause_sweep,
    resume_sweep,
    retry_cells,
    start_sweep,
)
from rivya_bridge.sweeps.services.feeding import feed_sweep, feed_sweeps
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import mark_handled
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.experiments.factories import add_models, make_experiment, make_file
from tests.sweeps.making import end, make_sweep, open_tries, plan, statuses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "no_bell")]

RATIOS = {"aspectRatio": "1:1, 16:9, 9:16"}


def run_to_the_end(sweep: Sweep) -> Sweep:
    while feed_sweeps() or open_tries(sweep):
        for one in open_tries(sweep):
            end(one)
    sweep.refresh_from_db()
    return sweep


def test_it_works():
    sweep = make_sweep(models=["z-image", "flux-2-pro"], params=RATIOS, concurrency=4)
    assert (sweep.status, sweep.cell_count, feed_sweep(sweep.pk)) == ("running", 6, 4)
    first = open_tries(sweep)[0]
    assert first.run.params == {"aspect_ratio": "1:1"}
    assert first.run.task.intent_key == f"run:sweep:{sweep.pk}:1"
    sweep = run_to_the_end(sweep)
    assert (sweep.status, sweep.spent_credits) == ("finished", 6)
    assert statuses(sweep) == ["succeeded"] * 6
    assert sweep.experiment.runs.count() == 6
    assert sweep.title == "2 models, 3 of aspectRatio"


def test_no_more_runs_are_open_than_may_be_and_the_next_follows_an_end(
    django_capture_on_commit_callbacks,
):
    sweep = make_sweep(params=RATIOS, repeats=2, concurrency=2)
    assert [feed_sweep(sweep.pk) for _ in range(3)] == [2, 0, 0]
    with django_capture_on_commit_callbacks(execute=True):
        end(open_tries(sweep)[0])
    assert statuses(sweep) == ["succeeded", "started", "started", *["waiting"] * 3]


def test_the_start_feeds_without_waiting(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        make_sweep(params=RATIOS)
    assert Task.objects.filter(status="queued").count() == 3


def test_the_workers_round_feeds_what_no_bell_reached():
    sweep = make_sweep(params=RATIOS)
    sweep_rows()
    assert statuses(sweep) == ["started"] * 3


def test_an_end_that_nobody_told_is_settled_by_the_round():
    sweep = make_sweep()
    feed_sweep(sweep.pk)
    [one] = open_tries(sweep)
    end(one)
    sweep.tries.update(status="started")
    Sweep.objects.update(spent_credits=0)
    feed_sweeps()
    feed_sweeps()
    sweep.refresh_from_db()
    assert (statuses(sweep), sweep.spent_credits) == (["succeeded"], 1)


def test_repeats_go_round_by_round():
    sweep = make_sweep(params=RATIOS, repeats=2)
    cells = [one.cell.number for one in sweep.tries.order_by("ordinal").select_related("cell")]
    assert cells == [1, 2, 3, 1, 2, 3]
    assert sweep.estimated_credits == 2 * sum(
        SweepCell.objects.values_list("estimated_credits", flat=True)
    )


def test_the_same_token_and_plan_start_one_sweep():
    experiment = make_experiment()
    first, is_new = start_sweep(experiment, plan(), intent_key="form:1")
    again, is_new_again = start_sweep(experiment, plan(), intent_key="form:1")
    assert (first.pk, is_new, is_new_again) == (again.pk, True, False)
    with pytest.raises(Conflict, match="repeats"):
        start_sweep(experiment, plan(repeats=2), intent_key="form:1")
    assert Sweep.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_feeders_start_each_try_once():
    sweep = make_sweep(params=RATIOS, repeats=4, concurrency=1)
    Sweep.objects.update(concurrency=7)

    def feed(_):
        try:
            return feed_sweep(sweep.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(feed, range(8))) == 6
    assert Run.objects.count() == Task.objects.count() == 7


# --- What keeps cells from running -------------------------------------------------------------------


def test_a_cell_that_its_model_refuses_forbids_the_start_and_costs_nothing():
    wanted = plan(models=["z-image", "flux-2-pro"], params={"resolution": "1K, 2K"})
    with pytest.raises(Refusal, match=r"2 of 4 cells would be refused .* has no parameter"):
        start_sweep(make_experiment(), wanted)
    assert not Sweep.objects.exists() and not Task.objects.exists()


def test_such_cells_are_left_out_with_their_reason_if_one_chooses():
    wanted = plan(models=["z-image", "flux-2-pro"], params={"resolution": "1K, 2K"})
    sweep, _ = start_sweep(make_experiment(), wanted, leave_out=True)
    assert (sweep.cell_count, sweep.skipped_count, sweep.tries.count()) == (4, 2, 2)
    assert "has no parameter 'resolution'" in sweep.cells.get(number=1).skipped


def test_references_for_a_model_that_takes_none_are_said_per_cell():
    file = str(make_file().pk)
    check = check_sweep(
        plan(models=["z-image", "flux-2-pro"], references=[file], with_and_without=True)
    )
    assert [cell.reason[:27] for cell in check.cells] == ["Z-Image takes no reference ", "", "", ""]
    assert check.name_of(check.cells[0].cell) == "Z-Image · with references"


def test_a_sweep_of_nothing_that_can_run_is_refused_whatever_is_chosen():
    with pytest.raises(Refusal, match="No cell can run"):
        start_sweep(make_experiment(), plan(params={"resolution": "1K"}, prompt=""), leave_out=True)


def test_what_the_balance_does_not_cover_is_said():
    add_models("z-image", base_credits=4)
    Wallet.objects.create(account=current_connection().account, current_credits=10)
    check = check_sweep(plan(params=RATIOS))
    assert (check.run_count, check.estimate) == (3, 12)
    assert [problem.field for problem in check.blockers] == ["credits"]
    assert "the wallet has 10: that covers 2 of 3 runs" in check.blockers[0].message


def test_caps_are_said_before_anything_is_spent():
    add_models("z-image", base_credits=4)
    set_caps(run_cap=3, day_cap=8)
    fields = [p.field for p in check_sweep(plan(params=RATIOS, credit_cap=5)).blockers]
    assert fields == ["run_cap", "credit_cap", "day_cap"]


@pytest.mark.parametrize(("given", "field"), [({"models": ["nope"]}, "models")])
def test_an_unknown_model_is_refused_with_near_matches(given, field):
    with pytest.raises(Refusal) as caught:
        check_sweep(plan(**given))
    assert caught.value.problems[0].field == field


def test_a_cap_that_is_reached_pauses_and_resumes(django_capture_on_commit_callbacks):
    sweep = make_sweep(params=RATIOS, credit_cap=3, concurrency=1)
    feed_sweep(sweep.pk)
    end(open_tries(sweep)[0], credits=3)
    feed_sweep(sweep.pk)
    sweep.refresh_from_db()
    assert sweep.status == "paused" and "cap of 3 credits" in sweep.note
    change_sweep(sweep, credit_cap=9)
    with django_capture_on_commit_callbacks(execute=True):
        resume_sweep(sweep)
    assert statuses(sweep) == ["succeeded", "started", "waiting"]


def test_money_that_ends_meanwhile_pauses_it():
    sweep = make_sweep(params=RATIOS, concurrency=1)
    set_caps(run_cap=None, day_cap=1)
    feed_sweep(sweep.pk)
    end(open_tries(sweep)[0])
    add_models("z-image", base_credits=5)
    feed_sweep(sweep.pk)
    sweep.refresh_from_db()
    assert sweep.status == "paused" and "today's cap" in sweep.note


def test_a_try_that_may_not_start_any_more_fails_with_its_reason():
    sweep = make_sweep()
    add_models("z-image", api_status="studio_only")
    feed_sweep(sweep.pk)
    one = sweep.tries.get()
    assert one.status == "failed" and "works in Studio only" in one.problem
    sweep = run_to_the_end(sweep)
    assert sweep.status == "finished"


# --- What a person decides ----------------------------------------------------------------------------


def test_pause_and_resume():
    sweep = make_sweep(params=RATIOS)
    pause_sweep(sweep)
    assert feed_sweep(sweep.pk) == 0
    with pytest.raises(Conflict, match="it is paused"):
        pause_sweep(sweep)
    assert resume_sweep(sweep).status == "running"
    assert feed_sweep(sweep.pk) == 3


def test_cancel_ends_what_waits_and_what_was_not_sent():
    sweep = make_sweep(params=RATIOS, concurrency=2)
    feed_sweep(sweep.pk)
    first = open_tries(sweep)[0]
    Task.objects.filter(pk=first.run.task_id).update(
        exposure="possible", status="submitting", request_body=b"{}"
    )
    assert cancel_sweep(sweep) == 2
    assert statuses(sweep) == ["started", "canceled", "canceled"]
    with pytest.raises(Conflict, match="it is canceled"):
        cancel_sweep(sweep)
    end(first)
    assert statuses(sweep)[0] == "succeeded"


def test_failed_cells_run_again_once_and_what_succeeded_never_does():
    sweep = make_sweep(params=RATIOS)
    feed_sweep(sweep.pk)
    one, two, three = open_tries(sweep)
    end(one)
    end(two, status="failed", credits=0)
    end(three, status="failed", credits=0)
    feed_sweep(sweep.pk)
    sweep.refresh_from_db()
    assert sweep.status == "finished"
    assert retry_cells(sweep, [2]) == 1
    assert sweep.status == "running"
    assert retry_cells(sweep) == 1
    with pytest.raises(Conflict, match="nothing to run again"):
        retry_cells(sweep)
    assert statuses(sweep) == ["succeeded", "retried", "retried", "waiting", "waiting"]
    sweep = run_to_the_end(sweep)
    assert (sweep.status, sweep.spent_credits, Run.objects.count()) == ("finished", 3, 5)


def test_only_a_failure_that_is_run_again_is_dealt_with_and_once():
    sweep = make_sweep(params=RATIOS)
    feed_sweep(sweep.pk)
    first, second, third = (one.run.task for one in open_tries(sweep))
    end(open_tries(sweep)[0], status="failed", credits=0)
    end(open_tries(sweep)[0], status="failed", credits=0)
    mark_handled(second.pk)
    second.refresh_from_db()
    before = second.handled_at
    assert retry_cells(sweep) == 2
    for task in (first, second, third):
        task.refresh_from_db()
    assert first.handled_at is not None
    seqs = list(first.events.values_list("seq", flat=True))
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert first.events.last().kind == "retried"
    assert (second.handled_at, third.handled_at) == (before, None)
    assert not second.events.filter(kind="retried").exists()


def test_a_canceled_cell_runs_again_when_it_is_named():
    sweep = make_sweep(params=RATIOS)
    cancel_sweep(sweep)
    with pytest.raises(Conflict):
        retry_cells(sweep)
    assert retry_cells(sweep, [1]) == 1
    assert statuses(sweep) == ["retried", "canceled", "canceled", "waiting"]
    assert run_to_the_end(sweep).status == "finished"


@pytest.mark.parametrize("number", [0, 4, -1, 2**70])
def test_a_cell_that_does_not_exist_is_refused(number):
    with pytest.raises(Refusal, match="has no cell"):
        retry_cells(make_sweep(params=RATIOS), [number])


@pytest.mark.parametrize("given", [{"concurrency": 0}, {"concurrency": 51}, {"credit_cap": 0}])
def test_changes_beyond_their_limits_are_refused(given):
    with pytest.raises(Refusal, match="whole number"):
        change_sweep(make_sweep(), **given)


def test_a_file_that_a_sweep_uses_is_kept(db):
    from django.db.models import ProtectedError

    file = make_file()
    make_sweep(models=["flux-2-pro"], references=[str(file.pk)])
    with pytest.raises(ProtectedError):
        file.delete()
