"""Every reason why a task stands still has its four answers."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from rivya_bridge.automation.checking import TEMPLATE_DAY_CAP
from rivya_bridge.connection import current_connection
from rivya_bridge.rivya import errors
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.explanation import NEXT, USUAL_NEXT, explain, why_queued
from rivya_bridge.tasks.services import cancel_task
from tests.tasks import vendor as play
from tests.tasks.making import Clock, carry, fresh, make_task, step
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
SERVICES = Path(policy.__file__).parent / "services"


def reasons_in_code() -> set[str]:
    """What the services write as a literal reason, and what the policy calls for."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in SERVICES.glob("*.py"))
    found = set(re.findall(r'\bhold\(\s*\w+,\s*"(\w+)"', code))
    turn = (SERVICES / "turn.py").read_text(encoding="utf-8")
    found |= set(re.findall(r'(?:_hold\(task,|"canceled",)\s*"(\w+)"', turn))
    found |= set(re.findall(r'_come_back_or_hold\(task, "(\w+)"', code))
    found |= set(re.findall(r'finish\(task, "(?:canceled|failed)", "(\w+)"', code))
    found |= set(re.findall(r'Next\("held", "(\w+)"', Path(policy.__file__).read_text()))
    found |= set(re.findall(r'return "(\w+)"', (SERVICES / "poll.py").read_text()))
    found |= set(re.findall(r'return "(\w+)", ', (SERVICES / "submit.py").read_text()))
    found |= {policy.gate_reason(kind("x")) for kind in _gate_kinds()}
    return found | {"upload_failed", "generation_failed", TEMPLATE_DAY_CAP}


def _gate_kinds() -> list[type[errors.RivyaError]]:
    return [
        errors.RateLimited,
        errors.ApiDisabled,
        errors.ConnectionFailed,
        errors.AuthenticationFailed,
    ]


def test_every_reason_in_the_code_says_what_to_do_next() -> None:
    found = reasons_in_code()
    assert len(found) >= 20
    assert found - set(NEXT) == set()
    assert set(NEXT) - found == set()


def test_a_vendors_own_code_gets_the_usual_advice(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.refused(400, "odd_code"))
    told = explain(carry(make_task(), clock))
    assert told is not None
    assert told.next == USUAL_NEXT
    assert told.evidence[0] == "Sending 1: refused, HTTP 400, request id req_1."


STOPS: dict[str, Any] = {
    "held": [play.body(500, b"")] * 3,
    "failed": [play.refused(400, "validation_failed")],
    "canceled": [],
}


@pytest.mark.parametrize("status", STOPS)
def test_what_stands_still_has_all_four_answers_on_page_and_api(
    vendor: Vendor, clock: Clock, api_client: Client, signed_in_client: Client, status: str
) -> None:
    vendor.posts.extend(STOPS[status])
    task = make_task()
    row = cancel_task(task.pk) if status == "canceled" else carry(task, clock)
    assert row.status == status
    told = api_client.get(f"/api/v1/tasks/{task.pk}").json()["explanation"]
    assert set(told) == {"happened", "spent", "evidence", "next"}
    assert all(told.values())
    page = signed_in_client.get(f"/tasks/{task.pk}/").content.decode()
    assert "What to do" in page
    assert "What was spent" in page


def test_what_goes_on_needs_no_explanation(vendor: Vendor, clock: Clock) -> None:
    assert explain(step(make_task(), clock)) is None


def test_a_queued_task_says_what_it_waits_for(
    vendor: Vendor, clock: Clock, settings: Any, api_client: Client
) -> None:
    settings.RIVYA_IN_FLIGHT = 1
    vendor.says = {"status": "processing"}
    first = make_task()
    assert why_queued(first) is None
    step(first, clock)
    waiting = make_task()
    told = api_client.get(f"/api/v1/tasks/{waiting.pk}").json()
    assert (told["status"], told["explanation"]) == ("queued", None)
    assert told["waiting"]["reason"] == "waiting_for_place"
    assert "1 tasks of this account are at Rivya" in told["waiting"]["text"]
    limit = errors.RateLimited("Slow down.", http_status=429, retry_after=60)
    gates.heed(current_connection().account, limit)
    told = api_client.get(f"/api/v1/tasks/{waiting.pk}").json()
    assert told["waiting"]["reason"] == "rate_limited"
    assert fresh(waiting).fence == 0
