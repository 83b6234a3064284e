"""The file itself: first starts, forks, torn starts, damage, replacement and locks."""

import multiprocessing
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from rivya_bridge.broker import database_file, schema
from rivya_bridge.broker.errors import BrokerFileUnusable, BrokerUnavailable
from rivya_bridge.broker.store import MessageStore

OTHER_SHAPE = "CREATE TABLE messages (id INTEGER PRIMARY KEY, queue TEXT)"


def works(store: MessageStore) -> bool:
    store.put("work", b"one")
    delivery = store.reserve("work", 300)
    return delivery is not None and store.acknowledge(delivery.tag)


def start_and_put(path: Path, together: Barrier) -> None:
    store = MessageStore(path)
    together.wait()
    store.put("work", b"%d" % os.getpid())
    store.close()


def run_in_fork(function: Callable[[], bool]) -> int:
    """The exit code of a forked child that runs `function`; 1 if it raised or returned falsely."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if function() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_it_works(store: MessageStore) -> None:
    store.open()
    assert works(store)
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_five_processes_may_start_for_the_first_time_at_once(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    for round_number in range(6):
        path = tmp_path / f"{round_number}.sqlite3"
        together = fork.Barrier(5)
        processes = [fork.Process(target=start_and_put, args=(path, together)) for _ in range(5)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(30)
        assert [process.exitcode for process in processes] == [0] * 5
        store = MessageStore(path)
        assert store.size("work") == 5
        store.close()


def test_no_connection_is_carried_across_a_fork(store: MessageStore) -> None:
    store.put("work", b"for the child")
    store.put("work", b"for the parent")

    def in_child() -> bool:
        child_started_closed = store._file._connection is None
        delivery = store.reserve("work", 300)
        assert delivery is not None
        return (
            child_started_closed
            and delivery.payload == b"for the child"
            and store.acknowledge(delivery.tag)
        )

    assert run_in_fork(in_child) == 0
    delivery = store.reserve("work", 300)
    assert delivery and delivery.payload == b"for the parent"


def test_a_child_of_a_child_and_its_parents_all_write(store: MessageStore) -> None:
    def in_child() -> bool:
        store.put("work", b"child")
        return run_in_fork(in_grandchild) == 0

    def in_grandchild() -> bool:
        store.put("work", b"grandchild")
        return True

    store.put("work", b"parent")
    assert run_in_fork(in_child) == 0
    assert store.size("work") == 3


def test_an_empty_file_is_completed(store: MessageStore) -> None:
    store.path.touch()
    assert works(store)


def test_an_empty_file_beside_an_old_log_is_completed(store: MessageStore) -> None:
    store.path.touch()
    store.path.with_name(store.path.name + "-wal").write_bytes(os.urandom(5000))
    store.path.with_name(store.path.name + "-shm").write_bytes(os.urandom(32768))
    assert works(store)


def test_a_table_of_another_shape_is_replaced(store: MessageStore) -> None:
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute(OTHER_SHAPE)
    assert works(store)


def test_a_table_without_index_and_version_is_completed_and_keeps_its_messages(
    store: MessageStore,
) -> None:
    store.put("work", b"kept")
    store.close()
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("DROP INDEX messages_by_queue")
        connection.execute("PRAGMA user_version=0")
    again = MessageStore(store.path)
    assert again.size("work") == 1
    again.close()
    with closing(sqlite3.connect(store.path)) as connection:
        indexes = connection.execute("SELECT name FROM sqlite_master WHERE type='index'")
        assert indexes.fetchall() == [("messages_by_queue",)]


def test_a_missing_table_is_made_again(store: MessageStore) -> None:
    store.open()
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("DROP TABLE messages")
    with pytest.raises(BrokerUnavailable, match="no such table"):
        store.put("work", b"one")
    assert works(store)


@pytest.mark.parametrize("junk", [b"this is not a database, " * 400, b"SQLite format 3\x00" * 300])
def test_a_file_that_is_no_database_is_named_with_the_next_step(
    store: MessageStore, junk: bytes
) -> None:
    store.path.write_bytes(junk)
    with pytest.raises(BrokerFileUnusable) as caught:
        store.open()
    assert str(store.path) in str(caught.value)
    assert "move broker.sqlite3, broker.sqlite3-wal and broker.sqlite3-shm away" in str(
        caught.value
    )
    assert store.path.read_bytes() == junk


def test_another_programs_database_is_refused_and_left_alone(store: MessageStore) -> None:
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("CREATE TABLE django_session (id INTEGER)")
    before = store.path.read_bytes()
    with pytest.raises(BrokerFileUnusable, match=r"another program.*'django_session'"):
        store.open()
    assert store.path.read_bytes() == before


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    store = MessageStore(tmp_path / "absent" / "broker.sqlite3")
    with pytest.raises(BrokerFileUnusable, match=r"absent does not exist\. Make it"):
        store.open()
    store.close()


def test_a_folder_in_place_of_the_file_is_named(store: MessageStore) -> None:
    store.path.mkdir()
    with pytest.raises(BrokerFileUnusable, match="it is a folder"):
        store.open()


def test_a_consumer_hears_from_the_file_that_replaced_a_deleted_one(store: MessageStore) -> None:
    store.put("work", b"gone")
    assert store.reserve("work", 300)
    for suffix in ("", "-wal", "-shm"):
        store.path.with_name(store.path.name + suffix).unlink()
    other = MessageStore(store.path)
    other.put("work", b"new")
    delivery = store.reserve("work", 300)
    other.close()
    assert delivery and delivery.payload == b"new"


def test_a_lock_held_too_long_is_said_and_does_not_hang(
    store: MessageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_file, "BUSY_SECONDS", 0.05)
    store.open()
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BrokerUnavailable, match="locked"):
            store.put("work", b"one")
        other.execute("ROLLBACK")
    assert works(store)


def test_a_first_start_waits_for_another_that_has_the_new_file_locked(
    store: MessageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        naps: list[float] = []

        def nap(seconds: float) -> None:
            naps.append(seconds)
            other.execute("ROLLBACK")

        monkeypatch.setattr(schema, "pause", nap)
        monkeypatch.setattr(database_file, "BUSY_SECONDS", 0.05)
        assert works(store)
        assert len(naps) == 1


def test_a_late_use_after_closing_leaves_nothing_open(store: MessageStore) -> None:
    store.put("work", b"one")
    delivery = store.reserve("work", 300)
    store.close()
    assert delivery and store.acknowledge(delivery.tag)
    assert store._file._connection is None
