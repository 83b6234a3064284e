"""What needs a person: the page, the API, and the mark that takes a failure off the list."""

from typing import Any

import pytest
from django.test import Client

from rivya_bridge.refusals import Conflict, Missing
from rivya_bridge.tasks.services import cancel_task, mark_handled
from tests.tasks import vendor as play
from tests.tasks.making import Clock, carry, make_task
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "019a0000-0000-7000-8000-000000000000"


@pytest.fixture
def needs(vendor: Vendor, clock: Clock) -> dict[str, Any]:
    """One failed and one held task."""
    vendor.posts.append(play.refused(400, "validation_failed"))
    failed = carry(make_task(), clock)
    vendor.posts.extend([play.body(500, b"")] * 3)
    held = carry(make_task(), clock)
    return {"failed": failed, "held": held}


def test_it_works(
    needs: dict[str, Any], signed_in_client: Client, api_client: Client, clock: Clock
) -> None:
    carry(make_task(), clock)  # one that succeeds needs nobody
    page = signed_in_client.get("/inbox/").content.decode()
    assert page.count("<article") == 2
    for word in ("What happened", "What was spent", "What to do", "Continue", "Mark as done"):
        assert word in page
    items = api_client.get("/api/v1/inbox").json()["items"]
    assert {item["id"] for item in items} == {str(task.pk) for task in needs.values()}
    assert all(item["reason_text"] and item["spent"] and item["next"] for item in items)


def test_what_is_done_leaves_the_list_and_stays_in_history(
    needs: dict[str, Any], signed_in_client: Client, api_client: Client
) -> None:
    task = needs["failed"]
    answer = signed_in_client.post(f"/tasks/{task.pk}/handled/", {"from": "inbox"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/inbox/"
    assert answer.content.decode().count("<article") == 1
    assert str(task.pk) in signed_in_client.get("/tasks/?status=failed").content.decode()
    assert "Dealt with" in signed_in_client.get(f"/tasks/{task.pk}/").content.decode()
    assert api_client.post(f"/api/v1/tasks/{task.pk}/handled").status_code == 200
    assert task.events.filter(kind="handled").count() == 1


def test_what_is_held_is_continued_or_canceled_instead(
    needs: dict[str, Any], signed_in_client: Client
) -> None:
    with pytest.raises(Conflict, match="continue or cancel"):
        mark_handled(needs["held"].pk)
    with pytest.raises(Missing):
        mark_handled(NOWHERE)
    cancel_task(needs["held"].pk)
    assert signed_in_client.get("/inbox/").content.decode().count("<article") == 1


def test_an_empty_list_says_so_and_may_be_narrowed(
    needs: dict[str, Any], signed_in_client: Client, api_client: Client
) -> None:
    assert "Nothing needs you" in signed_in_client.get("/inbox/?origin=chat").content.decode()
    assert "<article" in signed_in_client.get("/inbox/?origin=nonsense").content.decode()
    assert api_client.get("/api/v1/inbox?origin=nonsense").status_code in (400, 422)
