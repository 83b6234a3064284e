import pytest

from rivya_bridge.automation.content import Draft
from rivya_bridge.automation.models import Job, JobTemplate, TemplateVersion
from rivya_bridge.automation.selectors import (
    get_job,
    get_template,
    get_version,
    job_rows,
    template_rows,
)
from rivya_bridge.automation.services import (
    add_version,
    create_template,
    preflight_job,
    start_job,
    update_template,
)
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import Wallet
from rivya_bridge.refusals import Conflict, Missing, Refusal
from rivya_bridge.tasks.models import Task
from tests.experiments.factories import add_models, finish, make_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models")]


def draft(**changes):
    given = {
        "model_id": "flux-2-pro",
        "prompt": "A {{ subject }} on slate",
        "variables": [{"name": "subject", "default": "cup", "max_length": 20}],
        "fixed_params": {"resolution": "1K"},
        "exposed_params": [{"key": "aspectRatio", "default": "1:1"}],
        "file_slots": [{"name": "photo", "kind": "image", "required": False}],
        "credit_cap": 100,
    }
    return Draft(**{**given, **changes})


def template(**changes) -> JobTemplate:
    return create_template(name="Banner", slug="banner", draft=draft(**changes)).template


def refused_fields(**changes) -> list[str]:
    with pytest.raises(Refusal) as refused:
        create_template(name="Banner", slug="banner", draft=draft(**changes))
    assert not JobTemplate.objects.exists()
    return [problem.field for problem in refused.value.problems]


def test_it_works():
    file = make_file()
    banner = template()
    job, created = start_job(
        banner,
        {"subject": "bottle", "aspectRatio": "16:9", "photo": str(file.pk)},
        source="api",
        intent_key="api:1:abc",
    )
    assert created
    task = get_job(job.pk).task
    assert (task.origin, task.origin_id, task.status) == ("job", job.pk, "queued")
    assert task.draft == {
        "model": "flux-2-pro",
        "prompt": "A bottle on slate",
        "params": {"resolution": "1K", "aspectRatio": "16:9"},
    }
    assert [reference.file for reference in task.references.all()] == [file]
    assert job.inputs == {"subject": "bottle", "aspectRatio": "16:9", "photo": str(file.pk)}


# --- Templates and versions -----------------------------------------------------------------------


def test_a_version_is_stored_in_its_full_form():
    version = template().current_version
    assert version.number == 1
    assert version.category == "image"
    assert version.expected == {"category": "image", "count": 1}
    assert version.variables == [
        {"name": "subject", "type": "text", "label": "", "default": "cup", "required": False,
         "max_length": 20}
    ]  # fmt: skip
    assert version.file_slots[0]["mime_types"] == ["image/jpeg", "image/png", "image/webp"]
    assert version.file_slots[0]["max_size_mb"] > 0


def test_versions_count_on_and_the_newest_is_current():
    banner = template()
    stale = get_template("banner")
    second = add_version(banner, draft(prompt="A {{ subject }}"))
    third = add_version(stale, draft())
    assert (second.number, third.number) == (2, 3)
    assert get_template("banner").current_version == third
    assert get_version(banner, 1).prompt == "A {{ subject }} on slate"


def test_a_taken_slug_is_a_conflict():
    template()
    with pytest.raises(Conflict) as refused:
        create_template(name="Other", slug="banner", draft=draft())
    assert refused.value.problems[0].field == "slug"
    assert TemplateVersion.objects.count() == 1


@pytest.mark.parametrize("slug", ["", "A", "a b", "-a", "a--b", "a" * 81, "é", None])
def test_a_slug_that_is_none_is_refused(slug):
    with pytest.raises(Refusal) as refused:
        create_template(name="Banner", slug=slug, draft=draft())
    assert [problem.field for problem in refused.value.problems] == ["slug"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model_id": "nothing"}, "model"),
        ({"prompt": "A {{ subjct }} {{ subject }}"}, "prompt"),
        ({"prompt": "A cup"}, "variables"),
        ({"prompt": "{{ subject"}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"fixed_params": {"nonsense": "1"}}, "params.nonsense"),
        ({"fixed_params": {"resolution": "9K"}}, "params.resolution"),
        ({"fixed_params": {"aspectRatio": "1:1"}}, "fixed_params"),
        ({"fixed_params": []}, "fixed_params"),
        ({"exposed_params": [{"key": "nonsense"}]}, "exposed_params[0]"),
        ({"exposed_params": [{"key": "aspectRatio", "default": "5:1"}]}, "params.aspectRatio"),
        ({"exposed_params": [{"key": "aspectRatio", "min": 1}]}, "exposed_params[0]"),
        ({"exposed_params": "aspectRatio"}, "exposed_params"),
        ({"exposed_params": [{"key": "aspectRatio"}] * 2}, "exposed_params"),
        ({"file_slots": [{"name": "photo", "kind": "video"}]}, "file_slots[0].kind"),
        ({"file_slots": [{"name": "Photo", "kind": "image"}]}, "file_slots[0].name"),
        ({"file_slots": [{"name": "subject", "kind": "image"}]}, "file_slots"),
        ({"file_slots": [{"name": f"p{n}", "kind": "image"} for n in range(30)]}, "file_slots"),
        ({"file_slots": [{"name": "p", "kind": "image", "max_size_mb": 999}]},
         "file_slots[0].max_size_mb"),
        ({"file_slots": [{"name": "p", "kind": "image", "mime_types": ["image/gif"]}]},
         "file_slots[0].mime_types"),
        ({"file_slots": [{"name": "p", "kind": "image", "default_file": "x"}]},
         "file_slots[0].default_file"),
        ({"variables": [{"name": "Subject"}], "prompt": "A cup"}, "variables[0].name"),
        ({"variables": [{"name": "self"}], "prompt": "A cup"}, "variables[0].name"),
        ({"variables": [{"name": "subject", "type": "list"}]}, "variables[0].type"),
        ({"variables": [{"name": "subject", "default": "a" * 9, "max_length": 8}]},
         "variables[0].default"),
        ({"variables": [{"name": "subject", "max_length": 0}]}, "variables[0].max_length"),
        ({"variables": [{"name": "subject", "max": 3}]}, "variables[0]"),
        ({"variables": [{"name": "subject", "type": "number", "min": 3, "max": 1}]},
         "variables[0].min"),
        ({"variables": [{"name": "subject", "type": "number", "max": 1, "default": 2}]},
         "variables[0].default"),
        ({"variables": [{"name": "subject", "type": "choice"}]}, "variables[0].options"),
        ({"variables": [{"name": "subject", "type": "choice", "options": ["a"], "default": "b"}]},
         "variables[0].default"),
        ({"variables": [{"name": "subject", "type": "boolean", "default": "yes"}]},
         "variables[0].default"),
        ({"variables": [{"name": "subject", "required": "yes"}]}, "variables[0].required"),
        ({"credit_cap": 0}, "credit_cap"),
        ({"credit_cap": 1_000_001}, "credit_cap"),
        ({"credit_cap": "5"}, "credit_cap"),
        ({"expected": {"category": "video"}}, "expected.category"),
        ({"expected": {"count": 0}}, "expected.count"),
        ({"reason": "a" * 1_001}, "reason"),
    ],
)  # fmt: skip
def test_a_draft_that_breaks_a_rule_is_refused_by_field(changes, field):
    assert refused_fields(**changes) == [field]


def test_a_model_that_is_not_available_takes_no_template():
    add_models("flux-2-pro", api_status="studio_only")
    assert refused_fields() == ["model"]


def test_a_required_param_must_be_fixed_or_exposed():
    voice = {"model_id": "elevenlabs-turbo-2-5", "exposed_params": [], "file_slots": []}
    assert refused_fields(**voice, fixed_params={}) == ["params.voice"]
    exposed = {**voice, "exposed_params": [{"key": "voice"}]}
    assert create_template(name="V", slug="v", draft=draft(**exposed, fixed_params={})).number == 1


def test_name_and_description_change_and_the_slug_stays():
    banner = update_template(template(), name="New", description="What for")
    banner.refresh_from_db()
    assert (banner.name, banner.description, banner.slug) == ("New", "What for", "banner")
    with pytest.raises(Refusal):
        update_template(banner, name="")


# --- Jobs -----------------------------------------------------------------------------------------


def test_a_dry_run_creates_and_spends_nothing():
    version = template(file_slots=[]).current_version
    plan = preflight_job(version, {"subject": "bottle"})
    assert plan.problems == []
    assert plan.estimated_credits > 0
    assert plan.body == {
        "model": "flux-2-pro",
        "prompt": "A bottle on slate",
        "params": {"resolution": "1K", "aspectRatio": "1:1"},
    }
    assert not Task.objects.exists()


def test_a_dry_run_lists_problems_instead_of_raising():
    plan = preflight_job(template().current_version, {"subjct": "x", "aspectRatio": "9:1"})
    assert [problem.field for problem in plan.problems] == ["subjct", "aspectRatio"]


def test_a_job_above_its_cap_or_the_balance_is_not_started():
    banner = template(credit_cap=1)
    with pytest.raises(Refusal) as refused:
        start_job(banner, {}, source="form")
    assert refused.value.problems[0].field == "credit_cap"
    add_version(banner, draft())
    Wallet.objects.create(account=current_connection().account, current_credits=0)
    with pytest.raises(Refusal) as refused:
        start_job(banner, {}, source="form")
    assert refused.value.problems[0].field == "credits"
    assert not Job.objects.exists()
    assert not Task.objects.exists()


def test_one_key_makes_one_job_even_after_a_new_version():
    banner = template()
    first, _ = start_job(banner, {"subject": "a"}, source="api", intent_key="k")
    add_version(banner, draft(credit_cap=50))
    again, created = start_job(banner, {"subject": "a"}, source="api", intent_key="k")
    assert (again, created) == (first, False)
    assert Task.objects.count() == 1


def test_one_key_with_other_inputs_or_another_template_is_a_conflict():
    banner = template()
    start_job(banner, {"subject": "a"}, source="api", intent_key="k")
    with pytest.raises(Conflict, match="subject"):
        start_job(banner, {"subject": "b"}, source="api", intent_key="k")
    other = create_template(name="Other", slug="other", draft=draft()).template
    with pytest.raises(Conflict, match="banner"):
        start_job(other, {"subject": "a"}, source="api", intent_key="k")
    assert Task.objects.count() == 1


def test_without_a_key_every_start_is_a_job():
    banner = template()
    assert start_job(banner, {}, source="form")[1]
    assert start_job(banner, {}, source="form")[1]
    assert Task.objects.count() == 2


def test_a_source_that_does_not_exist_is_refused():
    with pytest.raises(Refusal, match="form, api, command"):
        start_job(template(), {}, source="page")


# --- Selectors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 5])
def test_lists_take_the_same_queries_for_many_rows(count, django_assert_num_queries):
    for number in range(count):
        made = create_template(name="Banner", slug=f"banner-{number}", draft=draft()).template
        for _ in range(2):
            job, _ = start_job(made, {}, source="form")
            finish(job.task, make_file())
    with django_assert_num_queries(1):
        for row in template_rows().order_by("-id"):
            assert (row.job_count, row.last_job_status) == (2, "succeeded")
            assert row.current_version.number == 1
    with django_assert_num_queries(2):
        for job in job_rows():
            assert [output.file.name for output in job.task.outputs.all()]
            assert job.template.name and job.version.number and job.status


def test_a_template_without_jobs_counts_none():
    template()
    [row] = template_rows("ann")
    assert (row.job_count, row.last_job_status, row.last_job_at) == (0, None, None)
    assert not template_rows("zzz")


def test_jobs_are_listed_by_template():
    banner = template()
    job, _ = start_job(banner, {}, source="form")
    other = create_template(name="Other", slug="other", draft=draft()).template
    assert list(job_rows(banner)) == [job]
    assert not job_rows(other)


def test_what_does_not_exist_is_missing():
    banner = template()
    for look in (
        lambda: get_template("nothing"),
        lambda: get_template("a\0"),
        lambda: get_version(banner, 9),
        lambda: get_job("nonsense"),
        lambda: get_job(None),
    ):
        with pytest.raises(Missing):
            look()
