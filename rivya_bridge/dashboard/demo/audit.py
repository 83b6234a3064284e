"""Whether everything adds up: our history, our ledger, and what the sandbox counted."""

from collections.abc import Callable
from typing import Any

import httpx
from django.conf import settings

from rivya_bridge.dashboard.demo.api_client import ApiClient, DemoFailed


def audit(client: ApiClient, say: Callable[[str], None], jobs: list[dict[str, Any]]) -> None:
    """Says what history and ledger hold, and beside it the sandbox's own count.

    Raises DemoFailed when a job did not succeed or the figures differ.
    """
    failed = [job for job in jobs if job["status"] != "succeeded"]
    if failed:
        raise DemoFailed(f"{len(failed)} of {len(jobs)} jobs did not succeed: see Task history.")
    ours = _ours(client)
    wallet = client.get("/credits")
    say(
        f"Task history holds {ours['accepted']} tasks that {wallet['host']} accepted; they cost "
        f"{ours['credits']} credits, the ledger says {wallet['spent_credits']}."
    )
    if ours["credits"] != wallet["spent_credits"]:
        raise DemoFailed("The tasks' credits and the ledger's differ.")
    if settings.USES_SANDBOX and wallet["base_url"] == settings.RIVYA_BASE_URL:
        _compare_with_sandbox(ours, say)
    say(f"Look around: {client.base_url}/tasks/")


def _ours(client: ApiClient) -> dict[str, int]:
    """Accepted tasks of the account in use and their credits, over all pages of history."""
    accepted = credits = 0
    cursor: str | None = ""
    while cursor is not None:
        page = client.get("/tasks", cursor=cursor)
        for task in page["items"]:
            accepted += task["remote_id"] is not None
            credits += task["final_credits"] or 0
        cursor = page["next"]
    return {"accepted": accepted, "credits": credits}


def _compare_with_sandbox(ours: dict[str, int], say: Callable[[str], None]) -> None:
    journal = httpx.get(
        f"{settings.RIVYA_BASE_URL}/_sandbox/journal", timeout=30, trust_env=False
    ).json()
    theirs = {
        "accepted": journal["generations_count"],
        "credits": journal["charged_credits"],
    }
    say(
        f"The sandbox itself counts {theirs['accepted']} generations and charged "
        f"{theirs['credits']} credits."
    )
    if theirs != ours:
        raise DemoFailed(f"The sandbox's figures differ from ours: {theirs} and {ours}.")
