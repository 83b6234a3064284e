"""Which account of which server is in use, and the client that speaks for it."""

from rivya_bridge.connection.clients import close_clients, downloader, rivya_client
from rivya_bridge.connection.current import (
    Connection,
    current_connection,
    one_connection,
    without_keys,
)

__all__ = [
    "Connection",
    "close_clients",
    "current_connection",
    "downloader",
    "one_connection",
    "rivya_client",
    "without_keys",
]
