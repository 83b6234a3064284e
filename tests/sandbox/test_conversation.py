"""What answers depend on, without a server."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rivya_bridge.sandbox.catalogue import load_catalogue
from rivya_bridge.sandbox.conversation.answer import compose
from rivya_bridge.sandbox.conversation.pictures import look
from rivya_bridge.sandbox.conversation.reading import read
from rivya_bridge.sandbox.conversation.stream import pieces
from rivya_bridge.sandbox.conversation.talk import EFFORTS, Options, Said, Sight, Talk

MODELS = [m["id"] for m in load_catalogue().values() if m["category"] == "chat"]
SLATE = "Write five prompts for a wet slate product photo"
SEEN = Sight("aa", 640, 480, "dark", ("navy",))


def talk(message: str = SLATE, **fields: object) -> Talk:
    return dataclasses.replace(Talk("gpt-5-2-chat", message), **fields)  # type: ignore[arg-type]


def test_it_works() -> None:
    answer = compose(talk())

    assert [line[:2] for line in answer.splitlines() if line[1:2] == ")"] == [
        "1)", "2)", "3)", "4)", "5)",
    ]  # fmt: skip
    assert answer.lower().count("wet slate product photo,") == 5


def test_the_same_talk_gives_the_same_text() -> None:
    assert compose(talk()) == compose(talk())


@pytest.mark.parametrize(
    "other",
    [
        talk(SLATE + " at night"),
        talk(earlier=(Said("Hello", "Hi"),)),
        talk(earlier=(Said("Hello there", "Hi"),)),
        talk(sights=(SEEN,)),
        talk(options=Options(web_search=True)),
        talk(options=Options(effort="high")),
        talk(options=Options(thoughts=True)),
    ],
)
def test_every_single_input_is_visible(other: Talk) -> None:
    assert compose(other) != compose(talk())


def test_no_two_models_write_the_same() -> None:
    for message in (
        SLATE,
        "Why does it shine?",
        "hello",
        "rewrite this: We utilize very big words.",
    ):
        answers = {compose(talk(message, model_id=model)) for model in MODELS}
        assert len(answers) == len(MODELS)


@pytest.mark.parametrize(("message", "count"), [
    ("give me 3 reasons to wait", 3),
    ("list seven names for a bottle", 7),
    ("prompt for a boat", 1),
])  # fmt: skip
@pytest.mark.parametrize("model", MODELS)
def test_a_list_has_as_many_entries_as_were_asked_for(message: str, count: int, model: str) -> None:
    document = json.loads(compose(talk(f"{message} as JSON", model_id=model)))

    assert len(document.get("ideas") or document["prompts"]) == count


def test_json_has_the_keys_that_were_asked_for() -> None:
    rows = json.loads(compose(talk("Give 4 ideas for tea as JSON with keys title and price")))

    assert [set(row) for row in rows["ideas"]] == [{"title", "price"}] * 4


def test_a_follow_up_takes_up_the_entry_it_names() -> None:
    first = compose(talk())
    third = next(line for line in first.splitlines() if line.startswith("3) "))[3:]

    answer = compose(talk("make the third one warmer", earlier=(Said(SLATE, first),)))

    assert third in answer
    assert f"{third}, warmer" in answer


def test_a_summary_names_every_turn() -> None:
    earlier = tuple(Said(f"What about {word}?", f"{word} it is.") for word in ("tea", "salt"))

    answer = compose(talk("Summarise our talk", earlier=earlier))

    assert "2 exchanges" in answer
    assert "What about tea?" in answer and "salt it is." in answer


def test_a_rewrite_works_on_the_given_text_or_the_last_answer() -> None:
    given_text = compose(talk("Rewrite this brief: We utilize really dark slate."))
    last = compose(talk("make it shorter", earlier=(Said("Hi", "One fact. Two facts. Third."),)))

    assert "We use dark slate." in given_text
    assert "One fact. Two facts." in last and "Third" not in last


def test_more_effort_reasons_longer() -> None:
    lengths = [
        compose(talk(options=Options(effort=effort, thoughts=True))).count("> ")
        for effort in ("minimal", "low", "default", "medium", "high", "xhigh")
    ]

    assert lengths == sorted(set(lengths))


def test_sources_say_that_they_are_invented() -> None:
    answer = compose(talk(options=Options(web_search=True)))

    assert answer.count("invented, nothing was searched") == 2
    assert "http" not in answer


@pytest.mark.parametrize(
    ("size", "colour", "expected"),
    [
        ((90, 60), (10, 10, 10), "90 × 60 px, landscape, very dark, mostly black"),
        ((60, 90), (250, 250, 250), "60 × 90 px, portrait, very bright, mostly white"),
        ((60, 60), (44, 84, 190), "60 × 60 px, square, dark, mostly blue"),
    ],
)
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_picture_is_described_as_it_is(
    tmp_path: Path, size: tuple[int, int], colour: tuple[int, int, int], expected: str, form: str
) -> None:
    path = tmp_path / "picture"
    Image.new("RGB", size, colour).save(path, form)

    assert look(path, "aa").described() == expected


def test_a_large_turned_photo_keeps_its_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (3000, 2000), "navy").save(out, "JPEG", exif=exif)
    (tmp_path / "photo").write_bytes(out.getvalue())

    sight = look(tmp_path / "photo", "aa")

    assert (sight.width, sight.height, sight.orientation) == (2000, 3000, "portrait")


@settings(max_examples=150, derandomize=True)
@given(
    st.text(min_size=1, max_size=400),
    st.lists(st.builds(Said, st.text(max_size=60), st.text(max_size=200)), max_size=3),
    st.sampled_from(MODELS),
    st.sampled_from(EFFORTS),
)
def test_every_message_has_an_answer(
    message: str, earlier: list[Said], model: str, effort: str
) -> None:
    options = Options(web_search=True, effort=effort, thoughts=True)
    answer = compose(Talk(model, message, tuple(earlier), (SEEN,), options))

    assert answer.strip()
    assert "".join(pieces(answer)) == answer
    if read(message).wants_json:
        json.loads(answer)


@settings(max_examples=60, derandomize=True)
@given(st.text(st.sampled_from(" \n:,.{}%“json andkeyswith215five"), max_size=120))
def test_words_of_order_never_break_the_answer(message: str) -> None:
    text = f"json {message}"

    assert json.loads(compose(talk(text)))
