import pytest

from rivya_bridge.automation.content import Draft, normalized
from rivya_bridge.automation.inputs import build_request, input_specs, read_inputs
from rivya_bridge.catalog.selectors import get_model
from rivya_bridge.refusals import Refusal
from tests.experiments.factories import make_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models")]

VARIABLES = [
    {"name": "subject", "max_length": 10, "required": True},
    {"name": "mood", "default": "calm"},
    {"name": "count", "type": "number", "min": 1, "max": 5, "default": 2},
    {"name": "light", "type": "choice", "options": ["soft", "hard"], "default": "soft"},
    {"name": "wet", "type": "boolean", "default": False},
]
PROMPT = "{{ count }} {{ subject }} {{ mood }} {{ light }}{% if wet %} wet{% endif %}"


def version(**changes):
    given = {
        "model_id": "seedance-1-0-pro",
        "prompt": PROMPT,
        "variables": VARIABLES,
        "fixed_params": {"resolution": "720p"},
        "exposed_params": [{"key": "duration", "default": "5"}, {"key": "seed", "default": 7}],
        "file_slots": [{"name": "start", "kind": "image", "required": False}],
        "credit_cap": 100,
    }
    full, problems = normalized(Draft(**{**given, **changes}), model())
    assert problems == []
    return full


def model():
    return get_model("seedance-1-0-pro")


def read(raw, **changes):
    return read_inputs(version(**changes), model(), raw)


def refused(raw, **changes):
    with pytest.raises(Refusal) as refusal:
        read(raw, **changes)
    return {problem.field: problem.message for problem in refusal.value.problems}


def test_it_works():
    file = make_file()
    raw = {"subject": "cups", "count": "3", "wet": "on", "duration": 10, "seed": "42",
           "start": str(file.pk)}  # fmt: skip
    full = version()
    inputs = read_inputs(full, model(), raw)
    assert inputs.variables == {
        "subject": "cups", "mood": "calm", "count": 3, "light": "soft", "wet": True,
    }  # fmt: skip
    assert build_request(full, inputs) == (
        "3 cups calm soft wet",
        {"resolution": "720p", "duration": "10", "seed": 42},
        [file],
    )


def test_the_specs_carry_the_models_own_limits():
    specs = {spec.name: spec for spec in input_specs(version())}
    assert list(specs) == [
        "subject", "mood", "count", "light", "wet", "duration", "seed", "start",
    ]  # fmt: skip
    assert (specs["duration"].type, specs["duration"].options) == ("choice", ("5", "10"))
    seed = specs["seed"]
    assert (seed.type, seed.min, seed.max, seed.default) == ("number", -1, 2147483647, 7)
    assert (specs["start"].type, specs["start"].kind) == ("file", "image")
    assert (specs["count"].min, specs["count"].max) == (1, 5)


def test_what_is_left_out_takes_its_default():
    inputs = read({"subject": "cup", "count": "", "seed": None})
    assert inputs.variables["count"] == 2
    assert inputs.params == {"duration": "5", "seed": 7}
    assert inputs.files == {"start": None}


def test_an_exposed_param_without_default_is_left_to_the_model():
    assert read({"subject": "cup"}, exposed_params=[{"key": "seed"}]).params == {}


def test_an_empty_box_takes_the_default_and_is_never_sent_as_empty_text():
    kept = read({"subject": "cup"}).variables["mood"]
    assert kept
    assert read({"subject": "cup", "mood": ""}).variables["mood"] == kept


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        ({}, "subject", "required"),
        ({"subject": "  "}, "subject", "required"),
        ({"subject": "cup", "sbject": "x"}, "sbject", "subject, mood, count"),
        ({"subject": "a" * 11}, "subject", "limit is 10"),
        ({"subject": "a\0"}, "subject", "NUL"),
        ({"subject": 5}, "subject", "text"),
        ({"subject": "cup", "count": "x"}, "count", "number"),
        ({"subject": "cup", "count": True}, "count", "number"),
        ({"subject": "cup", "count": float("inf")}, "count", "number"),
        ({"subject": "cup", "count": "nan"}, "count", "number"),
        ({"subject": "cup", "count": 0}, "count", "least is 1"),
        ({"subject": "cup", "count": 6}, "count", "most is 5"),
        ({"subject": "cup", "light": "dim"}, "light", "soft, hard"),
        ({"subject": "cup", "wet": "maybe"}, "wet", "true or false"),
        ({"subject": "cup", "wet": 1}, "wet", "true or false"),
        ({"subject": "cup", "duration": "7"}, "duration", "5, 10"),
        ({"subject": "cup", "seed": -2}, "seed", "-1"),
        ({"subject": "cup", "start": "x"}, "start", "no file"),
        ({"subject": "cup", "start": ["x"]}, "start", "no file"),
    ],
)
def test_an_input_that_breaks_a_rule_is_refused_by_name(raw, field, says):
    problems = refused(raw)
    assert list(problems) == [field]
    assert says in problems[field]


def test_every_problem_is_named_at_once():
    assert set(refused({"count": 9, "light": "dim", "start": "x"})) == {
        "subject", "count", "light", "start",
    }  # fmt: skip


def test_a_file_of_another_kind_type_or_size_is_refused():
    video = make_file("a.mp4", kind="video", mime_type="video/mp4")
    gif = make_file("a.gif", mime_type="image/gif")
    big = make_file("a.png", size_bytes=500 * 1_048_576)
    for file, says in ((video, "kind image"), (gif, "image/gif"), (big, "limit is")):
        assert says in refused({"subject": "cup", "start": str(file.pk)})["start"]


def test_a_required_slot_must_be_filled_by_each_job_also_when_it_has_an_example():
    slot = {"name": "start", "kind": "image", "required": True}
    assert "required" in refused({"subject": "cup"}, file_slots=[slot])["start"]
    file = make_file()
    example = {**slot, "default_file": str(file.pk)}
    assert "required" in refused({"subject": "cup"}, file_slots=[example])["start"]
    free = {**example, "required": False}
    assert read({"subject": "cup"}, file_slots=[free]).files == {"start": file}


def test_an_unknown_file_is_named_by_its_slot():
    slots = [{"name": "start", "kind": "image", "required": False}]
    assert set(
        refused({"subject": "cup", "start": str(make_file().pk)[:-1]}, file_slots=slots)
    ) == {"start"}


def test_the_inputs_are_kept_as_json():
    file = make_file()
    kept = read({"subject": "cup", "start": str(file.pk)}).as_json()
    assert kept["start"] == str(file.pk)
    assert (kept["count"], kept["wet"], kept["seed"]) == (2, False, 7)
