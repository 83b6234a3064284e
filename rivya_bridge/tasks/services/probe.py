"""The contract probe: the cheapest model, one key sent twice. The same id and one charge prove the rest.

It costs credits, so that it only ever runs when a person asks for it, at the sandbox as well.
"""

import time
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rivya_bridge.catalog.params import check_request, estimate_credits
from rivya_bridge.catalog.selectors import listed_models
from rivya_bridge.connection import current_connection, one_connection, rivya_client
from rivya_bridge.credits.models import Wallet
from rivya_bridge.credits.services import read_balance
from rivya_bridge.identifiers import new_id
from rivya_bridge.refusals import Conflict, Refusal, Unavailable
from rivya_bridge.rivya import Model, RivyaError
from rivya_bridge.tasks import gates
from rivya_bridge.tasks.models import ContractProbe, Task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.create import create_task
from rivya_bridge.tasks.services.transitions import RUNG_FOR

PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.2
PROMPT = "A plain grey square. Contract probe of Rivya Bridge."
PROVED = (
    "The same key and body were sent twice; both answers named {id}, and the balance did not move "
    "with the second. A key may be repeated for 23 hours at this account."
)
OTHER_TASK = (
    "The same key was sent twice and made two tasks, {id} and {other}: repeating a key is not safe at "
    "this account. Both may have been charged. Unknown outcomes are held after ten minutes."
)
CHARGED_AGAIN = (
    "Both answers named {id}, but the balance fell from {between} to {after} with the second sending: "
    "repeating a key may be charged twice, or somebody else used the wallet. Probe again when it is idle."
)


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """What a probe would use and cost: one generation of `model` for about `credits` credits."""

    model: Model
    credits: int


def plan_probe() -> ProbePlan:
    """The cheapest available model that needs nothing but a prompt. Raises Refusal without one."""
    fit = [
        ProbePlan(model, estimate_credits(model, {}))
        for model in listed_models()
        if model.category in ("image", "audio", "video")
        and not check_request(model, prompt=PROMPT, params={}, references=[])
    ]
    if not fit:
        text = "No listed model takes a prompt alone: read the model list on the connection page first."
        raise Unavailable(text)
    return min(fit, key=lambda plan: (plan.credits, plan.model.id))


@one_connection()
def run_probe(*, consent: bool) -> ContractProbe:
    """Sends one generation twice under one key, and writes down what that proves.

    `consent`: a person agreed to spend the credits of `plan_probe`; without it nothing is sent.
    Takes some seconds; call it outside transactions. Raises Refusal, Conflict while one is on its way.
    """
    plan = plan_probe()
    if not consent:
        text = (
            f"The probe makes one real generation with {plan.model.id} for about {plan.credits} "
            "credits: agree to that first. Nothing was sent."
        )
        raise Refusal.field("consent", text, plan.credits)
    probe = _begin(plan)
    probe.task = task = _first_sending(probe.task_id)
    if task.remote_id is None:
        return _end(probe, "unclear", f"The first sending was not accepted. {task.reason_text}")
    return _send_again(probe, task)


def _begin(plan: ProbePlan) -> ContractProbe:
    account = current_connection().account
    with transaction.atomic():
        unended = ContractProbe.objects.select_for_update().filter(account=account, ended_at=None)
        if unended.exclude(task__status__in=("succeeded", "failed", "canceled", "held")).exists():
            raise Conflict("A probe of this account is on its way: wait until it has ended.")
        task = create_task(
            origin=Task.Origin.PROBE,
            origin_id=new_id(),
            model=plan.model,
            prompt=PROMPT,
            params={},
            references=[],
            group_label="Contract probe",
            group_url="/tasks/?origin=probe",
        )
        return ContractProbe.objects.create(account=account, task=task)


def _first_sending(task_id: UUID) -> Task:
    """Carries the task to its acceptance, here or by the worker that was rung for it."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        advance(task_id, RUNG_FOR)
        task = Task.objects.get(pk=task_id)
        is_over = task.remote_id is not None or task.is_terminal or task.status == "held"
        if is_over or time.monotonic() >= ends:
            return task
        time.sleep(LOOK_SECONDS)


def _send_again(probe: ContractProbe, task: Task) -> ContractProbe:
    """The second sending of the frozen bytes, between two readings of the balance."""
    probe.balance_between = _balance(task.account)
    try:
        second = rivya_client().generations.submit(
            bytes(task.request_body or b""), idempotency_key=task.idempotency_key, max_retries=0
        )
    except RivyaError as error:
        gates.heed(task.account, error)
        return _end(probe, "unclear", f"The second sending was not answered as expected: {error}")
    probe.second_remote_id = second.id
    probe.balance_after = _balance(task.account)
    return _judge(probe, task, second.id)


def _judge(probe: ContractProbe, task: Task, second: str) -> ContractProbe:
    between, after = probe.balance_between, probe.balance_after
    words = {"id": task.remote_id, "other": second, "between": between, "after": after}
    if second != task.remote_id:
        return _end(probe, "refuted", OTHER_TASK.format(**words))
    if between is None or after is None:
        return _end(probe, "unclear", "Both answers agree, but the balance could not be read.")
    if after < between:
        return _end(probe, "refuted", CHARGED_AGAIN.format(**words))
    return _end(probe, "proved", PROVED.format(**words))


def _balance(account: str) -> int | None:
    if read_balance():
        return None
    return Wallet.objects.values_list("current_credits", flat=True).get(account=account)


def _end(probe: ContractProbe, outcome: str, text: str) -> ContractProbe:
    probe.outcome, probe.text, probe.ended_at = outcome, text, timezone.now()
    probe.save()
    return probe
