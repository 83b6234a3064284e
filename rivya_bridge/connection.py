"""Settings -> ready client: the one place where they meet.

An *account* is a short fingerprint of base URL and key. Rows keep it beside everything that belongs
to one account (remote ids, uploaded files, wallet), and never the key itself.
"""

import hashlib
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from rivya_bridge.rivya import Downloader, Rivya


@dataclass(frozen=True, slots=True)
class Connection:
    """Which account of which server is in use. `key_last4` is all of the key that is ever shown."""

    account: str
    base_url: str
    host: str
    key_last4: str
    is_sandbox: bool

    @property
    def label(self) -> str:
        return "Sandbox" if self.is_sandbox else self.host


def current_connection() -> Connection:
    """The connection that the settings name."""
    base_url, key = settings.RIVYA_BASE_URL, settings.RIVYA_API_KEY
    account = hashlib.sha256(f"{base_url}\n{key}".encode()).hexdigest()[:16]
    host = urlsplit(base_url).netloc
    return Connection(account, base_url, host, key[-4:], settings.USES_SANDBOX)


# A clip on a slow line takes minutes; the lease of its task is renewed while bytes arrive.
DOWNLOAD_SECONDS = 900.0

_lock = threading.Lock()
_clients: dict[str, Rivya] = {}


def rivya_client() -> Rivya:
    """The shared client of this process. A new one costs tens of milliseconds, so it is kept."""
    account = current_connection().account
    with _lock:
        if account not in _clients:
            _clients[account] = Rivya(
                base_url=settings.RIVYA_BASE_URL, api_key=settings.RIVYA_API_KEY
            )
        return _clients[account]


def downloader() -> Downloader:
    """A client for result files: it has no key, no cookies, and follows no redirect."""
    return Downloader(
        settings.RIVYA_BASE_URL,
        max_bytes=settings.DOWNLOAD_MAX_BYTES,
        deadline_seconds=DOWNLOAD_SECONDS,
    )


def close_clients() -> None:
    """Closes the shared clients (tests, and processes that end)."""
    with _lock:
        while _clients:
            _clients.popitem()[1].close()
