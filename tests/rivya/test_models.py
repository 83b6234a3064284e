"""The model list: what is read, and what a broken entry may not break."""

from typing import Any

import pytest

from rivya_bridge.rivya import BadAnswer, KindLimit, Model, Rivya

from .payloads import MODEL, as_json
from .scripted_server import ScriptedServer, answer

JPEG_PNG_WEBP = ("image/jpeg", "image/png", "image/webp")


def listed(server: ScriptedServer, client: Rivya, *entries: object) -> list[Model]:
    server.play(answer(body=as_json({"object": "list", "data": list(entries)})))
    return client.models.list()


def test_it_works(server: ScriptedServer, client: Rivya) -> None:
    (model,) = listed(server, client, MODEL)
    assert (model.id, model.display_name, model.base_credits) == (
        "nano-banana-2",
        "Nano Banana 2",
        5,
    )
    assert model.is_available
    assert model.reference_media is not None
    assert model.reference_media.max_files == 14
    assert model.reference_media.limits == {"image": KindLimit(30, JPEG_PNG_WEBP)}
    param = model.params[0]
    assert (param.key, param.type, param.default) == ("aspect_ratio", "select", "auto")
    assert param.options[:3] == ("auto", "1:1", "16:9")
    assert model.raw == MODEL
    assert hash(model) == hash(model)


def test_null_everywhere_still_gives_a_model(server: ScriptedServer, client: Rivya) -> None:
    (model,) = listed(server, client, dict.fromkeys(MODEL) | {"id": "bare"})
    assert (model.display_name, model.base_credits, model.params) == ("bare", None, ())
    assert model.requires_files_api is False
    assert model.is_available
    assert not model.is_readiness_known


@pytest.mark.parametrize("status", ["coming_soon", "studio_only"])
def test_a_status_that_closes_a_model_is_heeded(
    server: ScriptedServer, client: Rivya, status: str
) -> None:
    (model,) = listed(server, client, MODEL | {"api_status": status})
    assert not model.is_available
    assert model.is_readiness_known


@pytest.mark.parametrize(
    "broken", [None, 5, "z", [], {}, {"id": None}, {"id": ""}, {"id": ["a"]}, {"id": ".."}]
)
def test_a_broken_entry_does_not_lose_the_list(
    server: ScriptedServer, client: Rivya, broken: object
) -> None:
    assert [model.id for model in listed(server, client, broken, MODEL)] == ["nano-banana-2"]


def test_fields_of_any_wrong_type_do_not_lose_the_entry(
    server: ScriptedServer, client: Rivya
) -> None:
    wrong: list[Any] = [5, "text", True, ["a", None, 5], {"a": {"b": None}}, -1.5]
    entries = [dict.fromkeys(MODEL, value) | {"id": f"m{n}"} for n, value in enumerate(wrong)]
    assert len(listed(server, client, *entries)) == len(wrong)


def test_unknown_limits_are_filled_from_the_files_api(
    server: ScriptedServer, client: Rivya
) -> None:
    media = {
        "max_files": None,
        "kinds": ["image", "audio", "scent"],
        "limits": [{"kind": "image", "max_size_mb": None, "mime_types": None}],
    }
    (model,) = listed(server, client, MODEL | {"reference_media": media})
    assert model.reference_media is not None
    assert model.reference_media.max_files is None
    limits = model.reference_media.limits
    assert limits["image"] == KindLimit(10, ("image/jpeg", "image/png", "image/webp"))
    assert limits["audio"].max_size_mb == 10
    assert limits["scent"] == KindLimit(None, ())


def test_limits_keyed_by_kind_are_read_as_well(server: ScriptedServer, client: Rivya) -> None:
    media = {"max_files": 2, "limits": {"video": {"max_size_mb": 95}}}
    (model,) = listed(server, client, MODEL | {"reference_media": media, "file_kinds": None})
    assert model.reference_media is not None
    assert model.reference_media.limits["video"].max_size_mb == 95
    assert model.file_kinds == ("video",)


def test_options_are_strings_as_they_have_to_be_sent(server: ScriptedServer, client: Rivya) -> None:
    params = [
        {"key": "a", "options": [True, False, 5, "x", None, {"value": "y", "label": "Y"}]},
        {"key": "b", "default": 0.5, "min": 0, "max": 1, "type": "number"},
        {"no_key": 1},
        None,
        {"name": "c", "type": "text"},
    ]
    (model,) = listed(server, client, MODEL | {"params": params})
    first, second, third = model.params
    assert (third.key, third.type) == ("c", "text")
    assert (first.type, first.options) == ("select", ("true", "false", "5", "x", "y"))
    assert (second.default, second.min, second.max) == (0.5, 0, 1)


def test_a_model_that_needs_uploads_says_so_without_the_flag(
    server: ScriptedServer, client: Rivya
) -> None:
    (model,) = listed(server, client, MODEL | {"requires_files_api": None})
    assert model.requires_files_api


def test_a_list_under_another_name_is_read_as_well(server: ScriptedServer, client: Rivya) -> None:
    server.play(answer(body=as_json({"items": [MODEL]})))
    assert [model.id for model in client.models.list()] == ["nano-banana-2"]


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}, {"data": "x"}])
def test_an_answer_without_a_list_is_bad(
    server: ScriptedServer, client: Rivya, body: object
) -> None:
    server.play(answer(body=as_json(body)))
    with pytest.raises(BadAnswer, match="data"):
        client.models.list()


def test_a_server_that_asks_for_a_key_after_all_gets_it(
    server: ScriptedServer, client: Rivya
) -> None:
    refusal = as_json({"error": {"code": "api_key_missing", "message": "No key."}})
    server.play(answer(401, refusal), answer(body=as_json({"data": [MODEL]})))
    assert [model.id for model in client.models.list()] == ["nano-banana-2"]
    assert ["authorization" in request.headers for request in server.requests] == [False, True]
