import pytest

from rivya_bridge.automation.models import JobTemplate
from rivya_bridge.automation.selectors import get_template
from rivya_bridge.automation.services import start_job
from rivya_bridge.experiments.models import Run
from rivya_bridge.experiments.services import judge_run
from rivya_bridge.promotion.models import Promotion
from rivya_bridge.promotion.services import (
    add_version_from_run,
    preview_promotion,
    promote_run,
    propose,
    round_trip_difference,
)
from rivya_bridge.refusals import Conflict, Missing, Refusal
from tests.experiments.factories import (
    add_models,
    finish,
    make_experiment,
    make_file,
    record,
    start,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(db):
    add_models("z-image", "flux-2-pro", "seedance-1-0-pro", "gpt-5-2-chat")
    return make_experiment()


@pytest.fixture
def run(experiment) -> Run:
    """An API run with a reference that succeeded and was accepted."""
    made = start(
        experiment,
        model_id="flux-2-pro",
        prompt="A {{red}} cup on slate",
        params={"resolution": "2K"},
        references=[make_file()],
    )
    finish(made.task, make_file("result.png"), credits=9)
    judge_run(made, "accepted")
    return Run.objects.get(pk=made.pk)


def fields_of(refused) -> list[str]:
    return [problem.field for problem in refused.value.problems]


def test_it_works(run):
    version = promote_run(run, name="Bottle banner")
    assert (version.template.slug, version.number) == ("bottle-banner", 1)
    assert version.fixed_params == {"resolution": "2K"}
    assert version.expected == {"category": "image", "count": 1}
    assert round_trip_difference(version, run) == []
    job, _ = start_job(get_template("bottle-banner"), {}, source="form")
    assert job.task.draft == run.task.draft
    used = [one.file for one in run.references.all()]
    assert [one.file for one in job.task.references.all()] == used


# --- Proposals ------------------------------------------------------------------------------------


def test_a_proposal_repeats_the_run(run):
    proposal = propose(run)
    assert proposal.problems == []
    assert (proposal.name, proposal.slug) == ("Bottle on slate", "bottle-on-slate")
    assert proposal.fixed_params == {"resolution": "2K"}
    assert proposal.exposed_params == []
    assert proposal.variables == []
    [slot] = proposal.file_slots
    assert (slot["kind"], slot["required"]) == ("image", False)
    assert slot["default_file"] == str(run.references.get().file_id)
    assert slot["mime_types"] and slot["max_size_mb"]
    version = promote_run(
        run,
        name=proposal.name,
        slug=proposal.slug,
        prompt=proposal.prompt,
        exposed_params=proposal.exposed_params,
        fixed_params=proposal.fixed_params,
        file_slots=proposal.file_slots,
        credit_cap=proposal.credit_cap,
    )
    assert round_trip_difference(version, run) == []


def test_the_cap_is_the_greater_of_estimate_and_cost(experiment):
    dear = record(experiment, credits=500)
    free = record(experiment, credits=0)
    assert propose(dear).credit_cap == 500
    assert propose(free).credit_cap == 1


def test_what_varied_between_accepted_runs_becomes_an_input(experiment):
    params = {"resolution": "720p", "duration": "5", "seed": 7}
    given = {"model_id": "seedance-1-0-pro", "verdict": "accepted"}
    chosen = record(experiment, prompt="A red cup on wet slate", params=params, **given)
    record(
        experiment, prompt="A blue cup on wet slate", params={**params, "duration": "10"}, **given
    )
    proposal = propose(chosen)
    assert proposal.fixed_params == {"resolution": "720p"}
    assert {entry["key"]: entry["default"] for entry in proposal.exposed_params} == {
        "duration": "5", "seed": 7,
    }  # fmt: skip
    assert proposal.varied_params == {"duration": ["5", "10"]}
    assert proposal.accepted_runs == 2
    assert proposal.seen == {"cup_kind": [("red", [1]), ("blue", [2])]}
    version = promote_run(
        chosen,
        name="Cup",
        prompt=proposal.prompt,
        variables=proposal.variables,
        exposed_params=proposal.exposed_params,
    )
    assert version.prompt == "A {{ cup_kind }} cup on wet slate"
    job, _ = start_job(version.template, {"cup_kind": "blue"}, source="form")
    assert job.task.draft["prompt"] == "A blue cup on wet slate"


def test_runs_that_were_not_accepted_or_of_another_model_propose_nothing(experiment):
    chosen = record(experiment, prompt="A red cup on wet slate", verdict="accepted")
    record(experiment, prompt="A blue cup on wet slate", verdict="rejected")
    record(experiment, prompt="A pink cup on wet slate", verdict="accepted", model_id="flux-2-pro")
    assert propose(chosen).variables == []
    assert propose(chosen).accepted_runs == 1


def test_a_proposed_slug_is_free(experiment, run):
    promote_run(run, name="Bottle on slate")
    assert propose(run).slug == "bottle-on-slate-2"


def varied_runs(experiment, *rest: str) -> list[Run]:
    """Accepted runs whose subject, surface, aspect and reference differ."""
    rows = [
        ("a red cup", "slate", "1K"),
        ("two green bottles", "oak", "2K"),
        ("the clock", "sand", "1K"),
    ]
    return [
        record(
            experiment,
            model_id="flux-2-pro",
            prompt=f"Photo of {subject} on {surface}, soft light{end}",
            params={"resolution": size},
            references=[make_file(f"{surface}.png")],
            verdict="accepted",
        )
        for (subject, surface, size), end in zip(rows, rest or ("", ", at night", ""), strict=True)
    ]


def preview(run: Run, **changes):
    proposal = propose(run)
    choices = {
        "prompt": proposal.prompt,
        "variables": proposal.variables,
        "exposed_params": proposal.exposed_params,
        "fixed_params": proposal.fixed_params,
        "file_slots": proposal.file_slots,
    }
    return preview_promotion(run, proposal, **choices | changes)


def test_the_proposal_repeats_every_run_that_it_was_drawn_from(experiment):
    runs = varied_runs(experiment)
    previews, problems = preview(runs[0])
    assert problems == []
    assert [one.run.number for one in previews] == [1, 3, 2]
    assert [one.differences for one in previews] == [[], [], []]
    assert [one.inputs["night"] for one in previews] == [False, False, True]
    assert propose(runs[0]).file_slots[0]["required"] is True


def test_an_odd_run_is_named_and_its_difference_shown(experiment):
    runs = varied_runs(experiment, "", "", "")
    record(experiment, model_id="flux-2-pro", prompt="Ein Hund läuft", verdict="accepted")
    proposal = propose(runs[0])
    assert proposal.odd_runs == [4]
    previews, _ = preview(runs[0])
    assert [(one.run.number, one.fits, bool(one.differences)) for one in previews] == [
        (1, True, False), (4, False, True), (3, True, False), (2, True, False),
    ]  # fmt: skip


def test_a_preview_names_what_is_wrong_with_the_choices(experiment):
    [run, *_] = varied_runs(experiment)
    previews, problems = preview(run, prompt="A cup")
    assert previews == []
    assert {problem.field for problem in problems} == {"variables"}
    previews, _ = preview(
        run, prompt="Photo of {{ subject }}", variables=propose(run).variables[:1]
    )
    assert all([problem.field for problem in one.differences] == ["prompt"] for one in previews)


# --- What is not promoted -------------------------------------------------------------------------


def test_an_unfinished_run_is_refused(experiment):
    waiting = start(experiment)
    failed = start(experiment)
    finish(failed.task, status="failed")
    for one, says in ((waiting, "queued"), (failed, "failed")):
        with pytest.raises(Refusal, match=says):
            promote_run(Run.objects.get(pk=one.pk), name="Banner")


def test_a_rejected_run_is_refused(experiment):
    with pytest.raises(Refusal, match="rejected"):
        promote_run(record(experiment, verdict="rejected"), name="Banner")


def test_a_model_that_left_the_api_is_refused(experiment):
    run = record(experiment)
    add_models("z-image", api_status="studio_only")
    assert [problem.field for problem in propose(run).problems] == ["model"]
    with pytest.raises(Refusal, match="not available"):
        promote_run(run, name="Banner")


def test_a_run_that_the_api_would_not_take_is_refused(experiment):
    run = record(experiment, prompt="")
    with pytest.raises(Refusal) as refused:
        promote_run(run, name="Banner")
    assert fields_of(refused) == ["prompt"]


def test_a_taken_slug_is_a_conflict_and_stores_nothing(run):
    promote_run(run, name="Banner", slug="banner")
    with pytest.raises(Conflict) as refused:
        promote_run(run, name="Other", slug="banner")
    assert fields_of(refused) == ["slug"]
    assert Promotion.objects.count() == 1


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"prompt": "A red cup"}, "prompt"),
        ({"prompt": "{{ a }}", "variables": [{"name": "a", "default": "cup"}]}, "prompt"),
        ({"prompt": "{{ a }} {{ a }}", "variables": [{"name": "a"}]}, "a"),
        ({"fixed_params": {}}, "params.resolution"),
        ({"fixed_params": {"resolution": "1K"}}, "params.resolution"),
        ({"exposed_params": [{"key": "resolution", "default": "1K"}]}, "params.resolution"),
        ({"exposed_params": [{"key": "aspectRatio", "default": "1:1"}]}, "params.aspectRatio"),
        ({"exposed_params": "resolution"}, "exposed_params"),
        ({"file_slots": []}, "references"),
        ({"file_slots": [{"name": "photo", "kind": "image"}]}, "photo"),
        ({"credit_cap": 0}, "credit_cap"),
        ({"variables": [{"name": "a", "default": "x"}]}, "variables"),
        ({"name": ""}, "name"),
    ],
)
def test_a_template_that_would_not_repeat_the_run_is_refused_by_field(run, choices, field):
    with pytest.raises(Refusal) as refused:
        promote_run(run, **{"name": "Banner", **choices})
    assert fields_of(refused) == [field]
    assert not JobTemplate.objects.exists()
    assert not Promotion.objects.exists()


def test_an_exposed_param_takes_the_runs_value_as_its_default(run):
    version = promote_run(run, name="Banner", exposed_params=[{"key": "resolution"}])
    assert version.exposed_params[0]["default"] == "2K"
    assert version.fixed_params == {}


# --- More versions, and the record ----------------------------------------------------------------


def test_a_version_is_added_to_an_existing_template(run, experiment):
    promote_run(run, name="Banner")
    version = add_version_from_run(record(experiment), template_slug="banner", reason="Cheaper")
    assert (version.number, version.model_id, version.reason) == (2, "z-image", "Cheaper")
    assert get_template("banner").current_version == version
    with pytest.raises(Missing):
        add_version_from_run(run, template_slug="nothing")


def test_the_evidence_is_frozen(run):
    evidence = promote_run(run, name="Banner").promotion.evidence
    assert evidence["run"]["credits"] == 9
    assert evidence["run"]["verdict"] == "accepted"
    assert evidence["task"]["remote_id"] == run.task.remote_id
    assert evidence["run"]["results"][0]["name"] == "result.png"
    judge_run(run, "rejected")
    assert Promotion.objects.get().evidence == evidence
