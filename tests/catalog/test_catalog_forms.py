"""The form of a model's own params."""

from datetime import UTC, datetime

import pytest

from rivya_bridge.catalog.dialogue import read_turns, write_turns
from rivya_bridge.catalog.forms import params_form
from rivya_bridge.catalog.params import check_request
from rivya_bridge.rivya import AnswerMeta, Model
from rivya_bridge.rivya.types.model import read_models
from rivya_bridge.sandbox.catalogue import load_catalogue


def model(model_id: str) -> Model:
    meta = AnswerMeta(200, None, datetime(2026, 1, 1, tzinfo=UTC))
    return read_models({"data": [load_catalogue()[model_id]]}, meta)[0]


EVERY_ASYNC_MODEL = [key for key, entry in load_catalogue().items() if entry["category"] != "chat"]


def test_it_works():
    given = {
        "param-generationType": "REFERENCE_2_VIDEO",
        "param-aspectRatio": "",
        "param-watermark": " mark ",
        "param-seeds": "12345",
        "param-enableTranslation": "false",
    }
    form = params_form(model("veo3-1-fast"), given)
    assert form.is_valid(), form.errors
    assert form.to_params() == {
        "generationType": "REFERENCE_2_VIDEO",
        "watermark": "mark",
        "seeds": 12345,
        "enableTranslation": "false",
    }


@pytest.mark.parametrize("model_id", EVERY_ASYNC_MODEL)
def test_what_every_models_form_gives_passes_the_check(model_id):
    known = model(model_id)
    values = {param.key: param.default for param in known.params if param.default is not None}
    values |= {"dialogue": "Adam: Hello.", "video_url": "https://example.com/a.mp4"}
    form = params_form(known, {f"param-{key}": str(value) for key, value in values.items()})
    assert form.is_valid(), form.errors
    params = form.to_params()
    assert check_request(known, prompt="slate", params=params) == []
    again = params_form(known, initial=params)
    assert all(str(again[key].value()) for key in params)


def test_an_empty_form_leaves_everything_to_the_model():
    form = params_form(model("flux-2-pro"), {})
    assert form.is_valid()
    assert form.to_params() == {}


def test_an_optional_choice_offers_the_models_default():
    html = str(params_form(model("flux-2-pro"))["aspectRatio"])
    assert '<option value="" selected>Model default (1:1)</option>' in html
    assert 'name="param-aspectRatio"' in html


def test_a_required_choice_starts_with_the_default():
    form = params_form(model("elevenlabs-turbo-2-5"))
    assert '<option value="TX3LPaxmHKxFdv7VOQHJ" selected>' in str(form["voice"])
    assert not params_form(model("elevenlabs-turbo-2-5"), {}).is_valid()


def test_a_number_carries_its_range_step_and_default():
    html = str(params_form(model("elevenlabs-turbo-2-5"))["speed"])
    for attribute in ('min="0.7"', 'max="1.2"', 'step="0.05"', 'placeholder="1"'):
        assert attribute in html


def test_a_fraction_stays_one_and_a_whole_number_stays_whole():
    given = {"param-voice": "TX3LPaxmHKxFdv7VOQHJ", "param-speed": "0.85", "param-style": "1"}
    form = params_form(model("elevenlabs-turbo-2-5"), given)
    assert form.is_valid(), form.errors
    params = form.to_params()
    assert repr(params["speed"]) == "0.85"
    assert repr(params["style"]) == "1"


@pytest.mark.parametrize("value", ["0.69", "1.21", "0.72", "fast", "NaN", "1e400", "1e-40"])
def test_a_number_that_breaks_the_rule_is_refused(value):
    given = {"param-voice": "TX3LPaxmHKxFdv7VOQHJ", "param-speed": value}
    form = params_form(model("elevenlabs-turbo-2-5"), given)
    assert not form.is_valid()
    assert list(form.errors) == ["speed"]


def test_an_option_that_does_not_exist_is_refused():
    form = params_form(model("flux-2-pro"), {"param-resolution": "9K"})
    assert "resolution" in form.errors


def test_initial_values_are_shown():
    form = params_form(model("veo3-1-fast"), initial={"seeds": 12345, "aspectRatio": "9:16"})
    assert 'value="12345"' in str(form["seeds"])
    assert '<option value="9:16" selected>' in str(form["aspectRatio"])


def test_two_forms_on_a_page_do_not_share_names():
    form = params_form(model("flux-2-pro"), {"b-resolution": "2K"}, prefix="b")
    assert form.is_valid()
    assert form.to_params() == {"resolution": "2K"}


def test_a_dialogue_is_typed_as_lines():
    form = params_form(
        model("elevenlabs-dialogue-v3"), {"param-dialogue": "Adam: Hello.\n\nAlice: Oh: you!"}
    )
    assert form.is_valid(), form.errors
    turns = [{"voice": "Adam", "text": "Hello."}, {"voice": "Alice", "text": "Oh: you!"}]
    assert form.to_params() == {"dialogue": turns}
    shown = params_form(model("elevenlabs-dialogue-v3"), initial={"dialogue": turns})
    assert "Adam: Hello.\nAlice: Oh: you!" in str(shown["dialogue"])


def test_a_line_without_a_voice_goes_on_with_the_turn():
    assert read_turns("Adam: One.\nTwo.") == [{"voice": "Adam", "text": "One. Two."}]
    assert write_turns([{"voice": "Adam", "text": "One.\nTwo."}]) == "Adam: One. Two."


@pytest.mark.parametrize(
    ("lines", "words"), [("Hello.", "names no voice"), ("Adam:", "Adam says nothing"), ("", "")]
)
def test_lines_that_are_no_dialogue_are_refused(lines, words):
    form = params_form(model("elevenlabs-dialogue-v3"), {"param-dialogue": lines})
    assert not form.is_valid()
    assert words in str(form.errors["dialogue"])
