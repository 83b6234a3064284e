"""The contract probe: what one key sent twice proves, and that nothing is spent without consent."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from rivya_bridge.catalog.services import refresh_catalog
from rivya_bridge.connection import current_connection
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks import policy
from rivya_bridge.tasks.models import ContractProbe, Task
from rivya_bridge.tasks.services import probe as probing
from rivya_bridge.tasks.services.key_window import key_window
from rivya_bridge.tasks.services.probe import ProbePlan, run_probe
from tests.tasks import vendor as play
from tests.tasks.making import Clock, carry, check_books, make_model, make_task, step
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cheap(monkeypatch: Any, vendor: Vendor) -> None:
    """The scripted vendor has no model list."""
    monkeypatch.setattr(probing, "plan_probe", lambda: ProbePlan(make_model(), 1))


def window() -> timedelta:
    return key_window(current_connection().account)


def test_it_works_against_the_sandbox(sandbox: Any, no_bell: None, clock: Clock) -> None:
    refresh_catalog()
    plan = probing.plan_probe()
    assert plan.credits >= 0
    probe = run_probe(consent=True)
    assert (probe.outcome, probe.second_remote_id) == ("proved", probe.task.remote_id)
    assert probe.balance_after == probe.balance_between
    assert window() == policy.PROVED_KEY_WINDOW == timedelta(hours=23)
    assert carry(probe.task, clock).status == "succeeded"
    check_books(probe.task)


def test_without_consent_nothing_is_sent(vendor: Vendor, cheap: None) -> None:
    with pytest.raises(Refusal, match="agree to that first"):
        run_probe(consent=False)
    assert vendor.requests == []
    assert not Task.objects.exists()


def test_two_ids_refute_it(vendor: Vendor, cheap: None) -> None:
    vendor.posts.extend([play.accepted, play.generation(id="task_other")])
    probe = run_probe(consent=True)
    assert probe.outcome == "refuted"
    assert "task_other" in probe.text
    assert window() == policy.KEY_WINDOW


def test_a_second_charge_refutes_it(vendor: Vendor, cheap: None) -> None:
    def charged_again(handler: Any) -> None:
        handler.vendor.balance -= 1
        play.accepted(handler)

    vendor.posts.extend([play.accepted, charged_again])
    assert run_probe(consent=True).outcome == "refuted"
    assert window() == policy.KEY_WINDOW


@pytest.mark.parametrize(
    "fault", [play.refused(409, "idempotency_conflict"), play.reset, play.body(500, b"")]
)
def test_a_second_sending_without_a_usable_answer_proves_nothing(
    vendor: Vendor, cheap: None, fault: Any
) -> None:
    vendor.posts.extend([play.accepted, fault])
    assert run_probe(consent=True).outcome == "unclear"
    assert window() == policy.KEY_WINDOW


def test_a_first_sending_that_is_refused_proves_nothing(vendor: Vendor, cheap: None) -> None:
    vendor.posts.append(play.refused(402, "insufficient_credits"))
    assert run_probe(consent=True).outcome == "unclear"
    assert len(vendor.sent) == 1


def test_an_unclear_probe_does_not_undo_a_proof_but_a_refuting_one_does(
    vendor: Vendor, cheap: None
) -> None:
    run_probe(consent=True)
    vendor.posts.extend([play.accepted, play.reset])
    assert run_probe(consent=True).outcome == "unclear"
    assert window() == policy.PROVED_KEY_WINDOW
    vendor.posts.extend([play.accepted, play.generation(id="task_other")])
    run_probe(consent=True)
    assert window() == policy.KEY_WINDOW


def test_a_proved_account_repeats_an_old_key(vendor: Vendor, cheap: None, clock: Clock) -> None:
    run_probe(consent=True)
    vendor.posts.append(play.accept_then(play.reset))
    task = make_task()
    step(task, clock)
    clock.move(3600 * 22)
    assert carry(task, clock).status == "succeeded"
    assert len({one.key for one in vendor.sent}) == 2
    vendor.posts.append(play.accept_then(play.reset))
    late = make_task()
    step(late, clock)
    clock.move(3600 * 23 + 1)
    assert step(late, clock).reason == "outcome_unknown"


def test_the_command_spends_only_when_told(vendor: Vendor, monkeypatch: Any, capsys: Any) -> None:
    from rivya_bridge.tasks.management.commands import probe_contract

    plan = ProbePlan(make_model(), 1)
    monkeypatch.setattr(probing, "plan_probe", lambda: plan)
    monkeypatch.setattr(probe_contract, "plan_probe", lambda: plan)
    call_command("probe_contract")
    assert "Nothing was sent" in capsys.readouterr().out
    assert vendor.sent == []
    call_command("probe_contract", "--spend")
    assert "proved" in capsys.readouterr().out
    assert ContractProbe.objects.get().outcome == "proved"


def test_the_api_tells_and_probes(sandbox: Any, no_bell: None, api_client: Client) -> None:
    refresh_catalog()
    told = api_client.get("/api/v1/contract-probe").json()
    assert (told["key_window_seconds"], told["last_probe"]) == (600, None)
    refused = api_client.post("/api/v1/contract-probe", {}, content_type="application/json")
    assert refused.status_code == 422
    done = api_client.post(
        "/api/v1/contract-probe", {"spend": True}, content_type="application/json"
    )
    assert (done.status_code, done.json()["outcome"]) == (200, "proved")
    assert api_client.get("/api/v1/contract-probe").json()["key_window_seconds"] == 23 * 3600
