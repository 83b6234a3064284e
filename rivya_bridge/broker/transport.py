"""The kombu transport over a MessageStore: what Celery sees of the embedded broker.

Exchanges and bindings live in each connection, as Celery declares them before it publishes; only
messages are shared. There is no fanout, so remote control, gossip and mingle must be off.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from queue import Empty
from typing import Any
from urllib.parse import unquote

from kombu.log import get_logger
from kombu.transport import virtual
from kombu.utils.json import dumps, loads

from rivya_bridge.broker.errors import BrokerFileUnusable, BrokerUnavailable
from rivya_bridge.broker.store import Delivery, MessageStore

logger = get_logger(__name__)

VISIBILITY_TIMEOUT_SECONDS = 300.0
POLLING_SECONDS = 0.05


class QoS(virtual.QoS):
    """Which deliveries this channel holds; ends each of them in the store too."""

    channel: "Channel"

    def __init__(self, channel: "Channel", prefetch_count: int = 0) -> None:
        super().__init__(channel, prefetch_count)
        self._pid = os.getpid()

    def ack(self, delivery_tag: str) -> None:
        """Delete the message. If that fails, the slot is free and the message comes again."""
        self._end(self.channel.store.acknowledge, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give the message back, or delete it."""
        store = self.channel.store
        self._end(store.release if requeue else store.acknowledge, delivery_tag)

    def restore_unacked_once(self, stderr: Any | None = None) -> None:
        """Give back all held messages at shutdown; a forked child leaves its parent's alone."""
        if os.getpid() == self._pid:
            super().restore_unacked_once(stderr)

    def _end(self, in_store: Callable[[str], bool], delivery_tag: str) -> None:
        try:
            in_store(delivery_tag)
        finally:
            super().ack(delivery_tag)
            self.channel.wake.set()


class Channel(virtual.Channel):
    """A kombu channel; all channels of one connection share its store."""

    QoS = QoS
    connection: "Transport"

    from_transport_options = (*virtual.Channel.from_transport_options, "visibility_timeout")
    #: Seconds after which a message that was neither acknowledged nor given back comes again.
    visibility_timeout: float = VISIBILITY_TIMEOUT_SECONDS

    def __init__(self, connection: "Transport", **kwargs: Any) -> None:
        super().__init__(connection, **kwargs)
        # Kept here because a closed channel forgets its connection, and a task that finishes then
        # still acknowledges its message.
        self.store = connection.store
        self.wake = connection.wake

    def basic_consume(
        self,
        queue: str,
        no_ack: bool,
        callback: Callable[..., Any] | None,
        consumer_tag: str | None,
        **kwargs: Any,
    ) -> str:
        """Consume from `queue`; with `no_ack` each message is deleted before the callback."""

        def deleted_first(message: virtual.Message) -> Any:
            self.store.acknowledge(str(message.delivery_tag))
            return callback(message) if callback else None

        chosen = deleted_first if no_ack else callback
        return super().basic_consume(queue, no_ack, chosen, consumer_tag, **kwargs)

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> virtual.Message | None:
        """The oldest message of `queue`, or None."""
        message = super().basic_get(queue, no_ack, **kwargs)
        if message is not None and no_ack:
            self.store.acknowledge(str(message.delivery_tag))
        return message

    def queue_delete(
        self, queue: str, if_unused: bool = False, if_empty: bool = False, **kwargs: Any
    ) -> None:
        """Delete `queue` with its messages, whether or not this connection bound it."""
        if if_empty and self._size(queue):
            return
        super().queue_delete(queue, if_unused, if_empty, **kwargs)
        self._delete(queue)

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        self.store.put(queue, dumps(message).encode())
        self.wake.set()

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        while delivery := self.store.reserve(queue, self.visibility_timeout):
            message = self._readable(delivery)
            if message is not None:
                return message
            self.store.acknowledge(delivery.tag)
        raise Empty

    def _readable(self, delivery: Delivery) -> dict[str, Any] | None:
        """The message as kombu wants it, or None if nobody could ever read it."""
        try:
            message = _parsed(delivery)
            self.Message(message, channel=self)
        except Exception as error:
            # Whatever was written into the row, it must not stop the worker or come back for ever.
            logger.error("Discarded an unreadable message of the broker: %r", error)
            return None
        return message

    def _restore(self, message: Any) -> None:
        self.store.release(message.delivery_tag)

    def _purge(self, queue: str) -> int:
        return self.store.purge(queue)

    def _size(self, queue: str) -> int:
        return self.store.size(queue)

    def _delete(self, queue: str, *args: Any, **kwargs: Any) -> None:
        self.store.delete_queue(queue)


class Transport(virtual.Transport):
    """One connection to the broker's file; the address is ``embedded:////absolute/path``."""

    Channel = Channel

    # kombu would otherwise cut the path at '?' and '#', and show an invented host.
    can_parse_url = True
    driver_type = "sqlite"
    driver_name = "sqlite3"
    polling_interval = POLLING_SECONDS
    # Only what trying again can cure: Celery reconnects after these, and stops after any other.
    connection_errors = (*virtual.Transport.connection_errors, BrokerUnavailable)
    implements = virtual.Transport.implements.extend(exchange_type=frozenset(["direct", "topic"]))

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self._address = str(client.hostname)
        #: Set when a slot became free or a message was put here, so that nobody waits for a poll.
        self.wake = threading.Event()

    @cached_property
    def store(self) -> MessageStore:
        """The messages of this connection's file. Raises BrokerFileUnusable for a bad address."""
        return MessageStore(path_of(self._address))

    def establish_connection(self) -> "Transport":
        """Open the file, so that trouble with it shows now."""
        self.store.open()
        super().establish_connection()
        return self

    def close_connection(self, connection: Any) -> None:
        """Give back what is held, then close the file."""
        try:
            super().close_connection(connection)
        finally:
            self.store.close()

    def drain_events(  # type: ignore[override]
        self, connection: Any, timeout: float | None = None
    ) -> None:
        """Deliver one message; TimeoutError after `timeout` seconds without one (None: never)."""
        started = time.monotonic()
        while True:
            self.wake.clear()
            try:
                return self._deliver_next(timeout)
            except Empty:
                pause = self._pause(started, timeout)
            self.wake.wait(pause)

    def driver_version(self) -> str:
        """SQLite's version."""
        return sqlite3.sqlite_version

    def as_uri(self, uri: str, include_password: bool = False, mask: str = "**") -> str:
        """The address as given; it never holds a secret."""
        return uri

    @property
    def default_connection_params(self) -> dict[str, Any]:
        """None: there is no host to fall back to."""
        return {}

    def _deliver_next(self, timeout: float | None) -> None:
        self.cycle.get(self._deliver, timeout=timeout)  # type: ignore[union-attr]

    def _pause(self, started: float, timeout: float | None) -> float:
        interval = POLLING_SECONDS if self.polling_interval is None else self.polling_interval
        if timeout is None:
            return interval
        left = timeout - (time.monotonic() - started)
        if left <= 0:
            raise TimeoutError
        return min(interval, left)


def _parsed(delivery: Delivery) -> dict[str, Any]:
    """The stored message, marked with this delivery; raises ValueError, TypeError or KeyError."""
    message: dict[str, Any] = loads(delivery.payload)
    properties = message["properties"]
    parts = (properties, properties["delivery_info"], message["headers"])
    if not isinstance(message["body"], str) or not all(isinstance(part, dict) for part in parts):
        raise TypeError("a part of the message has the wrong type")
    properties["delivery_tag"] = delivery.tag
    if delivery.deliveries > 1:
        properties["delivery_info"]["redelivered"] = True
    return message


def path_of(address: str) -> Path:
    """The absolute path in ``embedded:////absolute/path``; raises BrokerFileUnusable otherwise."""
    scheme, separator, rest = address.partition(":///")
    path = Path(unquote(rest))
    if not separator or not scheme or not path.is_absolute() or path.name == "":
        raise BrokerFileUnusable(
            f"The broker address {address!r} names no absolute path: write embedded:/// and then "
            "the path with its own slash, as in embedded:////var/lib/bridge/broker.sqlite3."
        )
    return path
