"""What the package promises: every name a caller needs stands at its top."""

import inspect
from types import ModuleType

import pytest

import rivya_bridge.rivya as package
from rivya_bridge.rivya import chat_stream, downloads, errors, limits, outbound, signatures
from rivya_bridge.rivya.types import answer, chat, credits, file, generation, model, webhook

TYPES = [answer, chat, credits, file, generation, model, webhook]


def test_it_works() -> None:
    assert all(hasattr(package, name) for name in package.__all__)
    assert len(set(package.__all__)) == len(package.__all__)


@pytest.mark.parametrize(
    "module",
    [*TYPES, errors, downloads, outbound, limits, signatures, chat_stream],
    ids=lambda m: m.__name__,
)
def test_every_public_class_is_exported(module: ModuleType) -> None:
    own = {
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and name[0] != "_"
    }
    assert own <= set(package.__all__)


def test_every_error_of_the_drawing_exists_and_the_other_way_round() -> None:
    drawn = {word for word in (errors.__doc__ or "").split() if word in package.__all__}
    kinds = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    assert drawn == {name for name in kinds if issubclass(getattr(errors, name), errors.RivyaError)}


def test_the_client_has_a_call_for_every_documented_route() -> None:
    with package.Rivya(base_url="https://rivya.ai", api_key=None) as client:
        calls = [
            client.models.list, client.generations.submit, client.generations.retrieve,
            client.files.upload, client.files.retrieve, client.credits.retrieve,
            client.chat.submit, client.chat.stream,
            client.chat.sessions.list, client.chat.sessions.retrieve,
            client.webhooks.list, client.webhooks.create, client.webhooks.retrieve,
            client.webhooks.update, client.webhooks.delete, client.webhooks.rotate_secret,
            client.webhooks.test, client.webhooks.deliveries, client.webhook_events.list,
            client.openapi,
        ]  # fmt: skip
    assert len(calls) == 20
    for call in calls:
        assert any(word in (call.__doc__ or "") for word in ("GET", "POST", "PATCH", "DELETE"))
