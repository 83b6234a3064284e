"""Every blocker of a request, found before anything is sent or spent."""

from collections.abc import Mapping, Sequence
from typing import Any

from rivya_bridge.catalog.params import check_request, estimate_credits
from rivya_bridge.credits.selectors import current_wallet
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Problem
from rivya_bridge.rivya import Model


def blockers(
    model: Model,
    *,
    prompt: str,
    params: Mapping[str, Any],
    references: Sequence[StoredFile],
    credit_cap: int | None = None,
) -> list[Problem]:
    """The model's own rules, then the cap and the balance. Empty: the request may go."""
    problems = check_request(model, prompt=prompt, params=params, references=references)
    if problems:
        return problems
    return _money(estimate_credits(model, params), credit_cap)


def _money(estimate: int, credit_cap: int | None) -> list[Problem]:
    problems = []
    if credit_cap is not None and estimate > credit_cap:
        problems.append(
            Problem(
                "credit_cap",
                f"About {estimate} credits are expected, above the cap of {credit_cap}: raise the "
                "cap in a new version, or choose a cheaper model.",
                credit_cap,
            )
        )
    wallet = current_wallet()
    free = wallet.free_credits if wallet else None
    if free is not None and estimate > free:
        problems.append(
            Problem(
                "credits",
                f"About {estimate} credits are expected and {free} are free in the wallet: top up "
                "at Rivya, or wait for running tasks to settle.",
                free,
            )
        )
    return problems
