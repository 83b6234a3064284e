"""Caps that hold before anything is spent, gaps that are booked once, and books nobody can rewrite."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.caps import HIGHEST_CAP, set_caps, spent_today
from rivya_bridge.credits.chart import DAYS, day_chart, spending_by_day
from rivya_bridge.credits.guards import keep_ledger
from rivya_bridge.credits.models import LedgerEntry, Wallet
from rivya_bridge.credits.selectors import spending_by_group
from rivya_bridge.credits.services import read_balance
from rivya_bridge.refusals import Refusal
from rivya_bridge.tasks.preflight import blockers
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.tasks.conftest import clock, vendor  # noqa: F401 - fixtures
from tests.tasks.making import Clock, carry, check_books, fresh, make_model, make_task, step
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


def gaps() -> list[tuple[int, int | None, int | None]]:
    rows = LedgerEntry.objects.filter(kind="unexplained").order_by("created_at")
    return list(rows.values_list("amount", "balance_before", "balance_after"))


def test_use_outside_is_booked_as_one_row_for_each_reading(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
) -> None:
    read_balance()
    assert gaps() == []
    vendor.balance -= 30
    read_balance()
    read_balance()
    assert gaps() == [(30, 1000, 970)]
    vendor.balance += 500
    read_balance()
    assert gaps() == [(30, 1000, 970), (-500, 970, 1470)]
    assert carry(make_task(), clock).status == "succeeded"
    read_balance()
    assert len(gaps()) == 2


def test_nothing_is_compared_while_a_charge_is_on_its_way(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
) -> None:
    read_balance()
    task = step(make_task(), clock)
    assert task.status == "running"
    vendor.balance -= 7
    read_balance()
    assert gaps() == []
    assert carry(task, clock).status == "succeeded"
    read_balance()
    assert gaps() == [(7, 999, 992)]


def test_a_charge_that_comes_during_a_reading_is_no_gap(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
    monkeypatch: Any,
) -> None:
    """The balance was read before a task, and arrives after it."""
    from rivya_bridge.credits import services

    read_balance()
    original = services.keep_reading

    def late(*args: Any, **kwargs: Any) -> None:
        carry(make_task(), clock)
        original(*args, **kwargs)

    monkeypatch.setattr(services, "keep_reading", late)
    read_balance()
    monkeypatch.undo()
    read_balance()
    assert gaps() == []


def test_the_entries_tell_the_balance_before_and_after(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
) -> None:
    read_balance()
    carry(make_task(price=1), clock)
    rows = LedgerEntry.objects.order_by("created_at").values_list(
        "kind", "balance_before", "balance_after"
    )
    assert list(rows) == [("reserve", 1000, 999), ("settle", 999, 999)]


def test_the_ledger_is_never_changed_or_removed(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
) -> None:
    carry(make_task(), clock)
    keep_ledger(using="default", plan=[])
    try:
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            LedgerEntry.objects.update(amount=0)
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            LedgerEntry.objects.all().delete()
        assert LedgerEntry.objects.count() == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS ledger_loses_nothing")


def test_the_days_cap_holds_what_is_queued_and_goes_on_when_raised(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
) -> None:
    set_caps(run_cap=None, day_cap=2)
    tasks = [make_task() for _ in range(4)]
    rows = [carry(task, clock) for task in tasks]
    assert [row.status for row in rows] == ["succeeded", "succeeded", "held", "held"]
    assert {row.reason for row in rows[2:]} == {"day_cap"}
    assert "Nothing was sent" in rows[3].reason_text
    assert (len(vendor.sent), spent_today(current_connection().account)) == (2, 2)
    sweep_rows()
    assert fresh(tasks[2]).status == "held"
    set_caps(run_cap=None, day_cap=3)
    sweep_rows()
    assert [fresh(task).status for task in tasks[2:]] == ["queued", "held"]
    assert carry(tasks[2], clock).status == "succeeded"
    check_books(tasks[3])


def test_the_days_cap_has_room_again_on_the_next_day(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
) -> None:
    set_caps(run_cap=None, day_cap=1)
    carry(make_task(), clock)
    held = carry(make_task(), clock)
    assert held.reason == "day_cap"
    clock.move(86_400)
    sweep_rows()
    assert carry(held, clock).status == "succeeded"


def test_what_is_held_for_the_days_cap_goes_on_with_a_new_key_of_its_account(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
    settings: Any,
) -> None:
    set_caps(run_cap=None, day_cap=1)
    carry(make_task(), clock)
    held = carry(make_task(), clock)
    settings.RIVYA_API_KEY = "rvya_sk_rotated"
    set_caps(run_cap=None, day_cap=None)
    sweep_rows()
    assert carry(held, clock).status == "succeeded"


def test_what_no_day_carries_is_in_nobodys_way(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
) -> None:
    set_caps(run_cap=None, day_cap=1)
    large, small = make_task(price=5), make_task()
    carry(make_task(), clock)
    assert {carry(task, clock).reason for task in (large, small)} == {"day_cap"}
    clock.move(86_400)
    sweep_rows()
    assert carry(small, clock).status == "succeeded"
    assert fresh(large).status == "held"


def test_caps_block_before_anything_is_made(vendor: Vendor) -> None:  # noqa: F811
    model = make_model(base_credits=5)

    def fields(**more: Any) -> list[str]:
        found = blockers(model, prompt="x", params={}, references=[], **more)
        return [problem.field for problem in found]

    assert fields() == []
    set_caps(run_cap=4, day_cap=4)
    assert fields() == ["run_cap", "day_cap"]
    assert fields(credit_cap=5) == ["day_cap"]
    set_caps(run_cap=5, day_cap=None)
    assert fields() == []


@pytest.mark.parametrize("cap", [0, -1, HIGHEST_CAP + 1])
def test_a_cap_that_makes_no_sense_is_refused(vendor: Vendor, cap: int) -> None:  # noqa: F811
    with pytest.raises(Refusal, match="whole number from 1"):
        set_caps(run_cap=cap, day_cap=None)


def test_caps_are_set_by_page_and_by_api(
    vendor: Vendor,  # noqa: F811
    signed_in_client: Client,
    api_client: Client,
) -> None:
    assert (
        signed_in_client.post("/credits/caps/", {"run_cap": "", "day_cap": "40"}).status_code == 302
    )
    told = api_client.get("/api/v1/credits/caps").json()
    assert told == {"run_cap": None, "day_cap": 40, "spent_today": 0}
    refused = signed_in_client.post("/credits/caps/", {"run_cap": "0", "day_cap": "x"})
    assert refused.status_code == 422
    assert b'value="x"' in refused.content
    changed = api_client.put(
        "/api/v1/credits/caps", {"run_cap": 9}, content_type="application/json"
    )
    assert changed.json()["run_cap"] == 9
    bad = api_client.put("/api/v1/credits/caps", {"run_cap": 0}, content_type="application/json")
    assert bad.status_code == 422


def test_the_page_shows_chart_groups_and_gaps(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
    signed_in_client: Client,
) -> None:
    read_balance()
    carry(make_task(group_label="Tables & chairs"), clock)
    vendor.balance -= 30
    read_balance()
    page = signed_in_client.get("/credits/").content.decode()
    assert 'role="img" aria-labelledby="chart-title"' in page
    assert "Credits charged in the last 30 days: 1 in all" in page
    assert "Tables &amp; chairs" in page
    assert "The wallet moved without a task of ours" in page
    assert "1 reading with a gap" in page


def test_the_bars_are_as_high_as_the_credits(
    vendor: Vendor,  # noqa: F811
    clock: Clock,  # noqa: F811
) -> None:
    carry(make_task(), clock)
    clock.move(86_400)
    for _ in range(2):
        carry(make_task(), clock)
    chart = day_chart()
    assert [bar.credits for bar in chart.bars][-2:] == [1, 2]
    assert [bar.height for bar in chart.bars][-2:] == [48, 96]
    assert len(spending_by_day()) == DAYS == len(chart.bars)
    assert (timezone.now().date() - chart.bars[0].day) == timedelta(days=DAYS - 1)
    assert spending_by_group()[0]["credits"] == 3
    assert Wallet.objects.get().reserved_credits == 0
