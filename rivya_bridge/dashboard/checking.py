"""A check of an account, and what follows from it: the wallet read, waiting tasks let go on."""

from rivya_bridge.connection import Connection, current_connection
from rivya_bridge.connection.models import ConnectionCheck
from rivya_bridge.connection.services import check_connection
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.tasks.account_change import note_accepted_key

NEEDED_BY_TASKS = {"generations:create", "generations:read"}


def check_account(connection: Connection) -> ConnectionCheck:
    """Checks without spending. A key that was refused before and is accepted now frees its tasks."""
    check = check_connection(connection)
    if not check.problem and not NEEDED_BY_TASKS & set(check.missing):
        note_accepted_key(connection.account)
    if connection.account == current_connection().account:
        refresh_wallet()
    return check


def check_sentence(check: ConnectionCheck) -> str:
    """What a check found, in one or two sentences."""
    if check.problem:
        return f"The account did not answer as it should. {check.problem}"
    credits = "" if check.current_credits is None else f", {check.current_credits} credits"
    found = f"It answers: {check.model_count} models{credits}."
    if check.missing:
        return f"{found} The key lacks {', '.join(check.missing)}: see below what will not work."
    return found
