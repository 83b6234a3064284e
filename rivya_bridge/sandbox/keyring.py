"""The keys of a sandbox: as they begin, and as the control routes changed them."""

from __future__ import annotations

import threading
from dataclasses import replace

from .choices import SEED_KEYS, SeedKey
from .store import Store


class KeyRing:
    """The keys by token; a change is a row, so it holds over a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._keys: dict[str, SeedKey] = {}
        self.load()

    def load(self) -> None:
        """Read the states from the database again."""
        rows = self._store.rows("SELECT key, state FROM key_state")
        changed = {row["key"]: row["state"] for row in rows}
        with self._lock:
            self._keys = {
                token: replace(seed, state=changed.get(token, seed.state))
                for token, seed in SEED_KEYS.items()
            }

    def get(self, token: str) -> SeedKey | None:
        """The key, or None for an unknown token."""
        return self._keys.get(token)

    def all(self) -> dict[str, SeedKey]:
        """Every key by its token."""
        return dict(self._keys)

    def set_state(self, token: str, state: str) -> SeedKey | None:
        """Make a key `active`, `revoked` or `expired`; None for an unknown token."""
        if token not in SEED_KEYS:
            return None
        with self._store.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO key_state VALUES (?, ?)", (token, state))
        self.load()
        return self._keys[token]
