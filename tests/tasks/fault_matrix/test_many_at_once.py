"""Rows of the fault matrix with their numbers: many tasks against a vendor that fails in bulk."""

import io
import random
from typing import Any

import httpx
import pytest
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.credits.models import LedgerEntry, Wallet
from rivya_bridge.credits.services import refresh_wallet
from rivya_bridge.files.models import StoredFile
from rivya_bridge.files.services import store_result
from rivya_bridge.refusals import Refusal
from rivya_bridge.rivya import Rivya, RivyaError
from rivya_bridge.rivya.types.generation import Generation
from rivya_bridge.tasks import gates, policy
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import continue_task
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.balance import renew_balance
from rivya_bridge.tasks.services.sweep import sweep_rows
from tests.tasks import vendor as play
from tests.tasks.making import Clock, carry, check_books, fresh, make_task
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def many_places(settings: Any) -> None:
    settings.RIVYA_IN_FLIGHT = 1000


def carry_all(clock: Clock, rounds: int = 40) -> None:
    """Rounds of doorbells for whatever is due, until nothing is left that goes on by itself."""
    for _ in range(rounds):
        due = Task.objects.exclude(status__in=["succeeded", "failed", "canceled", "held"])
        rows = list(due.filter(due_at__lte=timezone.now()).values_list("pk", flat=True))
        for pk in rows:
            advance(pk)
        if not due.exists():
            return
        clock.move(5)
    raise AssertionError(f"{due.count()} are still under way")


def check_ledger(vendor: Vendor) -> None:
    """One generation and one charge for each key, and our credits are the vendor's."""
    settled = LedgerEntry.objects.filter(kind="settle")
    assert settled.count() == vendor.generations
    assert sum(settled.values_list("amount", flat=True)) == vendor.generations * vendor.price
    assert Wallet.objects.get().reserved_credits == 0


def test_a_host_that_is_down_for_20_seconds_gets_at_most_25_requests_of_200_tasks(
    vendor: Vendor, clock: Clock
) -> None:
    tasks = [make_task() for _ in range(200)]
    vendor.stop()
    for _ in range(10):
        for pk in Task.objects.filter(due_at__lte=timezone.now()).values_list("pk", flat=True):
            advance(pk)
        clock.move(2)
    assert 1 < sum(task.attempt_rows.count() for task in tasks) <= 25
    rows = Task.objects.values_list("status", "exposure", "first_sent_at").distinct()
    assert list(rows) == [("queued", "none", None)]


def test_40_tasks_through_lost_answers_are_40_generations(vendor: Vendor, clock: Clock) -> None:
    """Every kind of lost answer, before and after acceptance, in a fixed shuffle."""
    chance = random.Random(7)
    faults = [
        play.reset,
        play.accept_then(play.reset),
        play.accept_then(play.truncated),
        play.accept_then(play.body(200, b"<html>", "html")),
        play.accept_then(play.refused(500, "internal_error")),
        play.accepted,
        play.accepted,
    ]
    vendor.posts.extend(chance.choice(faults) for _ in range(100))
    for _ in range(40):
        make_task()
    carry_all(clock)
    for task in Task.objects.filter(status="held"):
        assert task.reason == "server_failure"
        continue_task(task.pk)
    carry_all(clock)
    assert vendor.generations == 40
    assert set(Task.objects.values_list("status", flat=True)) == {"succeeded"}
    check_ledger(vendor)
    bodies = {one.key: one.body for one in vendor.sent}
    assert all(one.body == bodies[one.key] for one in vendor.sent)


def test_no_request_of_50_tasks_goes_out_before_retry_after(vendor: Vendor, clock: Clock) -> None:
    vendor.posts.append(play.refused(429, "rate_limited", {"Retry-After": "600"}))
    for _ in range(50):
        make_task()
    for _ in range(10):
        for pk in Task.objects.filter(due_at__lte=timezone.now()).values_list("pk", flat=True):
            advance(pk)
        sweep_rows()
        renew_balance()
        clock.move(50)
    assert len(vendor.requests) == 1
    clock.move(110)
    carry_all(clock)
    assert (len(vendor.sent), vendor.generations) == (51, 50)


def test_37_credits_carry_37_of_100_tasks_and_a_top_up_the_rest(
    vendor: Vendor, clock: Clock
) -> None:
    vendor.balance = 37
    refresh_wallet()
    for _ in range(100):
        make_task()
    carry_all(clock)
    held = Task.objects.filter(status="held", reason="insufficient_credits", exposure="none")
    assert (vendor.generations, held.count()) == (37, 63)
    assert len(vendor.sent) == 37
    check_ledger(vendor)
    vendor.balance += 63
    clock.move(61)
    renew_balance()
    carry_all(clock)
    assert Task.objects.filter(status="succeeded").count() == 100
    assert vendor.balance == 0 == refresh_wallet().current_credits
    check_ledger(vendor)


def test_a_key_that_is_revoked_and_rotated_midway_makes_no_duplicate(
    vendor: Vendor, clock: Clock, settings: Any
) -> None:
    tasks = [make_task() for _ in range(30)]
    for task in tasks[:15]:
        advance(task.pk)
    vendor.posts.append(play.refused(401, "api_key_revoked"))
    carry_all(clock)
    before = len(vendor.sent)
    assert set(Task.objects.values_list("reason", flat=True)) == {"key_refused"}
    settings.RIVYA_API_KEY = "rvya_sk_rotated"
    sweep_rows()
    carry_all(clock)
    assert Task.objects.filter(status="succeeded").count() == 30
    assert (before, len(vendor.sent), vendor.generations) == (16, 31, 30)


def _reply(chance: random.Random) -> httpx.Response:
    """Any status with any body: JSON, half of it, HTML, nothing, noise; any header that we read."""
    whole = b'{"id":"task_1","status":"queued","model":"m","reserved_credits":1,"final_credits":0}'
    error = b'{"error":{"code":"odd","message":"x","requestId":"r"}}'
    bodies = [
        whole,
        error,
        whole[: chance.randrange(80)],
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"\xff\xfe",
    ]
    bodies += [
        chance.randbytes(chance.randrange(60)),
        b'{"id":' * 200,
        b'{"id":1e999}',
        b'{"id":""}',
    ]
    headers = {
        "Content-Type": chance.choice(["application/json", "text/html", "", "a/b; charset=utf-9"]),
        "Retry-After": chance.choice(
            ["", "0", "-5", "1e9", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"]
        ),
    }
    status = chance.choice(
        [200, 201, 202, 204, 206, 301, 307, *range(400, 430), *range(500, 512), 599]
    )
    return httpx.Response(status, stream=httpx.ByteStream(chance.choice(bodies)), headers=headers)


def test_of_10000_generated_replies_none_escapes_its_kind(vendor: Vendor) -> None:
    """Each gives a generation or one of the client's errors, and what may have spent stays safe."""
    chance = random.Random(11)
    transport = httpx.MockTransport(lambda request: _reply(chance))
    states: set[str] = set()
    with Rivya(base_url=vendor.url, api_key="rvya_sk_x", transport=transport) as client:
        for _ in range(10_000):
            try:
                answer = client.generations.submit(b"{}", idempotency_key="k", max_retries=0)
                assert isinstance(answer, Generation)
            except RivyaError as error:
                following = policy.after_failed_sending(
                    error, unknown_tries=1, same_failures=1, conflicts=1, gate_seconds=1.0
                )
                states.add(following.status)
                if error.spent != "no":
                    assert following.status in ("unconfirmed", "held")
    assert states == {"queued", "unconfirmed", "held", "failed"}


def test_addresses_that_live_for_one_second_are_asked_for_anew(
    vendor: Vendor, clock: Clock
) -> None:
    """Each download comes too late once; a fresh address is named at most three times."""
    vendor.downloads.extend([play.body(403, b"expired")] * 2)
    task = carry(make_task(), clock)
    assert task.status == "succeeded"
    assert vendor.count("GET", "/results/") == 3
    assert vendor.count("GET", "/api/v1/generations/") == 3
    check_books(task)


HEADS = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    b"GIF89a",
    b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    b"RIFF\x24\x00\x00\x00WAVEfmt ",
    b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
    b"ID3\x04\x00\x00\x00\x00\x00\x00",
    b"OggS\x00\x02",
]
TAILS = [
    b"<script>alert(1)</script>" * 9,
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>" * 4,
    b"PK\x03\x04" + b"\0" * 200,
    b"\x7fELF" + b"\0" * 200,
    b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>" * 4,
]


@pytest.mark.parametrize(
    "head", HEADS, ids=["png", "jpeg", "gif", "webp", "wav", "mp4", "mp3", "ogg"]
)
def test_none_of_forty_polyglots_is_taken_for_media(
    vendor: Vendor, clock: Clock, head: bytes
) -> None:
    """A head that looks right on five contents that are not: held, and nothing of it kept."""
    vendor.results = {f"{number}.png": head + tail for number, tail in enumerate(TAILS)}
    row = carry(make_task(), clock)
    assert (row.status, row.reason) == ("held", "result_refused")
    for tail in TAILS:
        with pytest.raises(Refusal):
            store_result(io.BytesIO(head + tail), name="a.png")
    assert not StoredFile.objects.exists()


def test_the_gates_of_one_account_do_not_hold_back_another(vendor: Vendor, clock: Clock) -> None:
    account = current_connection().account
    gates.close_gate(
        gates.bucket_gate("another"),
        timezone.now() + timezone.timedelta(0, 600),
        "rate_limited",
        "",
    )
    assert gates.pass_gates(account, timezone.now()).may_go
    assert fresh(carry(make_task(), clock)).status == "succeeded"
