"""Credits: an append-only ledger whose sum is the balance.

Arithmetic (assumed): the base credits are subtracted at submit; success keeps them,
failure adds them back, a chat turn keeps what its tokens cost. Whole numbers only.
"""

from __future__ import annotations

import sqlite3

from .errors import ApiError
from .store import Generation, Store, insert


def open_wallet(store: Store, balance: int, now_ms: int) -> None:
    """Give a new wallet its opening balance; an existing wallet is left alone."""
    with store.transaction() as connection:
        if connection.execute("SELECT 1 FROM ledger LIMIT 1").fetchone() is None:
            _enter(connection, "opening", "-", balance, now_ms)


def balance(store: Store) -> int:
    """Credits that are left, reservations already subtracted."""
    return int(store.rows("SELECT COALESCE(SUM(amount), 0) AS total FROM ledger")[0]["total"])


def reserve(connection: sqlite3.Connection, owner_id: str, amount: int, now_ms: int) -> None:
    """Take the reservation of a generation or chat turn inside the caller's transaction.

    Raises ApiError insufficient_credits; nothing is then subtracted.
    """
    left = connection.execute("SELECT COALESCE(SUM(amount), 0) FROM ledger").fetchone()[0]
    if left < amount:
        raise ApiError(
            "insufficient_credits",
            f"This request needs {amount} credits and the wallet holds {left}. "
            "Nothing was created and nothing was spent.",
        )
    _enter(connection, "reserve", owner_id, -amount, now_ms)


def give_back(connection: sqlite3.Connection, owner_id: str, amount: int, now_ms: int) -> None:
    """Book the end of a chat turn: the unused part of its reservation."""
    _enter(connection, "settle", owner_id, amount, now_ms)


def settle_due(store: Store, now_ms: int) -> None:
    """Book the end of every generation that is over and not yet booked, once each."""
    query = "SELECT * FROM generation WHERE settled_status IS NULL AND ends_ms <= ?"
    if not store.rows(query + " LIMIT 1", now_ms):
        return
    with store.transaction() as connection:
        for row in connection.execute(query, (now_ms,)).fetchall():
            _settle(connection, Generation(**dict(row)), now_ms)


def _settle(connection: sqlite3.Connection, generation: Generation, now_ms: int) -> None:
    state = generation.state(now_ms)
    kind = "refund" if state.status == "failed" else "settle"
    _enter(connection, kind, generation.id, generation.reserved - state.charge, now_ms)
    connection.execute(
        "UPDATE generation SET settled_status = ?, final = ? "
        "WHERE id = ? AND settled_status IS NULL",
        (state.status, state.charge, generation.id),
    )


def _enter(
    connection: sqlite3.Connection, kind: str, generation_id: str, amount: int, now_ms: int
) -> None:
    row = {
        "kind": kind,
        "generation_id": generation_id,
        "amount": amount,
        "created_ms": now_ms,
    }
    insert(connection, "ledger", dict(row))
