"""The file beside a store that keeps others out, and finds commits that were lost.

SQLite takes a damaged write-ahead log for one that ends before the damage
(https://sqlite.org/fileformat2.html#the_write_ahead_log), and a missing one for an empty one: what was acknowledged
would be gone, and its revisions given again. So the newest acknowledged revision is written here, after the database
has it on the disk. That is not synced: after a power failure it may be an older one, never a newer.
"""

import fcntl
import os
import zlib
from contextlib import suppress
from pathlib import Path

from wherry.kit.errors import Unavailable
from wherry.store.model import Corrupt

_LINE = 32
"""Bytes of the first line: the revision in 20 digits, a space, its CRC-32, blanks. The second is the holder's pid."""


class Guard:
    """Holds the lock from being made until :meth:`close`."""

    def __init__(self, database: Path) -> None:
        """Raises Unavailable: another process has the lock, or the file cannot be made."""
        self.path = path_of(database)
        self._database = database
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unavailable(f"cannot make {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = self._read()[_LINE:].strip()
            os.close(self._fd)
            raise Unavailable(f"{database} is in use by another process{holder and f', {holder}'}") from error
        with suppress(OSError):  # a full disk: then the next one is not told who it is
            os.pwrite(self._fd, f"pid {os.getpid()}\n".encode(), _LINE)

    @property
    def acknowledged(self) -> int:
        """The newest revision that was acknowledged, as far as is known; 0: the file is new. Raises Corrupt."""
        return _parsed(self._read(), self._database)

    def acknowledge(self, revision: int) -> None:
        """To be called when the database has it on the disk, before anybody is told."""
        digits = f"{revision:020}"
        # Without it damage is found a little less often; whoever waits for the commit need not suffer for that.
        with suppress(OSError):
            os.pwrite(self._fd, f"{digits} {_checksum(digits)}".ljust(_LINE - 1).encode() + b"\n", 0)

    def check(self, revision: int) -> None:
        """Raises Corrupt when the database's revision is not the newest any more."""
        if revision < self.acknowledged:
            raise Corrupt(
                f"{self._database} has lost its commits from revision {revision + 1} to {self.acknowledged}: its log, "
                f"{self._database.name}-wal, is missing or damaged. Restore a backup, or this file to another place"
            )

    def close(self) -> None:
        """Idempotent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _read(self) -> str:
        return os.pread(self._fd, 2 * _LINE, 0).decode("ascii", "replace")


def path_of(database: Path) -> Path:
    return database.with_name(database.name + "-guard")


def acknowledged(database: Path) -> int:
    """As :attr:`Guard.acknowledged`, of a store that anybody may have open; 0: it never was. Raises Corrupt."""
    try:
        return _parsed(path_of(database).read_bytes().decode("ascii", "replace"), database)
    except FileNotFoundError:
        return 0


def _parsed(text: str, database: Path) -> int:
    line = text[: _LINE - 1].rstrip()
    digits, _, checksum = line.partition(" ")
    if not line.strip("\0"):
        return 0
    if not digits.isdecimal() or checksum != _checksum(digits):
        raise Corrupt(f"{path_of(database)} is damaged. If {database} is what you mean to use, remove that file")
    return int(digits)


def _checksum(digits: str) -> str:
    return f"{zlib.crc32(digits.encode()):08x}"
