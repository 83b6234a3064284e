"""Messages in one file: order, holding, giving back, and being idle cheaply."""

import sqlite3
import threading
from collections import Counter
from pathlib import Path

import pytest

from rivya_bridge.broker.errors import BrokerFileUnusable
from rivya_bridge.broker.store import MessageStore, refuse_old_sqlite

from .conftest import Clock


def payloads(store: MessageStore, queue: str = "work") -> list[bytes]:
    taken = []
    while delivery := store.reserve(queue, 300):
        taken.append(delivery.payload)
    return taken


def test_it_works(store: MessageStore) -> None:
    store.put("work", b"one")
    delivery = store.reserve("work", 300)
    assert delivery is not None
    assert (delivery.payload, delivery.deliveries) == (b"one", 1)
    assert store.acknowledge(delivery.tag)
    assert store.reserve("work", 300) is None


def test_messages_come_oldest_first_and_only_from_their_queue(store: MessageStore) -> None:
    for name in (b"1", b"2", b"3"):
        store.put("work", name)
        store.put("other", b"not " + name)
    assert payloads(store) == [b"1", b"2", b"3"]


def test_a_held_message_is_not_given_to_another(
    store: MessageStore, path: Path, clock: Clock
) -> None:
    store.put("work", b"one")
    assert store.reserve("work", 300)
    other = MessageStore(path, clock)
    assert other.reserve("work", 300) is None
    other.close()


def test_a_message_held_too_long_comes_again(store: MessageStore, clock: Clock) -> None:
    store.put("work", b"one")
    first = store.reserve("work", 300)
    clock.now += 299
    assert store.reserve("work", 300) is None
    clock.now += 1
    second = store.reserve("work", 300)
    assert first and second
    assert (second.payload, second.deliveries) == (b"one", 2)
    assert second.tag != first.tag


def test_an_overdue_consumer_ends_nothing_once_another_has_the_message(
    store: MessageStore, clock: Clock
) -> None:
    store.put("work", b"one")
    first = store.reserve("work", 300)
    clock.now += 300
    second = store.reserve("work", 300)
    assert first and second
    assert not store.acknowledge(first.tag)
    assert not store.release(first.tag)
    assert store.reserve("work", 300) is None
    assert store.acknowledge(second.tag)


def test_an_overdue_consumer_may_still_acknowledge_what_nobody_took(
    store: MessageStore, clock: Clock
) -> None:
    store.put("work", b"one")
    delivery = store.reserve("work", 300)
    clock.now += 1000
    assert delivery and store.acknowledge(delivery.tag)
    assert store.reserve("work", 300) is None


def test_a_message_given_back_keeps_its_place(store: MessageStore) -> None:
    store.put("work", b"1")
    store.put("work", b"2")
    delivery = store.reserve("work", 300)
    assert delivery and store.release(delivery.tag)
    assert payloads(store) == [b"1", b"2"]


@pytest.mark.parametrize("jump", [-3600, 3600, 10 * 365 * 86400])
def test_no_message_is_stuck_when_the_clock_jumps(
    store: MessageStore, clock: Clock, jump: int
) -> None:
    store.put("work", b"held")
    assert store.reserve("work", 300)
    clock.now += jump
    store.put("work", b"new")
    assert payloads(store) == [b"held", b"new"]


def test_size_and_purge_leave_held_messages_alone(store: MessageStore) -> None:
    for name in (b"1", b"2", b"3"):
        store.put("work", name)
    held = store.reserve("work", 300)
    assert store.size("work") == 2
    assert store.purge("work") == 2
    assert store.size("work") == 0
    assert held and store.acknowledge(held.tag)


def test_deleting_a_queue_takes_held_messages_and_no_other_queue(store: MessageStore) -> None:
    store.put("work", b"1")
    store.put("work", b"2")
    store.put("other", b"3")
    assert store.reserve("work", 300)
    assert store.delete_queue("work") == 2
    assert payloads(store, "other") == [b"3"]


def test_an_idle_look_reads_only_the_change_counter(store: MessageStore) -> None:
    assert store.reserve("work", 300) is None
    statements: list[str] = []
    with store._file.use() as connection:
        connection.set_trace_callback(statements.append)
    for _ in range(3):
        assert store.reserve("work", 300) is None
    assert statements == ["PRAGMA data_version"] * 3


def test_an_idle_consumer_hears_its_own_process_and_others(store: MessageStore, path: Path) -> None:
    assert store.reserve("work", 300) is None
    store.put("work", b"own")
    assert payloads(store) == [b"own"]
    other = MessageStore(path)
    other.put("work", b"foreign")
    other.close()
    assert payloads(store) == [b"foreign"]


def test_two_consumers_never_both_get_one_message(store: MessageStore, path: Path) -> None:
    total = 400
    for number in range(total):
        store.put("work", b"%d" % number)
    stores = [MessageStore(path) for _ in range(2)]
    seen: list[list[bytes]] = [[] for _ in range(4)]
    together = threading.Barrier(4)

    def consume(mine: MessageStore, got: list[bytes]) -> None:
        together.wait()
        while delivery := mine.reserve("work", 300):
            got.append(delivery.payload)
            assert mine.acknowledge(delivery.tag)

    threads = [threading.Thread(target=consume, args=(stores[i % 2], seen[i])) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in stores:
        other.close()
    counts = Counter(payload for got in seen for payload in got)
    assert len(counts) == total
    assert set(counts.values()) == {1}


def test_a_sqlite_without_returning_is_refused_with_the_way_out() -> None:
    refuse_old_sqlite(sqlite3.sqlite_version_info)
    refuse_old_sqlite((3, 35, 0))
    with pytest.raises(BrokerFileUnusable, match=r"SQLite 3\.34\.1.*3\.35\.0.*newer Python"):
        refuse_old_sqlite((3, 34, 1))
