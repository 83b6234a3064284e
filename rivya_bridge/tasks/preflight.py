"""Every blocker of a request, found before anything is sent or spent."""

from collections.abc import Mapping, Sequence
from typing import Any

from rivya_bridge.catalog.params import check_request, estimate_credits
from rivya_bridge.connection import current_connection
from rivya_bridge.credits.caps import room_today, spending_caps
from rivya_bridge.credits.selectors import current_wallet
from rivya_bridge.files.models import StoredFile
from rivya_bridge.refusals import Problem
from rivya_bridge.rivya import Model
from rivya_bridge.tasks.models import are, counted


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
    estimate = estimate_credits(model, params)
    return [*_caps(estimate, credit_cap), *_money(estimate)]


def _caps(estimate: int, credit_cap: int | None) -> list[Problem]:
    """The template's cap, or the workspace's for one run; and the workspace's for the day."""
    problems = []
    caps = spending_caps()
    if credit_cap is None and caps.run_cap is not None and estimate > caps.run_cap:
        text = (
            f"About {counted(estimate)} {are(estimate)} expected, above the cap of {caps.run_cap:,} for one "
            "run: raise it on the credits page, or choose a cheaper model."
        )
        problems.append(Problem("run_cap", text, caps.run_cap))
    problems += day_cap_problems(estimate)
    if credit_cap is not None and estimate > credit_cap:
        problems.append(
            Problem(
                "credit_cap",
                f"About {counted(estimate)} {are(estimate)} expected, above the cap of {credit_cap:,}: "
                "raise the cap in a new version, or choose a cheaper model.",
                credit_cap,
            )
        )
    return problems


def day_cap_problems(estimate: int) -> list[Problem]:
    """What the workspace's cap for the day says to so many credits more."""
    room = room_today(current_connection().account)
    if room is None or estimate <= room:
        return []
    cap, left = spending_caps().day_cap or 0, max(0, room)
    text = (
        f"About {counted(estimate)} {are(estimate)} expected and {left:,} {are(left)} left of today's "
        f"cap of {cap:,}: raise it on the credits page, or wait until tomorrow (UTC)."
    )
    return [Problem("day_cap", text, cap)]


def _money(estimate: int) -> list[Problem]:
    problems = []
    wallet = current_wallet()
    free = wallet.free_credits if wallet else None
    if free is not None and estimate > free:
        problems.append(
            Problem(
                "credits",
                f"About {counted(estimate)} {are(estimate)} expected and {max(0, free):,} {are(free)} free "
                "in the wallet: top up at Rivya, or wait for running tasks to settle.",
                free,
            )
        )
    return problems
