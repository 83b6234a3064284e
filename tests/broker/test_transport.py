"""What kombu's producers and consumers see of the embedded broker."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Consumer, Exchange, Producer, Queue
from kombu.exceptions import KombuError, OperationalError

from rivya_bridge.broker import BrokerFileUnusable, BrokerUnavailable, url_for
from rivya_bridge.broker.store import MessageStore
from rivya_bridge.broker.transport import Channel, path_of

QUEUE = Queue("work", Exchange("work"), routing_key="work")


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    with Connection(url_for(path)) as connection:
        yield connection


def publish(connection: Connection, *names: str) -> None:
    producer = Producer(connection)
    for name in names:
        producer.publish(
            {"name": name}, exchange=QUEUE.exchange, routing_key="work", declare=[QUEUE]
        )


class Taker:
    """Consumes from the queue and keeps every message it was given."""

    def __init__(self, connection: Connection, prefetch: int = 0, no_ack: bool = False) -> None:
        self.messages: list[Any] = []
        self.connection = connection
        self.consumer = Consumer(
            connection.channel(),
            [QUEUE],
            on_message=self.messages.append,
            prefetch_count=prefetch,
            no_ack=no_ack,
        )
        self.consumer.consume()

    def drain(self) -> list[str]:
        """The names given until the queue stays quiet."""
        before = len(self.messages)
        try:
            while True:
                self.connection.drain_events(timeout=0)
        except TimeoutError:
            return [message.payload["name"] for message in self.messages[before:]]


def channel_of(connection: Connection) -> Channel:
    channel = connection.channel()
    assert isinstance(channel, Channel)
    return channel


def size(path: Path) -> int:
    with closing(sqlite3.connect(path)) as raw:
        return int(raw.execute("SELECT count(*) FROM messages").fetchone()[0])


def test_it_works(connection: Connection, path: Path) -> None:
    publish(connection, "a", "b")
    taker = Taker(connection)
    assert taker.drain() == ["a", "b"]
    for message in taker.messages:
        message.ack()
    assert size(path) == 0


def test_a_message_reaches_another_connection(connection: Connection, path: Path) -> None:
    with Connection(url_for(path)) as other:
        taker = Taker(other)
        publish(connection, "a")
        other.drain_events(timeout=5)
        assert taker.messages[0].payload == {"name": "a"}


def test_prefetch_one_gives_the_next_message_only_after_the_acknowledgement(
    connection: Connection,
) -> None:
    publish(connection, "a", "b")
    taker = Taker(connection, prefetch=1)
    assert taker.drain() == ["a"]
    assert taker.drain() == []
    taker.messages[0].ack()
    assert taker.drain() == ["b"]


def test_a_rejected_message_is_gone(connection: Connection, path: Path) -> None:
    publish(connection, "a")
    taker = Taker(connection)
    taker.drain()
    taker.messages[0].reject()
    assert size(path) == 0


def test_a_requeued_message_comes_again_first_and_says_so(connection: Connection) -> None:
    publish(connection, "a", "b")
    taker = Taker(connection, prefetch=1)
    taker.drain()
    assert "redelivered" not in taker.messages[0].delivery_info
    taker.messages[0].requeue()
    assert taker.drain() == ["a"]
    assert taker.messages[1].delivery_info["redelivered"] is True


def test_closing_gives_back_what_was_not_acknowledged(connection: Connection, path: Path) -> None:
    publish(connection, "a", "b", "c")
    with Connection(url_for(path)) as first:
        taker = Taker(first)
        assert taker.drain() == ["a", "b", "c"]
        taker.messages[1].ack()
    assert Taker(connection).drain() == ["a", "c"]


def test_a_forked_child_that_closes_gives_nothing_of_its_parent_back(
    connection: Connection, path: Path
) -> None:
    publish(connection, "a")
    with Connection(url_for(path)) as first:
        taker = Taker(first)
        taker.drain()
        pid = os.fork()
        if pid == 0:
            try:
                first.release()
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        assert Taker(connection).drain() == []
        taker.messages[0].ack()
    assert size(path) == 0


def test_an_acknowledgement_after_closing_does_no_harm(connection: Connection, path: Path) -> None:
    publish(connection, "a")
    with Connection(url_for(path)) as first:
        taker = Taker(first)
        taker.drain()
        channel, tag = taker.messages[0].channel, taker.messages[0].delivery_tag
    channel.basic_ack(tag)
    assert Taker(connection).drain() == ["a"]


def test_the_visibility_timeout_is_300_seconds_unless_set(path: Path) -> None:
    with Connection(url_for(path)) as usual:
        assert channel_of(usual).visibility_timeout == 300
    with Connection(url_for(path), transport_options={"visibility_timeout": 7}) as other:
        assert channel_of(other).visibility_timeout == 7


def test_an_abandoned_message_comes_again_after_the_visibility_timeout(
    connection: Connection, path: Path
) -> None:
    publish(connection, "a")
    with Connection(url_for(path), transport_options={"visibility_timeout": 0}) as first:
        assert channel_of(first).basic_get("work") is not None
        assert Taker(connection).drain() == ["a"]


def test_without_acknowledgement_a_message_is_deleted_when_given(
    connection: Connection, path: Path
) -> None:
    publish(connection, "a", "b")
    assert channel_of(connection).basic_get("work", no_ack=True) is not None
    assert Taker(connection, no_ack=True).drain() == ["b"]
    assert size(path) == 0


def test_purge_size_and_delete(connection: Connection, path: Path) -> None:
    publish(connection, "a", "b")
    channel = channel_of(connection)
    assert channel.queue_declare("work").message_count == 2
    assert channel.queue_purge("work") == 2
    publish(connection, "c")
    channel.queue_delete("work", if_empty=True)
    assert size(path) == 1
    channel.queue_delete("work")
    assert size(path) == 0


def test_a_simple_queue_works(connection: Connection) -> None:
    with connection.SimpleQueue("simple") as queue:
        queue.put({"n": 1})
        message = queue.get(timeout=5)
        assert message.payload == {"n": 1}
        message.ack()
        assert queue.qsize() == 0


@pytest.mark.parametrize(
    "junk", [b"", b"\xff\xfe", b"{}", b"[]", b'{"properties": 3}', b'{"properties": {}, "body": 7}']
)
def test_an_unreadable_message_is_discarded_with_a_line_in_the_log(
    connection: Connection, path: Path, junk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store = MessageStore(path)
    store.put("work", junk)
    store.close()
    publish(connection, "after")
    with caplog.at_level(logging.ERROR):
        assert Taker(connection).drain() == ["after"]
    assert "Discarded an unreadable message" in caplog.text


def test_celery_reconnects_after_a_lock_but_not_after_damage(connection: Connection) -> None:
    assert issubclass(BrokerUnavailable, connection.recoverable_connection_errors)
    assert not issubclass(BrokerFileUnusable, connection.recoverable_connection_errors)
    assert not issubclass(BrokerFileUnusable, connection.recoverable_channel_errors)
    assert issubclass(BrokerUnavailable, OperationalError)
    assert issubclass(BrokerFileUnusable, KombuError)


def test_connecting_to_a_damaged_file_fails_at_once(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)
    unusable = pytest.raises(BrokerFileUnusable, match="not a readable SQLite database")
    with Connection(url_for(path)) as connection, unusable:
        connection.ensure_connection()


@pytest.mark.parametrize(
    "name", ["plain", "with space", "a;b", "100%25", "what?", "no#1", "ünï+@:"]
)
def test_any_folder_name_survives_the_address(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "broker.sqlite3"
    path.parent.mkdir()
    with Connection(url_for(path)) as connection:
        publish(connection, "a")
        with connection.clone() as copy:
            assert Taker(copy).drain() == ["a"]
    assert path.exists()


def test_the_address_is_shown_as_given(path: Path) -> None:
    with Connection(f"embedded:///{path}") as connection:
        assert connection.as_uri() == f"embedded:///{path}"
        assert path_of(connection.as_uri()) == path


@pytest.mark.parametrize(
    "address", ["embedded://", "embedded:///", "embedded:////", "embedded:///relative/file"]
)
def test_an_address_without_an_absolute_path_is_refused(address: str) -> None:
    refused = pytest.raises(BrokerFileUnusable, match="names no absolute path")
    with Connection(address) as connection, refused:
        connection.ensure_connection()
