"""Room on the disk: a download stops before it has taken what the database needs to go on."""

import errno
import shutil

from django.conf import settings

CHECK_EVERY_BYTES = 8 * 1024 * 1024


def require_room() -> None:
    """Raises OSError (ENOSPC) with a sentence when the reserve of the files' disk is reached."""
    free = shutil.disk_usage(settings.FILES_DIR).free
    if free < settings.DISK_RESERVE_BYTES:
        raise OSError(
            errno.ENOSPC,
            f"{free // 10**6} MB are free there, and {settings.DISK_RESERVE_BYTES // 10**6} MB are "
            "kept for the database",
        )


class RoomKeeper:
    """Looks at the disk again after every few megabytes of one download."""

    def __init__(self) -> None:
        self._next_at = CHECK_EVERY_BYTES

    def __call__(self, size: int) -> None:
        """`size`: the bytes so far. Raises OSError as `require_room` does."""
        if size >= self._next_at:
            self._next_at = size + CHECK_EVERY_BYTES
            require_room()
