"""Writes of wallet and ledger. Callers hold the transaction in which the task changes its state."""

from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from rivya_bridge.connection import current_connection, one_connection, rivya_client
from rivya_bridge.credits.models import LedgerEntry, Wallet
from rivya_bridge.credits.reconciling import is_quiet, keep_reading
from rivya_bridge.rivya import RivyaError


def reserve_credits(account: str, amount: int) -> bool:
    """Sets `amount` aside by one conditional UPDATE; False when the free balance is too small.

    While no balance was ever read, everything fits: Rivya itself refuses what it cannot carry.
    """
    fits = Q(current_credits__isnull=True) | Q(current_credits__gte=F("reserved_credits") + amount)
    wallet = Wallet.objects.filter(fits, account=account)
    if wallet.update(reserved_credits=F("reserved_credits") + amount):
        return True
    _, is_new = Wallet.objects.get_or_create(account=account)
    return is_new and reserve_credits(account, amount)


def release_credits(account: str, amount: int) -> None:
    """Gives a reservation back: nothing was accepted."""
    Wallet.objects.filter(account=account, reserved_credits__gte=amount).update(
        reserved_credits=F("reserved_credits") - amount
    )


def record_acceptance(*, task_id: UUID, account: str, remote_id: str, reserved: int) -> None:
    """Rivya accepted a task and reserved credits: the ledger's first entry, the balance moved."""
    _book(LedgerEntry.Kind.RESERVE, task_id, account, remote_id, amount=reserved, moves=-reserved)


def record_settlement(
    *, task_id: UUID, account: str, remote_id: str, reserved: int, final: int
) -> None:
    """The final amount of a task, once per remote id: the difference returns to the balance."""
    moves = reserved - final
    _book(LedgerEntry.Kind.SETTLE, task_id, account, remote_id, amount=final, moves=moves)


def _book(
    kind: LedgerEntry.Kind, task_id: UUID, account: str, remote_id: str, *, amount: int, moves: int
) -> None:
    """Moves the known balance and the expected one, and writes the entry between both balances.

    A balance that was never read is NULL, and stays so.
    """
    if moves:
        Wallet.objects.filter(account=account).update(
            current_credits=F("current_credits") + moves,
            expected_credits=F("expected_credits") + moves,
        )
    after = _balance(account)
    LedgerEntry.objects.create(
        task_id=task_id,
        account=account,
        kind=kind,
        remote_id=remote_id,
        amount=amount,
        balance_before=None if after is None else after - moves,
        balance_after=after,
    )


def _balance(account: str) -> int | None:
    return Wallet.objects.filter(account=account).values_list("current_credits", flat=True).first()


@one_connection()
def read_balance() -> RivyaError | None:
    """Reads the balance from Rivya (one call, outside transactions) and keeps it.

    A failed reading keeps the old balance, leaves its sentence in the row's `error`, and is returned.
    """
    account = current_connection().account
    Wallet.objects.get_or_create(account=account)
    asked_at = timezone.now()
    was_quiet = is_quiet(account)
    try:
        current = rivya_client().credits.retrieve().current_credits
    except RivyaError as error:
        text = f"{error} {error.action}"
        Wallet.objects.filter(account=account).update(tried_at=timezone.now(), error=text)
        return error
    keep_reading(account, current, quiet_since=asked_at if was_quiet else None)
    return None


@one_connection()
def refresh_wallet() -> Wallet:
    """The wallet after a reading now; its `error` holds the sentence of a failed one, or nothing."""
    read_balance()
    return Wallet.objects.get(account=current_connection().account)


def distrust_balance(account: str) -> None:
    """The known balance was wrong or may have changed: the next sweep reads it again."""
    Wallet.objects.filter(account=account).update(tried_at=None)
