"""Reservations, bookings and readings of the wallet."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import LedgerEntry, Wallet
from rivya_bridge.credits.services import (
    read_balance,
    record_settlement,
    refresh_wallet,
    release_credits,
    reserve_credits,
)
from tests.tasks import vendor as play
from tests.tasks.making import carry, make_task, moving_clock
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendor(settings: Any, no_bell: None) -> Any:
    from rivya_bridge.connection import close_clients

    with Vendor() as server:
        settings.RIVYA_BASE_URL = server.url
        settings.RIVYA_API_KEY = "rvya_sk_scripted"
        yield server
        close_clients()


@pytest.fixture
def wallet(vendor: Vendor) -> Wallet:
    vendor.balance = 10
    return refresh_wallet()


def test_it_works(wallet: Wallet) -> None:
    assert (wallet.current_credits, wallet.free_credits, wallet.error) == (10, 10, "")
    assert reserve_credits(wallet.account, 10)
    assert not reserve_credits(wallet.account, 1)
    release_credits(wallet.account, 10)
    assert reserve_credits(wallet.account, 1)


def test_before_any_reading_everything_fits(vendor: Vendor) -> None:
    assert reserve_credits(current_connection().account, 10_000)


def test_more_than_is_reserved_is_never_released(wallet: Wallet) -> None:
    reserve_credits(wallet.account, 3)
    release_credits(wallet.account, 4)
    assert Wallet.objects.get().reserved_credits == 3


def test_the_database_refuses_a_negative_reservation(wallet: Wallet) -> None:
    with pytest.raises(IntegrityError, match="reserved_is_never_negative"):
        Wallet.objects.update(reserved_credits=-1)


def test_a_failed_reading_keeps_the_old_balance(wallet: Wallet, vendor: Vendor) -> None:
    vendor.stop()
    error = read_balance()
    assert error is not None
    after = Wallet.objects.get()
    assert (after.current_credits, after.read_at) == (10, wallet.read_at)
    assert str(error) in after.error


def test_a_task_is_booked_once_and_the_balance_follows(wallet: Wallet, vendor: Vendor) -> None:
    vendor.price = 4
    with moving_clock() as clock:
        task = carry(make_task(), clock)
    rows = LedgerEntry.objects.order_by("id").values_list("kind", "amount", "balance_after")
    assert list(rows) == [("reserve", 4, 6), ("settle", 4, 6)]
    with pytest.raises(IntegrityError), transaction.atomic():
        record_settlement(
            task_id=task.pk, account=task.account, remote_id="task_1", reserved=4, final=4
        )
    assert Wallet.objects.get().current_credits == 6 == vendor.balance


def test_a_failed_task_gives_its_reservation_back(wallet: Wallet, vendor: Vendor) -> None:
    vendor.gets.append(play.generation(status="failed", error={"code": "x", "message": "y"}))
    with moving_clock() as clock:
        carry(make_task(), clock)
    rows = LedgerEntry.objects.order_by("id").values_list("kind", "amount", "balance_after")
    assert list(rows) == [("reserve", 1, 9), ("settle", 0, 10)]


def test_an_entry_needs_its_task(wallet: Wallet) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        record_settlement(
            task_id=uuid.uuid4(), account=wallet.account, remote_id="r", reserved=1, final=1
        )
