"""A rehearsal: each golden case one job however often it is fed, judged beside what was accepted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.models import Job
from rivya_bridge.automation.services import add_version, set_day_cap
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.caps import set_caps
from rivya_bridge.credits.models import Wallet
from rivya_bridge.refusals import Conflict, Refusal
from rivya_bridge.rehearsal.models import GoldenCase, Rehearsal, RehearsalCase
from rivya_bridge.rehearsal.services import (
    accept_result,
    cancel_waiting,
    change_tolerance,
    judge_case,
    judge_waiting,
    overrule,
    plan_rehearsal,
    remove_golden_case,
    set_measure,
    start_rehearsal,
)
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.experiments.factories import add_models
from tests.rehearsal.making import (
    begin,
    end_jobs,
    feed_all,
    make_golden,
    only_case,
    picture,
    to_the_end,
    verdicts,
)

pytestmark = pytest.mark.django_db


def test_it_works():
    template = make_golden("bottle", "jug")
    rehearsal = begin(template, author="ann")
    case = rehearsal.cases.get(ordinal=2)
    assert case.job.source == "rehearsal"
    assert case.job.inputs == {"thing": "jug"}
    task = case.job.task
    assert task.intent_key == f"rehearsal:{rehearsal.pk}:2"
    assert task.group_label == "Slate · dress rehearsal of version 1"
    assert task.group_url == f"/rehearsals/{rehearsal.pk}/"
    rehearsal = to_the_end(rehearsal, picture())
    assert (rehearsal.status, rehearsal.verdict) == ("finished", "passed")
    assert verdicts(rehearsal) == ["passed", "passed"]
    assert rehearsal.cases.get(ordinal=1).distance == 0


def test_another_picture_differs_with_its_distance_and_what_is_unmet():
    rehearsal = to_the_end(begin(make_golden()), picture("red", size=(20, 60)))
    case = rehearsal.cases.get()
    assert (rehearsal.verdict, case.verdict) == ("differs", "differs")
    assert case.distance > 0.3
    assert "The width is 20 pixels, not 63 to 65." in case.reason
    assert "above the tolerance of 0.3" in case.reason


def test_a_small_difference_passes_until_the_tolerance_is_tighter():
    template = make_golden()
    first = to_the_end(begin(template), picture(mark=1))
    case = first.cases.get()
    assert case.verdict == "passed" and 0 < case.distance < 0.3
    change_tolerance(only_case(template), case.distance / 2)
    assert verdicts(to_the_end(begin(template), picture(mark=1))) == ["differs"]


def test_a_failed_job_is_a_failed_case_with_the_jobs_reason():
    rehearsal = to_the_end(begin(make_golden()), status="failed")
    case = rehearsal.cases.get()
    assert (rehearsal.verdict, case.verdict, case.distance) == ("failed", "failed", None)
    assert "generation failed" in case.reason


def test_a_result_that_cannot_be_read_is_not_comparable(data_dir):
    template = make_golden()
    rehearsal = begin(template)
    other = picture("red")
    from rivya_bridge.files.store import path_of

    path_of(other.sha256).unlink()
    rehearsal = to_the_end(rehearsal, other)
    case = rehearsal.cases.get()
    assert (rehearsal.verdict, case.verdict) == ("unclear", "unclear")
    assert "gone from the data folder" in case.reason


def test_what_does_not_count_does_not_differ():
    template = make_golden()
    set_measure(template, {}, ["count"])
    rehearsal = to_the_end(begin(template), picture("red", size=(20, 60)))
    assert verdicts(rehearsal) == ["passed"]
    assert verdicts(to_the_end(begin(template), picture(), picture("red"))) == ["differs"]


def test_inputs_that_a_version_no_longer_takes_are_not_comparable_and_cost_nothing():
    template = make_golden("bottle", "jug")
    GoldenCase.objects.filter(name="jug").update(inputs={"other": "jug"})
    plan = plan_rehearsal(template, template.current_version)
    assert (plan.runnable, len(plan.cases), plan.problems) == (1, 2, [])
    rehearsal = to_the_end(begin(template), picture())
    assert verdicts(rehearsal) == ["passed", "unclear"]
    assert "other" in rehearsal.cases.get(ordinal=2).reason
    assert Job.objects.count() == 1


# --- What keeps it from starting ------------------------------------------------------------------


def test_without_golden_cases_it_cannot_start():
    template = make_golden()
    remove_golden_case(only_case(template))
    with pytest.raises(Refusal, match="no golden cases"):
        begin(template)


def test_a_model_that_closed_or_an_empty_wallet_forbids_it_and_nothing_is_spent():
    template = make_golden("bottle", "jug")
    Wallet.objects.create(account=current_connection().account, current_credits=1)
    with pytest.raises(Refusal) as refused:
        begin(template)
    assert [problem.field for problem in refused.value.problems] == ["credits"]
    add_models("z-image", api_status="studio_only")
    with pytest.raises(Refusal, match="Studio only"):
        begin(template)
    assert not Rehearsal.objects.exists()
    assert not Job.objects.exists()


def test_the_cap_of_the_day_holds_for_all_cases_together():
    template = make_golden("bottle", "jug")
    set_caps(run_cap=None, day_cap=1)
    with pytest.raises(Refusal, match="2 credits are expected and 1 is left of today's cap"):
        begin(template)
    assert not Rehearsal.objects.exists()


def test_what_the_template_may_spend_in_a_day_holds_for_all_cases_together():
    template = make_golden("bottle", "jug")
    set_day_cap(template, 1)
    with pytest.raises(Refusal, match="1 is left of the 1 that this template may spend today"):
        begin(template)
    assert not Rehearsal.objects.exists()


def test_one_key_begins_one_rehearsal_and_one_version_is_rehearsed_once_at_a_time():
    template = make_golden()
    first, is_new = start_rehearsal(template, template.current_version, intent_key="k")
    again, is_new_again = start_rehearsal(template, template.current_version, intent_key="k")
    assert (first.pk, is_new, is_new_again) == (again.pk, True, False)
    with pytest.raises(Conflict, match="is running") as refused:
        start_rehearsal(template, template.current_version, intent_key="other")
    assert refused.value.problems[0].see == ("See it", f"/rehearsals/{first.pk}/")


def test_a_key_of_another_version_is_refused():
    template = make_golden()
    start_rehearsal(template, template.current_version, intent_key="k")
    made = add_version(template, Draft("z-image", 9, prompt="A vase", reason="x"))
    with pytest.raises(Conflict, match="use a new key"):
        start_rehearsal(template, made, intent_key="k")


# --- Restarts -------------------------------------------------------------------------------------


def test_three_jobs_are_open_at_once_and_the_next_follows_an_end(
    django_capture_on_commit_callbacks,
):
    rehearsal = begin(make_golden(*"abcde"))
    assert Job.objects.count() == 3
    with django_capture_on_commit_callbacks(execute=True):
        end_jobs(picture())
    assert Job.objects.count() == 5
    assert set(rehearsal.cases.values_list("status", flat=True)) == {"judging", "started"}


def test_a_crash_between_cases_is_resumed_and_charges_no_case_twice():
    """The process dies after each commit: only the rows are left, and the sweep goes on from them."""
    template = make_golden(*"abcd")
    rehearsal, _ = start_rehearsal(template, template.current_version)
    for _ in range(12):
        sweep_rows()
        for task in Task.objects.filter(status="queued")[:1]:
            # The end is written, and whoever should have heard of it is gone.
            Task.objects.filter(pk=task.pk).update(
                status="succeeded", remote_id=f"t{task.pk.hex}", request_body=b"{}",
                exposure="accepted", final_credits=1,
            )  # fmt: skip
            task.outputs.create(position=0, url="https://x.test/", file=picture())
        judge_waiting()
    sweep_rows()
    rehearsal.refresh_from_db()
    assert (rehearsal.status, rehearsal.verdict) == ("finished", "passed")
    keys = sorted(Task.objects.values_list("intent_key", flat=True))
    assert keys == [f"rehearsal:{rehearsal.pk}:{number}" for number in (1, 2, 3, 4)]


@pytest.mark.django_db(transaction=True)
def test_eight_feeders_and_judges_at_once_make_one_job_and_one_verdict_for_each_case():
    rehearsal = begin(make_golden(*"abcdef"))
    file = picture()

    def work(number: int) -> None:
        try:
            feed_all()
            judge_waiting()
        finally:
            connections.close_all()

    for _ in range(4):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        end_jobs(file)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    feed_all()
    rehearsal.refresh_from_db()
    assert (rehearsal.status, verdicts(rehearsal)) == ("finished", ["passed"] * 6)
    assert Job.objects.count() == Task.objects.values("intent_key").distinct().count() == 6


def test_a_judge_that_dies_three_times_leaves_the_case_not_comparable():
    rehearsal = begin(make_golden())
    end_jobs(picture("red"))
    case = rehearsal.cases.get()
    RehearsalCase.objects.filter(pk=case.pk).update(tries=3)
    assert judge_case(case.pk) == "unclear"
    case.refresh_from_db()
    assert "3 times" in case.reason


def test_a_case_that_somebody_judges_is_left_to_them():
    from django.utils import timezone

    rehearsal = begin(make_golden())
    end_jobs(picture())
    case = rehearsal.cases.get()
    RehearsalCase.objects.update(claimed_at=timezone.now())
    assert (judge_case(case.pk), judge_waiting()) == ("", 0)
    RehearsalCase.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert judge_waiting() == 1
    assert judge_case(case.pk) == ""


def test_a_stop_leaves_out_what_waits_and_finishes_what_was_sent():
    rehearsal = begin(make_golden(*"abcde"))
    cancel_waiting(rehearsal)
    rehearsal = to_the_end(rehearsal, picture())
    assert (rehearsal.status, rehearsal.verdict) == ("finished", "unclear")
    assert verdicts(rehearsal) == ["passed"] * 3 + ["unclear"] * 2
    assert Job.objects.count() == 3


def test_a_budget_stops_it_before_it_is_broken():
    template = make_golden(*"abcd")
    rehearsal = begin(template, credit_cap=4)
    end_jobs(picture(), credits=2)
    rehearsal = to_the_end(rehearsal, picture())
    assert verdicts(rehearsal) == ["passed", "passed", "passed", "unclear"]
    assert "budget of 4 credits" in rehearsal.cases.get(ordinal=4).reason


def test_the_estimate_is_what_the_case_cost_the_last_time_if_that_was_more():
    template = make_golden()
    begin(template)
    end_jobs(picture(), credits=7)
    judge_waiting()
    assert plan_rehearsal(template, template.current_version).estimated_credits == 7


# --- What a person decides ------------------------------------------------------------------------


def differing(template) -> RehearsalCase:
    rehearsal = to_the_end(begin(template), picture("red", size=(20, 60)))
    return rehearsal.cases.select_related("job__task", "golden", "rehearsal").get(ordinal=1)


def test_a_differing_result_becomes_the_golden_one_and_the_next_rehearsal_passes():
    template = make_golden()
    case = differing(template)
    made = accept_result(case, author="ann")
    assert (made.replaces, made.job, made.author) == (case.golden, case.job, "ann")
    assert only_case(template) == made
    assert Rehearsal.objects.get().verdict == "passed"
    assert accept_result(RehearsalCase.objects.select_related("accepted").get()) == made
    assert verdicts(to_the_end(begin(template), picture("red", size=(20, 60)))) == ["passed"]


def test_a_golden_case_that_was_removed_takes_no_new_result():
    template = make_golden()
    case = differing(template)
    remove_golden_case(only_case(template))
    with pytest.raises(Conflict, match="replaced or removed"):
        accept_result(case)


def test_a_verdict_is_overruled_once_and_with_a_reason_only():
    case = differing(make_golden())
    with pytest.raises(Refusal, match="reason is required"):
        overrule(case, " ")
    overrule(case, "The light is the same", author="ann")
    assert (case.final_verdict, case.verdict) == ("passed", "differs")
    assert Rehearsal.objects.get().verdict == "passed"
    with pytest.raises(Conflict, match="decided before"):
        overrule(case, "Again")


def test_a_failed_job_is_no_matter_of_opinion():
    rehearsal = to_the_end(begin(make_golden()), status="failed")
    case = rehearsal.cases.select_related("golden").get()
    with pytest.raises(Refusal, match="rehearse it again"):
        overrule(case, "Never mind")
    with pytest.raises(Refusal, match="no other result"):
        accept_result(case)


def test_a_case_that_is_not_judged_waits():
    case = begin(make_golden()).cases.select_related("golden").get()
    for decide in (lambda: overrule(case, "x"), lambda: accept_result(case)):
        with pytest.raises(Refusal, match="wait for its verdict"):
            decide()
