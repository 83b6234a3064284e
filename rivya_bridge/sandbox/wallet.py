"""Credits: an append-only ledger whose sum by account is the balance.

Arithmetic (assumed): the base credits are subtracted at submit; success keeps them,
failure adds them back, a chat turn keeps what its tokens cost. Whole numbers only.
"""

from __future__ import annotations

import sqlite3

from .choices import MAIN_ACCOUNT, SEED_KEYS
from .errors import ApiError
from .identifiers import new_id
from .store import Generation, Store, insert
from .webhooks.outbox import Outbox

BALANCE = "SELECT COALESCE(SUM(amount), 0) AS total FROM ledger WHERE account = ?"


def open_wallet(store: Store, balance: int, now_ms: int) -> None:
    """Give each new wallet its opening balance; an existing wallet is left alone."""
    with store.transaction() as connection:
        for account in sorted({seed.account for seed in SEED_KEYS.values()}):
            found = connection.execute("SELECT 1 FROM ledger WHERE account = ? LIMIT 1", (account,))
            if found.fetchone() is None:
                mark = "-" if account == MAIN_ACCOUNT else f"-{account}"
                _enter(connection, "opening", mark, balance, now_ms, account)


def balance(store: Store, account: str) -> int:
    """Credits that are left, reservations already subtracted."""
    return int(store.rows(BALANCE, account)[0]["total"])


def left_in(connection: sqlite3.Connection, account: str) -> int:
    """The same as `balance`, inside the caller's transaction."""
    return int(connection.execute(BALANCE, (account,)).fetchone()[0])


def set_balance(store: Store, account: str, credits: int, now_ms: int) -> None:
    """Make the wallet hold exactly so many credits, by one more row of its opening kind."""
    with store.transaction() as connection:
        missing = credits - left_in(connection, account)
        if missing:
            _enter(connection, "opening", new_id("set"), missing, now_ms, account)


def reserve(
    connection: sqlite3.Connection, owner_id: str, amount: int, now_ms: int, account: str
) -> None:
    """Take the reservation of a generation or chat turn inside the caller's transaction.

    Raises ApiError insufficient_credits; nothing is then subtracted.
    """
    left = left_in(connection, account)
    if left < amount:
        raise ApiError(
            "insufficient_credits",
            f"This request needs {amount} credits and the wallet holds {left}. "
            "Nothing was created and nothing was spent.",
        )
    _enter(connection, "reserve", owner_id, -amount, now_ms, account)


def give_back(
    connection: sqlite3.Connection, owner_id: str, amount: int, now_ms: int, account: str
) -> None:
    """Book the end of a chat turn: the unused part of its reservation."""
    _enter(connection, "settle", owner_id, amount, now_ms, account)


def settle_due(store: Store, now_ms: int, outbox: Outbox) -> int:
    """Book the end of every generation that is over and not yet booked, once each.

    Its event is written in the same transaction. Returns how many were booked.
    """
    query = "SELECT * FROM generation WHERE settled_status IS NULL AND ends_ms <= ? "
    if not store.rows(query + "LIMIT 1", now_ms):
        return 0
    with store.transaction() as connection:
        rows = connection.execute(query + "ORDER BY ends_ms, rowid", (now_ms,))
        ended = [Generation(**dict(row)) for row in rows]
        for generation in ended:
            _settle(connection, generation, now_ms)
            outbox.record(connection, generation, generation.state(now_ms), now_ms)
    return len(ended)


def _settle(connection: sqlite3.Connection, generation: Generation, now_ms: int) -> None:
    state = generation.state(now_ms)
    kind = "refund" if state.status == "failed" else "settle"
    amount = generation.reserved - state.charge
    _enter(connection, kind, generation.id, amount, now_ms, generation.account)
    connection.execute(
        "UPDATE generation SET settled_status = ?, final = ? "
        "WHERE id = ? AND settled_status IS NULL",
        (state.status, state.charge, generation.id),
    )


def _enter(
    connection: sqlite3.Connection,
    kind: str,
    generation_id: str,
    amount: int,
    now_ms: int,
    account: str,
) -> None:
    row = {
        "kind": kind,
        "generation_id": generation_id,
        "amount": amount,
        "created_ms": now_ms,
        "account": account,
    }
    insert(connection, "ledger", dict(row))
