"""The product before another server than its own sandbox, in each legal variant."""

from __future__ import annotations

import io
import wave

import pytest

from rivya_bridge.connection import rivya_client
from rivya_bridge.credits.models import Wallet
from rivya_bridge.files.services import store_upload
from rivya_bridge.rivya import TextDelta, TurnCompleted
from tests.sandbox.conftest import png
from tests.tasks.making import Clock, carry, check_books

from .conftest import Serve
from .product import asked, talk
from .stand_in import PRICE, VARIANTS, Variant, World
from .stand_in.world import TURN_PRICE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_bell")]


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_the_main_job_from_the_prompt_to_the_files(
    serve: Serve, clock: Clock, variant: Variant
) -> None:
    other = serve(variant)
    task = carry(asked(), clock)
    assert (task.status, task.final_credits) == ("succeeded", PRICE), task.reason_text
    outputs = [one.file for one in task.outputs.select_related("file")]
    assert len(outputs) == variant.results
    assert all(one and (one.kind, one.mime_type) == ("image", "image/png") for one in outputs)
    assert [body["prompt"] for body in other.bodies] == ["A boat"]
    check_books(task)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_chat_turn_and_the_next_of_its_session(
    serve: Serve, clock: Clock, variant: Variant
) -> None:
    other = serve(variant)
    task = carry(talk(), clock)
    assert task.status == "succeeded", task.reason_text
    assert task.answer_text == "Grüße — you said: Hello there"
    assert task.final_credits == TURN_PRICE
    assert task.session_id in other.sessions
    check_books(task)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_reference_goes_up_and_along(serve: Serve, clock: Clock, variant: Variant) -> None:
    other = serve(variant)
    if variant.has_bare_models:
        pytest.skip("a model that names no files takes none")
    picture = store_upload(io.BytesIO(png()), "photo.png")
    task = carry(asked(references=[picture]), clock)
    assert task.status == "succeeded", task.reason_text
    [item] = other.bodies[0]["params"]["referenceMediaItems"]
    [known] = other.files.values()
    assert (item["url"], item["kind"], item["mimeType"]) == (known["url"], "image", "image/png")
    again = carry(talk(references=[picture]), clock)
    assert again.status == "succeeded"
    assert len(other.files) == 1


@pytest.mark.parametrize("files", ["documented", "camel", "least"])
def test_the_proof_of_a_duration_goes_along(serve: Serve, clock: Clock, files: str) -> None:
    other = serve(Variant(files=files))
    task = carry(asked(references=[store_upload(io.BytesIO(tone()), "tone.wav")]), clock)
    assert task.status == "succeeded", task.reason_text
    [item] = other.bodies[0]["params"]["referenceMediaItems"]
    assert (item["kind"], item["durationToken"]) == ("audio", "dur_f0")
    assert item["durationSeconds"] == pytest.approx(1.0)


def tone() -> bytes:
    """A second of silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, 8000, 8000, "NONE", ""))
        sound.writeframes(bytes(16_000))
    return out.getvalue()


@pytest.mark.parametrize(
    ("unpaid", "status"), [("402", "held"), ("403", "held"), ("task", "failed")]
)
def test_an_empty_wallet(serve: Serve, clock: Clock, unpaid: str, status: str) -> None:
    other = serve(Variant(unpaid=unpaid))
    task = asked()
    other.credits = PRICE - 1
    task = carry(task, clock)
    assert (task.status, task.reason) == (status, "insufficient_credits")
    assert other.journal == {}
    check_books(task)


def test_the_client_streams_what_the_other_server_says(other: World) -> None:
    client = rivya_client()
    body = client.chat.build_body("other-chat", "Hello there")
    assert client.chat.submit(body, idempotency_key="a").message.content.endswith("Hello there")
    with client.chat.stream(body, idempotency_key="b") as stream:
        texts = [event.text for event in stream if isinstance(event, TextDelta)]
    assert "".join(texts) == stream.text == "Grüße — you said: Hello there"
    assert isinstance(stream.end, TurnCompleted)
    assert Wallet.objects.get().current_credits == 100
