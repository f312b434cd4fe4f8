"""Room on the disk that is kept for getting out of a full one: deleting and compacting need the log to grow first."""

import errno
import os
import time
from pathlib import Path

SIZE_BYTES = 8 << 20
"""Twice what the log has before it is copied into the database and begun anew: see ``connections.py``."""
_AGAIN_SECONDS = 0.5


class Reserve:
    """A file of nothing beside the database. While it is held, the disk has room; when it was released, only what
    makes the store smaller should be written, until it can be held again."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + "-reserve")
        self.is_held = False
        self.trouble = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        """Why it was not to be held, the last time."""
        self._not_before = 0.0

    def hold(self) -> bool:
        """Take the room if it is not held; False: there is none. Looks at the disk twice a second at most."""
        if self.is_held or time.monotonic() < self._not_before:
            return self.is_held
        try:
            self._allocate()
            self.is_held = True
        except OSError as error:  # full, read-only, failing: in any case no room
            self.release()
            self.trouble = error
        return self.is_held

    def _allocate(self) -> None:
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, SIZE_BYTES)
        finally:
            os.close(fd)

    def release(self) -> None:
        """Give the room to the database. Idempotent."""
        self.is_held = False
        self.trouble = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._not_before = time.monotonic() + _AGAIN_SECONDS
        try:
            os.truncate(self.path, 0)
        except OSError:  # not there: no room to give
            return
