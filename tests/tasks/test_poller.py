"""One reader for all running tasks: few requests, no task left out, one process at a time."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from rivya_bridge.connection import current_connection
from rivya_bridge.rivya import RateLimited, Rivya, RivyaError
from rivya_bridge.tasks import background, gates, policy
from rivya_bridge.tasks.duties import DUTY_LEASE, leave_duty, take_duty
from rivya_bridge.tasks.leases import new_owner
from rivya_bridge.tasks.models import Duty, Gate, Task
from rivya_bridge.tasks.pace import Pace
from rivya_bridge.tasks.poller import AHEAD, DUTY, Poller
from rivya_bridge.tasks.services import continue_task, poll, read_soon
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.sweep import sweep_rows
from rivya_bridge.tasks.services.transitions import claim
from tests.tasks import vendor as play
from tests.tasks.making import Clock, carry, check_books, fresh, make_task, step
from tests.tasks.races import at_once
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
READS = "/api/v1/generations/"


class Hand(Poller):
    """A poller whose lines are this thread: what a round hands over is read before it returns."""

    def round(self) -> bool:
        is_ours = super().round()
        while not self._handed.empty():
            task_id = self._handed.get()
            if task_id is not None:
                self.read_one(task_id)
        return is_ours


@pytest.fixture
def hand(vendor: Vendor, clock: Clock, settings: Any) -> Hand:
    settings.RIVYA_READS_PER_SECOND = 50
    return Hand(pace=moved_pace())


def moved_pace() -> Pace:
    """A pace on the clock that is moved."""
    return Pace(monotonic=time.time)


def running(clock: Clock, many: int = 1) -> list[Task]:
    """Tasks that Rivya has accepted and that are due to be read."""
    tasks = [make_task() for _ in range(many)]
    for task in tasks:
        advance(task.pk)
    Task.objects.filter(status="running").update(due_at=timezone.now())
    return tasks


def test_it_works(vendor: Vendor, clock: Clock, hand: Hand, monkeypatch: Any) -> None:
    (task,) = running(clock)
    heard: list[str] = []
    monkeypatch.setattr(background.advance_task, "delay", heard.append)
    assert hand.round()
    assert fresh(task).status == "saving"
    assert heard == [str(task.pk)]
    background.advance_task(str(task.pk))
    assert fresh(task).status == "succeeded"
    assert vendor.count("GET", READS) == 1
    check_books(task)


def test_workers_are_not_rung_for_what_runs(vendor: Vendor, clock: Clock, hand: Hand) -> None:
    (task,) = running(clock)
    assert sweep_rows() == 0
    background.advance_task(str(task.pk))
    assert vendor.count("GET", READS) == 0


def test_nothing_is_read_before_it_is_due(vendor: Vendor, clock: Clock, hand: Hand) -> None:
    advance(make_task().pk)
    hand.round()
    assert vendor.count("GET", READS) == 0
    clock.move(2.6)
    hand.round()
    assert vendor.count("GET", READS) == 1


def test_what_waits_for_a_webhook_is_read_once_a_minute_or_when_it_comes(
    vendor: Vendor, clock: Clock, hand: Hand
) -> None:
    task = make_task(is_told=True)
    advance(task.pk)
    clock.move(50)
    hand.round()
    assert vendor.count("GET", READS) == 0
    assert read_soon(fresh(task).remote_id or "")
    hand.round()
    assert vendor.count("GET", READS) == 1
    other = make_task(is_told=True)
    advance(other.pk)
    clock.move(80)
    hand.round()
    assert vendor.count("GET", READS) == 2


def test_two_hundred_tasks_cost_a_few_requests_a_second(vendor: Vendor, settings: Any) -> None:
    """Under a clock that stands still between its moves, so that a busy machine changes nothing."""
    settings.RIVYA_IN_FLIGHT, settings.RIVYA_READS_PER_SECOND = 200, 4
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        _read_two_hundred(vendor, Clock(traveller))


def _read_two_hundred(vendor: Vendor, clock: Clock) -> None:
    vendor.says = {"status": "processing"}
    tasks = running(clock, 1)
    row = fresh(tasks[0])
    Task.objects.bulk_create(
        _copy(row, number, timezone.now() + timedelta(seconds=number / 4)) for number in range(199)
    )
    poller, begun = Hand(pace=moved_pace()), timezone.now()
    for _ in range(60):
        poller.round()
        clock.move(0.25)
    seconds = (timezone.now() - begun).total_seconds()
    reads = [one.path for one in vendor.requests if one.path.startswith(READS)]
    assert 3 * seconds <= len(reads) <= 4 * seconds + 3
    assert len(set(reads)) == len(reads)
    late = Task.objects.filter(due_at__lt=timezone.now() - timedelta(seconds=1))
    assert late.count() <= 4
    again = Task.objects.filter(polls=1, due_at__gt=begun + timedelta(seconds=49))
    assert again.count() == len(reads)


def _copy(row: Task, number: int, due_at: Any) -> Task:
    copy = Task.objects.get(pk=row.pk)
    copy.pk = make_id()
    copy.idempotency_key, copy.remote_id = f"key-{number}", f"task_copy_{number}"
    copy.due_at = due_at
    return copy


def make_id() -> Any:
    from rivya_bridge.identifiers import new_id

    return new_id()


def test_many_open_tasks_are_read_less_often_each(vendor: Vendor, clock: Clock, hand: Hand) -> None:
    delays = [policy.crowd_delay(200, 4) for _ in range(50)]
    # Together they ask for less than four readings a second, and not all at one time.
    assert min(delays) > 50
    assert max(delays) < 70
    assert len(set(delays)) > 1
    assert policy.crowd_delay(1, 4) < policy.NEXT_POLL_SECONDS


def test_one_process_at_a_time_reads(vendor: Vendor, clock: Clock, hand: Hand) -> None:
    running(clock)
    other = Hand(pace=moved_pace())
    assert hand.round()
    assert not other.round()
    clock.move(DUTY_LEASE.total_seconds() + 1)
    assert other.round()
    assert not hand.round()


def test_of_many_processes_one_gets_the_duty(vendor: Vendor) -> None:
    now = timezone.now()
    given = at_once(*[lambda: take_duty("reading", new_owner(), now)] * 8)
    assert given.count(True) == 1
    assert given.count(False) == 7


def test_a_dead_holder_is_followed_at_once(vendor: Vendor, clock: Clock) -> None:
    boot, _, rest = new_owner().partition(":")
    take_duty(DUTY, f"{boot}:999999:1:{rest[-4:]}", timezone.now())
    assert take_duty(DUTY, new_owner(), timezone.now())


def test_a_duty_is_given_back_and_a_jumped_clock_does_not_keep_it(
    vendor: Vendor, clock: Clock
) -> None:
    first, second = new_owner(), new_owner()
    assert take_duty(DUTY, first, timezone.now())
    leave_duty(DUTY, second)
    assert not take_duty(DUTY, second, timezone.now())
    leave_duty(DUTY, first)
    assert take_duty(DUTY, second, timezone.now())
    Duty.objects.update(until=timezone.now() + timedelta(days=3650))
    assert take_duty(DUTY, first, timezone.now())


def test_a_rate_limit_stops_all_reading_and_slows_it_afterwards(
    vendor: Vendor, clock: Clock, settings: Any
) -> None:
    settings.RIVYA_READS_PER_SECOND = 8
    vendor.says = {"status": "processing"}
    poller = Hand(pace=moved_pace())
    running(clock, 6)
    vendor.gets.append(play.refused(429, "rate_limited", {"Retry-After": "30"}))
    poller.round()
    before = vendor.count("GET", READS)
    for _ in range(28):
        clock.move(1)
        poller.round()
    assert vendor.count("GET", READS) == before
    assert poller._pace.rate == 4
    clock.move(3)
    poller.round()
    assert vendor.count("GET", READS) > before


def test_an_unreachable_vendor_is_asked_by_one_reading_at_a_time(
    vendor: Vendor, clock: Clock, hand: Hand
) -> None:
    tasks = running(clock, 6)
    vendor.stop()
    for _ in range(60):
        hand.round()
        clock.move(0.5)
    assert sum(fresh(task).polls for task in tasks) <= 15
    assert {fresh(task).status for task in tasks} == {"running"}


def test_a_refused_key_holds_what_runs_after_one_request(
    vendor: Vendor, clock: Clock, hand: Hand, settings: Any
) -> None:
    tasks = running(clock, 5)
    vendor.gets.append(play.refused(401, "api_key_revoked"))
    for _ in range(6):
        hand.round()
        clock.move(1)
    assert {fresh(task).reason for task in tasks} == {"key_refused"}
    assert vendor.count("GET", READS) == 1
    continue_task(tasks[0].pk)
    sweep_rows()
    assert {carry(task, clock).status for task in tasks} == {"succeeded"}


def test_news_are_read_at_once(vendor: Vendor, clock: Clock, hand: Hand) -> None:
    advance(make_task().pk)
    assert not read_soon("task_stranger")
    assert not read_soon("task_1", account="another")
    assert read_soon("task_1")
    assert read_soon("task_1")
    hand.round()
    assert vendor.count("GET", READS) == 1
    assert not read_soon("task_1")


def test_what_has_news_is_read_before_what_only_waits(
    vendor: Vendor, clock: Clock, hand: Hand
) -> None:
    vendor.says = {"status": "processing"}
    tasks = running(clock, 4)
    last = fresh(tasks[-1])
    assert read_soon(last.remote_id or "")
    assert hand._due()[0] == last.pk
    assert len(hand._due()) == 4


def test_a_rate_limit_that_comes_while_a_reading_waits_for_its_claim_is_kept_too(
    vendor: Vendor, clock: Clock, monkeypatch: Any
) -> None:
    (task,) = running(clock)
    before = vendor.count("GET", READS)

    def meanwhile(*wanted: Any) -> Task | None:
        gates.heed(task.account, RateLimited("Slow down.", http_status=429, retry_after=30))
        return claim(*wanted)

    with monkeypatch.context() as patch:
        patch.setitem(advance.__globals__, "claim", meanwhile)
        advance(task.pk, {"running"})
    row = fresh(task)
    assert (row.status, row.polls, row.lease_until) == ("running", task.polls, None)
    assert vendor.count("GET", READS) == before
    clock.move(31)
    assert carry(task, clock).status == "succeeded"


def test_news_that_come_during_a_reading_are_read_after_it(
    vendor: Vendor, clock: Clock, hand: Hand
) -> None:
    vendor.says = {"status": "processing"}
    (task,) = running(clock)

    def overtaken(handler: Any) -> None:
        handler.answer(200, handler.vendor.generation("task_1", status="processing"))

    claimed = claim(task.pk, timezone.now())
    assert claimed is not None
    assert read_soon("task_1")
    poll.poll(claimed)
    assert fresh(task).due_at <= timezone.now()
    hand.round()
    assert vendor.count("GET", READS) == 2
    assert fresh(task).due_at > timezone.now()


def test_a_reading_and_a_webhooks_reading_at_once_are_one(
    vendor: Vendor, clock: Clock, hand: Hand
) -> None:
    (task,) = running(clock)
    at_once(*[lambda: advance(task.pk, {"running"})] * 4, lambda: read_soon("task_1"))
    assert vendor.count("GET", READS) == 1
    assert fresh(task).status == "saving"
    assert carry(task, clock).status == "succeeded"
    check_books(task)


def test_an_answer_that_drips_stops_no_other(vendor: Vendor, settings: Any) -> None:
    """Real threads: one line hangs until the vendor lets it go; the others read on."""
    settings.RIVYA_READS_PER_SECOND = 50
    vendor.says = {"status": "succeeded"}
    let_go, hanging = threading.Event(), threading.Event()

    def drip(handler: Any) -> None:
        hanging.set()
        let_go.wait(20)
        play.told(handler)

    tasks = [make_task() for _ in range(5)]
    for task in tasks:
        advance(task.pk)
    vendor.gets.append(drip)
    Task.objects.filter(status="running").update(due_at=timezone.now())
    done = threading.Event()
    poller = Poller(pace=moved_pace())
    original = poller.read_one

    def read_one(task_id: Any) -> None:
        original(task_id)
        if Task.objects.filter(status="saving").count() == 4:
            done.set()

    poller.read_one = read_one  # type: ignore[method-assign]
    poller.start()
    try:
        assert hanging.wait(20)
        assert done.wait(20)
        assert Task.objects.filter(status="running").count() == 1
    finally:
        let_go.set()
        poller.stop()
        poller.join(20)
    assert poller.join(20)
    assert Duty.objects.get(name=DUTY).owner == ""


def test_one_reading_is_cut_before_it_holds_a_line_for_long(vendor: Vendor, clock: Clock) -> None:
    """The deadline of one call is a wall: bytes that drip do not move it."""
    over = threading.Event()

    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        for _ in range(200):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            if over.wait(0.05):
                return

    vendor.gets.append(drip)
    client = Rivya(base_url=vendor.url, api_key="rvya_sk_scripted")
    with client, pytest.raises(RivyaError) as caught:
        client.generations.retrieve("task_1", 0, seconds=0.3)
    over.set()
    assert caught.value.code in ("deadline_exceeded", "outcome_unknown")
    assert policy.POLL_CALL_SECONDS < 45


def test_a_broken_look_is_not_the_end(vendor: Vendor, monkeypatch: Any, caplog: Any) -> None:
    looks = threading.Semaphore(0)
    poller = Poller()

    def broken() -> bool:
        looks.release()
        raise RuntimeError("a broken look")

    monkeypatch.setattr("rivya_bridge.tasks.poller.AWAY_SECONDS", 0.01)
    poller.round = broken  # type: ignore[method-assign]
    poller.start()
    assert looks.acquire(timeout=20)
    assert looks.acquire(timeout=20)
    poller.stop()
    poller.join(20)
    assert "it goes on" in caplog.text


def test_it_hands_over_no_more_than_its_lines_will_soon_read(
    vendor: Vendor, clock: Clock, hand: Hand
) -> None:
    running(clock, 8)
    poller = Poller(lines=1, pace=moved_pace())
    for _ in range(10):
        poller.round()
        clock.move(1)
    assert poller._handed.qsize() == AHEAD
    assert not Gate.objects.filter(name__startswith="bucket").exists()
    assert current_connection().account


def test_the_pace_halves_at_each_rate_limit_and_grows_back(settings: Any) -> None:
    settings.RIVYA_READS_PER_SECOND = 4
    now = [0.0]
    pace = Pace(monotonic=lambda: now[0])
    assert sum(pace.take() for _ in range(9)) == 1
    now[0] += 1
    assert sum(pace.take() for _ in range(9)) == 2
    pace.slow_down()
    pace.slow_down()
    assert pace.rate == 1
    for _ in range(9):
        pace.slow_down()
    assert pace.rate == 0.2
    now[0] += 3600
    assert pace.rate == 4


def test_a_step_counts_readings(vendor: Vendor, clock: Clock) -> None:
    vendor.says = {"status": "processing"}
    task = step(make_task(), clock)
    assert step(task, clock).polls == 1
