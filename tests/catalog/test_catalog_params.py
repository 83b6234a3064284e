"""What a model accepts, rule by rule. Models come as Rivya's list writes them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from rivya_bridge.catalog.chat_options import with_chat_options
from rivya_bridge.catalog.params import check_request, estimate_credits, takes_prompt
from rivya_bridge.rivya import AnswerMeta, Model
from rivya_bridge.rivya.types.model import read_models

MEGABYTE = 1_048_576


@dataclass(frozen=True)
class File:
    """The facts of a stored file."""

    name: str = "ref.png"
    kind: str = "image"
    mime_type: str = "image/png"
    size_bytes: int = 1000
    duration_seconds: float | None = None


def param(key: str, type: str = "text", **fields: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("default", "min", "max", "step", "options"))
    return {"key": key, "type": type, "required": False, "description": "", **empty, **fields}


def model(**fields: Any) -> Model:
    entry = {
        "id": "painter",
        "display_name": "Painter",
        "category": "image",
        "base_credits": 4,
        "billing_type": "FIXED",
        "max_prompt_length": 20,
        "reference_media": {
            "max_files": 2,
            "kinds": ["image"],
            "limits": [{"kind": "image", "max_size_mb": 3, "mime_types": ["image/png"]}],
        },
        "params": [
            param("size", "select", options=["1:1", "16:9"], default="1:1"),
            param("safe", "select", options=["true", "false"]),
            param("seed", "number", min=0, max=100),
            param("strength", "number", min=0.1, max=1, step=0.05),
            param("negative", "text"),
        ],
        "api_status": "available",
        "api_input_status": "partial_requires_files",
        "supported_api_inputs": ["text", "file"],
        **fields,
    }
    meta = AnswerMeta(200, None, datetime(2026, 1, 1, tzinfo=UTC))
    return read_models({"data": [entry]}, meta)[0]


def problems(
    of: Model, prompt: str = "a slate", params: Any = None, references: Any = ()
) -> list[tuple[str, str]]:
    found = check_request(of, prompt=prompt, params=params or {}, references=references)
    return [(problem.field, problem.message) for problem in found]


def test_it_works():
    params = {"size": "16:9", "safe": "true", "seed": 7, "strength": 0.35, "negative": "blur"}
    assert problems(model(), params=params, references=[File(), File()]) == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("coming_soon", "announced but not open"),
        ("studio_only", "works in Studio only"),
        ("unlisted", "no longer in the model list"),
    ],
)
def test_a_model_that_is_not_available_is_the_only_problem(status, words):
    [(field, message)] = problems(model(api_status=status), prompt="", params={"x": 1})
    assert field == "model"
    assert words in message


def test_a_chat_models_options_are_checked_like_params():
    chat = with_chat_options(
        model(category="chat", chat_capabilities={"reasoning_effort": ["default", "low"]})
    )
    assert problems(chat, params={"reasoning_effort": "low"}) == []
    [(field, message)] = problems(chat, params={"reasoning_effort": "endless"})
    assert field == "params.reasoning_effort"
    assert "low" in message
    [(field, _)] = problems(chat, params={"enable_web_search": "true"})
    assert field == "params.enable_web_search"


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_a_prompt_is_required(prompt):
    assert problems(model(), prompt=prompt) == [("prompt", "Painter needs a prompt: write one.")]


def test_a_prompt_of_exactly_the_limit_passes_and_one_more_names_both_lengths():
    assert problems(model(), prompt="x" * 20) == []
    [(field, message)] = problems(model(), prompt="x" * 21)
    assert field == "prompt"
    assert message == ("The prompt has 21 characters; the limit of Painter is 20: shorten it by 1.")


def test_a_model_without_text_input_takes_no_prompt():
    remover = model(supported_api_inputs=["url"], params=[param("video_url", required=True)])
    assert not takes_prompt(remover)
    assert problems(remover, prompt="", params={"video_url": "https://example.com/a.mp4"}) == []
    assert problems(remover, prompt="") == [("params.video_url", "video_url is required.")]


def test_an_unknown_param_is_named_with_those_that_exist():
    [(field, message)] = problems(model(), params={"aspect": "1:1"})
    assert field == "params.aspect"
    assert "it has size, safe, seed, strength, negative" in message


def test_reference_media_is_no_param_to_write():
    [(_, message)] = problems(model(), params={"referenceMediaItems": []})
    assert "attach them as references" in message


def test_a_required_param_that_is_missing_is_named_with_an_example():
    voice = model(params=[param("voice", "select", required=True, options=["a"], default="a")])
    assert problems(voice) == [("params.voice", "voice is required: for example a.")]


@pytest.mark.parametrize("value", ["4:3", True, 1, "", ["1:1"]])
def test_a_value_that_is_no_option_is_refused_with_the_options(value):
    [(field, message)] = problems(model(), params={"size": value})
    assert field == "params.size"
    assert '"1:1", "16:9"' in message


def test_a_boolean_for_an_option_says_that_options_are_texts():
    [(_, message)] = problems(model(), params={"safe": True})
    assert message == ('safe is true: use one of "true", "false" (options are texts, in quotes).')


@pytest.mark.parametrize(
    "value", ["7", True, float("nan"), float("inf"), 10**400, -1, 101, [7], {}]
)
def test_a_number_out_of_range_or_of_another_type_is_refused_with_the_range(value):
    [(field, message)] = problems(model(), params={"seed": value})
    assert field == "params.seed"
    assert "give a number from 0 to 100" in message


@pytest.mark.parametrize("value", [0.1, 0.15, 0.35, 0.95, 1, 1.0])
def test_a_number_on_a_step_passes(value):
    assert problems(model(), params={"strength": value}) == []


def test_a_number_between_steps_is_refused():
    [(_, message)] = problems(model(), params={"strength": 0.12})
    assert "it goes in steps of 0.05 from 0.1" in message


@pytest.mark.parametrize("value", [5, True, ["blur"]])
def test_a_text_param_takes_text_only(value):
    [(field, _)] = problems(model(), params={"negative": value})
    assert field == "params.negative"


def test_null_is_not_the_same_as_leaving_out():
    assert problems(model(), params={"seed": None}) == [
        ("params.seed", "seed is null: give a value, or leave it out.")
    ]


def test_all_problems_are_told_at_once():
    found = problems(model(), prompt="", params={"seed": -1, "x": 1}, references=[File()] * 3)
    assert [field for field, _ in found] == ["prompt", "params.x", "params.seed", "references"]


# --- Dialogue -------------------------------------------------------------------------------------


def dialogue_model() -> Model:
    return model(id="elevenlabs-dialogue-v3", supported_api_inputs=["text"], params=[])


def test_a_dialogue_needs_no_prompt():
    turns = [{"voice": "Adam", "text": "Hello."}]
    assert problems(dialogue_model(), prompt="", params={"dialogue": turns}) == []


@pytest.mark.parametrize(
    "turns",
    [
        None,
        [],
        "Adam: hi",
        ["Adam"],
        [{"voice": "Adam"}],
        [{"voice": "Adam", "text": " "}],
        [{"voice": 1, "text": "hi"}],
        [{"voice": "Adam", "text": "hi", "speed": 1}],
    ],
)
def test_a_dialogue_that_is_no_list_of_turns_is_refused(turns):
    [(field, _)] = problems(dialogue_model(), prompt="", params={"dialogue": turns})
    assert field == "params.dialogue"


def test_a_dialogue_above_the_prompt_limit_is_refused():
    turns = [{"voice": "Adam", "text": "x" * 15}] * 2
    [(field, message)] = problems(dialogue_model(), prompt="", params={"dialogue": turns})
    assert field == "params.dialogue"
    assert "31 characters; the limit of Painter is 20" in message


# --- References -----------------------------------------------------------------------------------


def test_too_many_references_are_refused_with_the_number():
    [(field, message)] = problems(model(), references=[File()] * 3)
    assert field == "references"
    assert message == ("3 reference files are attached; Painter takes at most 2: remove 1.")


def test_a_reference_of_another_kind_or_type_is_refused_by_name():
    clip = File("a.mp4", "video", "video/mp4")
    webp = File("b.webp", "image", "image/webp")
    found = [message for _, message in problems(model(), references=[clip, webp])]
    assert found[0] == "a.mp4 is video; Painter takes image as references."
    assert found[1] == "b.webp is image/webp; Painter takes image/png: convert it."


def test_a_reference_of_exactly_the_limit_passes_and_one_byte_more_does_not():
    assert problems(model(), references=[File(size_bytes=3 * MEGABYTE)]) == []
    [(_, message)] = problems(model(), references=[File(size_bytes=3 * MEGABYTE + 1)])
    assert "the limit of Painter for image is 3 MB" in message


def test_a_model_without_references_refuses_any():
    plain = model(reference_media=None, file_kinds=[], api_input_status="available_text")
    assert problems(plain, references=[File()]) == [
        ("references", "Painter takes no reference files: remove them.")
    ]


def test_a_model_that_lives_on_uploads_needs_a_reference():
    [(field, message)] = problems(model(api_input_status="requires_files_api"))
    assert field == "references"
    assert "attach one (image)" in message


def test_limits_that_the_list_does_not_name_are_those_of_the_files_api():
    vague = model(reference_media={"max_files": None, "kinds": ["image", "audio"], "limits": []})
    wav = File("a.wav", "audio", "audio/wav", 10 * MEGABYTE)
    assert problems(vague, references=[File(size_bytes=10 * MEGABYTE)] * 9 + [wav]) == []
    assert len(problems(vague, references=[File(size_bytes=10 * MEGABYTE + 1)])) == 1
    assert len(problems(vague, references=[File(mime_type="image/gif")])) == 1


# --- Estimate -------------------------------------------------------------------------------------


def test_the_estimate_is_the_base_value():
    assert estimate_credits(model(), {"size": "16:9"}) == 4
    assert estimate_credits(model(base_credits=None), {}) == 0
