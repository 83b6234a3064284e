"""Writes of connections: saved, renamed, switched, removed, checked."""

from rivya_bridge.connection.services.checking import check_connection, try_access
from rivya_bridge.connection.services.saving import (
    remove_connection,
    replace_key,
    save_connection,
    use_connection,
    use_sandbox,
)

__all__ = [
    "check_connection",
    "remove_connection",
    "replace_key",
    "save_connection",
    "try_access",
    "use_connection",
    "use_sandbox",
]
