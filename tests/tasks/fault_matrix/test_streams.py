"""The row of the fault matrix about chat streams: twelve at once that stall, comment, drip or break off."""

import threading
from typing import Any

import pytest

from rivya_bridge.tasks import background
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import continue_task
from tests.tasks import vendor as play
from tests.tasks.making import check_books, fresh, make_model, make_task
from tests.tasks.races import Crew
from tests.tasks.vendor import WORDS, Vendor

pytestmark = pytest.mark.django_db(transaction=True)
# Long enough for the words of twelve streams on a busy machine, and what the whole test has to wait.
LIMIT_SECONDS = 3.0
BROKEN = [
    play.spoken_then(play.stalled),
    play.spoken_then(play.comments),
    play.spoken_then(play.drip),
    play.spoken_then(play.hung_up),
    play.wordless(play.comments),
    play.wordless(play.stalled),
]


@pytest.fixture(autouse=True)
def short_patience(settings: Any) -> None:
    settings.CHAT_STREAM_SECONDS = settings.CHAT_IDLE_SECONDS = 2 * LIMIT_SECONDS
    settings.CHAT_STALL_SECONDS = LIMIT_SECONDS
    settings.RIVYA_IN_FLIGHT = 100


def make_turn() -> Task:
    model = make_model(id="gpt-5-2-chat", display_name="GPT", category="chat")
    return make_task(model=model, prompt="What colour is slate?")


def product_threads() -> set[threading.Thread]:
    """All but the scripted vendor's own."""
    return {one for one in threading.enumerate() if "process_request" not in one.name}


def test_it_works(vendor: Vendor) -> None:
    task = make_turn()
    background.advance_task(str(task.pk))
    row = fresh(task)
    assert (row.status, row.answer_text, row.is_cut) == ("succeeded", "".join(WORDS), False)
    check_books(task)


def test_twelve_broken_streams_at_once_all_end_and_leave_no_thread(vendor: Vendor) -> None:
    """Each in a thread as a worker's; the text that had come is kept, and its key is charged once."""
    turns = [make_turn() for _ in range(12)]
    before = product_threads()
    vendor.turns.extend(BROKEN * 2)
    with Crew(12) as crew:
        given = crew.at_once(
            *[lambda task=task: background.advance_task(str(task.pk)) for task in turns]  # type: ignore[misc]
        )
    assert given == [None] * 12
    assert product_threads() - before == set()
    rows = [fresh(task) for task in turns]
    cut = [row for row in rows if row.status == "held"]
    silent = [row for row in rows if row.status == "unconfirmed"]
    assert (len(cut), len(silent)) == (8, 4)
    assert {(row.reason, row.answer_text, row.is_cut) for row in cut} == {
        ("answer_cut", "".join(WORDS), True)
    }
    given_up = [row for row in cut if "the wait was given up" in row.reason_text]
    assert len(given_up) == 6
    assert {row.lease_until for row in rows} == {None}
    for task in cut:
        continue_task(task.pk)
    Task.objects.update(due_at=cut[0].created_at)
    for task in turns:
        background.advance_task(str(task.pk))
        assert fresh(task).status == "succeeded"
    for task in turns:
        check_books(task)
    assert vendor.generations == 12
    assert len({request.key for request in vendor.requests if request.method == "POST"}) == 12
