"""The embedded broker: a kombu transport that keeps its messages in one SQLite file.

It is a doorbell and not the queue: a message only says which row to look at, and a lost or repeated
one costs moments. ``register()`` teaches kombu the address ``embedded:////absolute/path.sqlite3``.
"""

from pathlib import Path
from urllib.parse import quote

from kombu.transport import TRANSPORT_ALIASES

from rivya_bridge.broker.errors import BrokerFileUnusable, BrokerUnavailable

__all__ = ["SCHEME", "BrokerFileUnusable", "BrokerUnavailable", "register", "url_for"]

SCHEME = "embedded"


def register() -> None:
    """Let kombu and Celery resolve ``embedded://`` addresses; calling it again changes nothing."""
    TRANSPORT_ALIASES[SCHEME] = "rivya_bridge.broker.transport:Transport"


def url_for(path: Path) -> str:
    """The broker address of an absolute path, with every character that a URL reserves quoted.

    Without quoting, a folder named ``a;b`` would be read as two brokers and ``100%20`` as ``100 ``.
    """
    return f"{SCHEME}:///{quote(str(path), safe='/')}"
