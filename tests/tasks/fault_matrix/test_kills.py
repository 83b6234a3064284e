"""Workers that die, stall or break anywhere: one generation, one ledger pair, nothing stranded."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from rivya_bridge.credits.models import LedgerEntry
from rivya_bridge.files.models import StoredFile
from rivya_bridge.tasks import background
from rivya_bridge.tasks.leases import new_owner, owner_is_dead
from rivya_bridge.tasks.models import Task
from rivya_bridge.tasks.services import (
    continue_task,
    failed_sending,
    finish,
    poll,
    recovery,
    remote_state,
    save,
    submit,
)
from rivya_bridge.tasks.services.advance import advance
from rivya_bridge.tasks.services.sweep import ring_due, sweep, sweep_rows
from rivya_bridge.tasks.services.transitions import LostClaim, change, claim, hold, renew
from tests.tasks import vendor as play
from tests.tasks.making import (
    Clock,
    back_in_time,
    carry,
    check_books,
    fresh,
    kinds,
    make_task,
    step,
)
from tests.tasks.vendor import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The end of a process: no handler of ours runs."""


def dies(error: type[BaseException]) -> Callable[..., None]:
    def die(*_: Any, **__: Any) -> None:
        raise error("Here it ended.")

    return die


def dies_after(work: Callable[..., Any], error: type[BaseException]) -> Callable[..., None]:
    def do(*args: Any, **kwargs: Any) -> None:
        work(*args, **kwargs)
        raise error("Here it ended.")

    return do


# Where a step ends: the module and name that are replaced, and whether the work is done before.
CRASH_POINTS = {
    "after the claim": (submit, "_belongs_here", False),
    "before the intent to send": (submit, "reserve_credits", True),
    "after the intent to send": (submit, "_send", False),
    "after the answer": (submit, "close_accepted", False),
    "after the evidence": (submit, "accept", False),
    "within the acceptance": (remote_state, "record_acceptance", True),
    "after the acceptance": (submit, "accept", True),
    "after the poll's answer": (poll, "apply_remote_state", False),
    "within the settlement": (remote_state, "record_settlement", True),
    "after the settlement": (poll, "apply_remote_state", True),
    "before the download": (save, "_fetch_bytes", False),
    "after the download": (save, "_fetch_bytes", True),
    "after the file is stored": (save, "store_result", True),
    "before the end": (save, "finish", False),
    "within the end": (finish, "add_event", True),
    "after the end": (save, "finish", True),
}


@pytest.mark.parametrize("error", [Killed, RuntimeError])
@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_crash_anywhere_leaves_one_generation_and_one_ledger_pair(
    vendor: Vendor, clock: Clock, monkeypatch: Any, point: str, error: type[BaseException]
) -> None:
    module, name, is_after = CRASH_POINTS[point]
    task = make_task()
    with monkeypatch.context() as patch:
        original = getattr(module, name)
        patch.setattr(module, name, dies_after(original, error) if is_after else dies(error))
        for _ in range(2):
            try:
                step(task, clock)
            except Killed:
                break
    clock.move(61)
    sweep_rows()
    row = carry(task, clock)
    assert row.status == "succeeded"
    assert vendor.generations == 1
    assert len({one.key for one in vendor.sent}) == 1
    assert len({one.body for one in vendor.sent}) == 1
    assert StoredFile.objects.count() == 1
    check_books(row)


def test_a_crash_after_a_refusal_repeats_the_same_key(
    vendor: Vendor, clock: Clock, monkeypatch: Any
) -> None:
    vendor.posts.append(play.refused(429, "rate_limited"))
    task = make_task()
    with monkeypatch.context() as patch:
        patch.setattr(failed_sending, "count_failures", dies(Killed))
        with pytest.raises(Killed):
            step(task, clock)
    clock.move(61)
    sweep_rows()
    assert fresh(task).status == "unconfirmed"
    assert carry(task, clock).status == "succeeded"
    assert len({one.key for one in vendor.sent}) == 1
    check_books(task)


def test_a_lease_that_ends_while_submitting_makes_the_task_unconfirmed(
    vendor: Vendor, clock: Clock, monkeypatch: Any
) -> None:
    task = make_task()
    monkeypatch.setattr(submit, "_send", dies(Killed))
    with pytest.raises(Killed):
        step(task, clock)
    assert fresh(task).status == "submitting"
    sweep_rows()
    advance(task.pk)
    assert fresh(task).status == "submitting"
    clock.move(61)
    advance(task.pk)
    assert fresh(task).status == "submitting"
    sweep_rows()
    row = fresh(task)
    assert (row.status, row.exposure, row.lost_leases) == ("unconfirmed", "possible", 1)
    assert task.attempt_rows.get().outcome == "unknown"
    assert vendor.sent == []


def test_three_lost_leases_are_poison(vendor: Vendor, clock: Clock, monkeypatch: Any) -> None:
    task = make_task()
    with monkeypatch.context() as patch:
        patch.setattr(submit, "_belongs_here", dies(Killed))
        for _ in range(3):
            with pytest.raises(Killed):
                step(task, clock)
            clock.move(61)
            sweep_rows()
    row = fresh(task)
    assert (row.status, row.reason, row.held_from) == ("held", "poison", "queued")
    continue_task(task.pk)
    assert carry(task, clock).status == "succeeded"
    check_books(task)


def test_an_unforeseen_error_neither_strands_nor_runs_hot(
    vendor: Vendor, clock: Clock, monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(poll, "apply_remote_state", dies(ZeroDivisionError))
    task = make_task()
    step(task, clock)
    row = step(task, clock)
    assert (row.status, row.lost_leases, row.lease_until) == ("running", 1, None)
    assert row.due_at > timezone.now() + timedelta(seconds=2)
    row = carry(task, clock)
    assert (row.status, row.reason, row.held_from) == ("held", "poison", "running")
    assert "ZeroDivisionError: Here it ended." in row.reason_text
    assert vendor.count("GET", "/api/v1/generations/") == 3
    assert "ZeroDivisionError" in caplog.text


def test_steps_that_end_well_forgive_lost_ones(
    vendor: Vendor, clock: Clock, monkeypatch: Any
) -> None:
    vendor.says = {"status": "processing"}
    task = make_task()
    step(task, clock)
    for _ in range(4):
        with monkeypatch.context() as patch:
            patch.setattr(poll, "apply_remote_state", dies(RuntimeError))
            assert step(task, clock).lost_leases == 1
        assert step(task, clock).lost_leases == 0
    assert fresh(task).status == "running"


def test_the_key_is_not_in_the_reason_of_an_unforeseen_error(
    vendor: Vendor, clock: Clock, monkeypatch: Any
) -> None:
    def leak(*_: Any) -> None:
        raise RuntimeError("refused for rvya_sk_scripted")

    monkeypatch.setattr(submit, "_belongs_here", leak)
    row = carry(make_task(), clock)
    assert "rvya_sk_scripted" not in row.reason_text
    assert "[key]" in row.reason_text


def test_a_stale_fence_writes_nothing(vendor: Vendor, clock: Clock) -> None:
    task = make_task()
    zombie = claim(task.pk, timezone.now())
    assert zombie is not None
    clock.move(61)
    sweep_rows()
    works: list[Callable[[], Any]] = [
        lambda: change(zombie, group_label="zombie"),
        lambda: renew(zombie, timezone.now()),
        lambda: hold(zombie, "zombie", "Zombie."),
        lambda: submit.submit(zombie),
    ]
    for work in works:
        with pytest.raises(LostClaim):
            work()
    assert vendor.requests == []
    assert kinds(task) == ["created", "recovered"]
    assert carry(task, clock).status == "succeeded"
    check_books(task)


def test_an_acceptance_that_comes_too_late_leaves_its_evidence(
    vendor: Vendor, clock: Clock, monkeypatch: Any
) -> None:
    """A worker that was stopped while it waited for the answer wakes after its lease."""
    task = make_task()
    original = submit.close_accepted

    def stalled(*args: Any) -> None:
        clock.move(61)
        sweep_rows()
        original(*args)

    with monkeypatch.context() as patch:
        patch.setattr(submit, "close_accepted", stalled)
        advance(task.pk)
    row = fresh(task)
    assert (row.status, row.remote_id) == ("unconfirmed", None)
    assert task.attempt_rows.get().outcome == "accepted"
    assert carry(task, clock).status == "succeeded"
    assert vendor.generations == 1
    check_books(task)


def test_a_killed_process_loses_its_lease_at_once(vendor: Vendor, clock: Clock) -> None:
    task = make_task()
    code = (
        "import sys, django; django.setup()\n"
        "from django.utils import timezone\n"
        "from rivya_bridge.tasks.services.transitions import claim\n"
        "assert claim(sys.argv[1], timezone.now())\n"
        "print('claimed', flush=True); sys.stdin.read()\n"
    )
    environ = {
        "DJANGO_SETTINGS_MODULE": "rivya_bridge.settings",
        "DATABASE_URL": f"sqlite:///{database.settings_dict['NAME']}",
        "BRIDGE_DATA_DIR": str(database.settings_dict["NAME"]) + ".worker",
        "PATH": "/usr/bin",
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", code, str(task.pk)],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"claimed\n"
        assert recovery.expire_dead_leases() == 0
        worker.kill()
        worker.wait()
    assert fresh(task).lease_until is not None
    assert recovery.expire_dead_leases() == 1
    assert recovery.recover_lost_leases() == 1
    assert carry(task, clock).status == "succeeded"


def test_owners_are_judged_only_where_they_ran() -> None:
    mine = new_owner()
    boot, pid, _start, nonce = mine.split(":")
    assert not owner_is_dead(mine)
    assert owner_is_dead(f"{boot}:{pid}:1:{nonce}")
    assert not owner_is_dead(f"another-boot.1:{pid}:1:{nonce}")
    assert not owner_is_dead(f"{boot.partition('.')[0]}.1:{pid}:1:{nonce}")
    assert not owner_is_dead("unknown:1:unknown:x")
    assert not owner_is_dead("nonsense")


def test_a_lost_doorbell_is_rung_by_the_sweep(
    vendor: Vendor, clock: Clock, monkeypatch: Any
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(background.advance_task, "delay", heard.append)
    task = make_task()
    heard.clear()
    assert sweep_rows() == 1
    assert sweep_rows() == 0
    assert heard == [str(task.pk)]
    clock.move(11)
    assert sweep_rows() == 1


def test_a_broker_that_is_away_costs_a_log_line(
    vendor: Vendor, clock: Clock, monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(background.advance_task, "delay", dies(ConnectionError))
    task = make_task()
    assert "did not ring" in caplog.text
    assert carry(task, clock).status == "succeeded"


def test_bells_never_pile_up_beyond_a_limit(vendor: Vendor, clock: Clock, monkeypatch: Any) -> None:
    from rivya_bridge.tasks.services import sweep as sweep_module

    monkeypatch.setattr(sweep_module, "MOST_RINGING", 3)
    for _ in range(5):
        step(make_task(), clock)
    Task.objects.update(status="saving", due_at=timezone.now())
    assert [ring_due(), ring_due()] == [3, 0]
    clock.move(11)
    assert ring_due() == 3


def test_a_forged_message_does_nothing(vendor: Vendor, clock: Clock) -> None:
    for words in ("", "x" * 5000, "00000000-0000-7000-8000-000000000000", None, 7):
        background.advance_task(words)
    assert vendor.requests == []


def test_two_sweeps_are_harmless(vendor: Vendor, clock: Clock, monkeypatch: Any) -> None:
    task = make_task()
    with monkeypatch.context() as patch:
        patch.setattr(submit, "_belongs_here", dies(Killed))
        with pytest.raises(Killed):
            step(task, clock)
    clock.move(61)
    sweep()
    before = kinds(task)
    sweep()
    sweep()
    assert kinds(task) == before
    assert fresh(task).lost_leases == 1


def test_a_row_that_cannot_be_recovered_keeps_no_other_waiting(
    vendor: Vendor, clock: Clock, monkeypatch: Any, caplog: Any
) -> None:
    tasks = [make_task(), make_task()]
    for task in tasks:
        claim(task.pk, timezone.now())
    clock.move(61)
    original = recovery._put_back

    def put_back(task: Task, *args: Any) -> None:
        if task.pk == tasks[0].pk:
            raise RuntimeError("broken row")
        original(task, *args)

    monkeypatch.setattr(recovery, "_put_back", put_back)
    assert recovery.recover_lost_leases() == 1
    assert fresh(tasks[1]).lease_until is None
    assert "could not be taken up" in caplog.text


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=3650)])
def test_times_written_under_a_jumped_clock_count_as_over(
    vendor: Vendor, clock: Clock, jump: timedelta
) -> None:
    claimed, waiting = make_task(), make_task()
    claim(claimed.pk, timezone.now())
    for task, field in ((claimed, "lease_until"), (waiting, "due_at")):
        back_in_time(task, field, seconds=-jump.total_seconds())
    sweep_rows()
    assert fresh(claimed).lease_until is None
    for task in (claimed, waiting):
        advance(task.pk)
        assert fresh(task).status == "running"


def test_a_gate_written_under_a_jumped_clock_is_open(vendor: Vendor, clock: Clock) -> None:
    from rivya_bridge.connection import current_connection
    from rivya_bridge.tasks.gates import bucket_gate, close_gate

    until = timezone.now() + timedelta(days=3650)
    close_gate(bucket_gate(current_connection().account), until, "rate_limited", "")
    assert carry(make_task(), clock).status == "succeeded"


def test_no_ledger_row_is_written_twice(vendor: Vendor, clock: Clock) -> None:
    task = carry(make_task(), clock)
    advance(task.pk)
    sweep_rows()
    assert LedgerEntry.objects.count() == 2
    assert len(vendor.sent) == 1
