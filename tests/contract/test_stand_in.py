"""The product behind which another server stands than its own sandbox: the main job and a chat turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.connection import close_clients, rivya_client
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.experiments.models import Run
from rivya_bridge.rivya import TextDelta, TurnCompleted
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.transitions import CLAIMABLE
from tests.experiments.factories import make_experiment, start

from .stand_in import KEY, PRICE, StandIn, standing_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_bell")]


@pytest.fixture
def other(settings: Any) -> Iterator[StandIn]:
    with standing_in() as world:
        settings.RIVYA_BASE_URL, settings.RIVYA_API_KEY = world.url, KEY
        assert refresh_catalog().error == ""
        refresh_wallet()
        yield world
        close_clients()


def carry(run: Run) -> Task:
    """The run's task, carried by hand as far as it goes, whenever it is due."""
    for _ in range(12):
        Task.objects.filter(pk=run.task_id).update(due_at="2020-01-01T00:00Z")
        advance(run.task_id, CLAIMABLE)
    return Task.objects.get(pk=run.task_id)


def test_the_main_job_from_the_prompt_to_the_file(other: StandIn) -> None:
    run = start(make_experiment(), model_id="other-image", prompt="A boat")
    task = carry(run)
    assert (task.status, task.final_credits) == ("succeeded", PRICE)
    [output] = task.outputs.select_related("file")
    assert output.file is not None
    assert (output.file.kind, output.file.mime_type) == ("image", "image/png")
    assert [post["prompt"] for post in other.posts.values()] == ["A boat"]


def test_an_empty_wallet_as_a_failed_task(other: StandIn) -> None:
    other.credits = PRICE - 1
    task = carry(start(make_experiment(), model_id="other-image", prompt="A boat"))
    assert (task.status, task.error_code) == ("failed", "insufficient_credits")
    assert task.final_credits == 0


def test_a_rate_limit_makes_it_wait_and_then_goes_on(other: StandIn) -> None:
    other.limited = 1
    run = start(make_experiment(), model_id="other-image", prompt="A boat")
    advance(run.task_id, CLAIMABLE)
    task = Task.objects.get(pk=run.task_id)
    assert (task.status, other.posts) == ("queued", {})
    from rivya_bridge.tasks.models import Gate

    Gate.objects.update(closed_until="2020-01-01T00:00Z")
    assert carry(run).status == "succeeded"
    assert len(other.posts) == 1


def test_a_chat_turn_whole_and_streamed(other: StandIn) -> None:
    client = rivya_client()
    body = client.chat.build_body("other-chat", "Hello there")
    turn = client.chat.submit(body, idempotency_key="a")
    assert turn.message.content == "You said: Hello there"
    with client.chat.stream(body, idempotency_key="b") as stream:
        texts = [event.text for event in stream if isinstance(event, TextDelta)]
    assert "".join(texts) == stream.text == "You said: Hello there"
    assert isinstance(stream.end, TurnCompleted)
    assert stream.session_id == "conversation-1"
