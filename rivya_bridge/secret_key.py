"""The installation's secret: made once, kept in a file of mode 0600 in the data folder."""

import hashlib
import os
import secrets
import time
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def read_or_make(path: Path, consequence: str = "everybody signs in anew") -> str:
    """The secret in `path`; made there first if absent, by exactly one of several processes.

    Raises ImproperlyConfigured when the file cannot be read or written; `consequence` tells what a
    new one would mean.
    """
    try:
        _make_once(path)
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"The secret in {str(path)!r} cannot be used: {error}."
        ) from error
    if len(secret) < 50:
        raise ImproperlyConfigured(
            f"The secret in {str(path)!r} is too short: delete the file to make a new one "
            f"({consequence})."
        )
    return secret


def _make_once(path: Path) -> None:
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_urlsafe(64))
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(draft, path)  # fails if another process was first: its secret stays
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def install_id(secret: str) -> str:
    """Eight hexadecimal characters that name this installation without telling its secret."""
    return hashlib.sha256(f"install:{secret}".encode()).hexdigest()[:8]
