"""What an upper directory has that is no part of the layer: mount points, and marks that hide nothing."""

import os
import stat

from wherry.engine.snapshots import attributes
from wherry.engine.snapshots.directories import is_whiteout
from wherry.engine.snapshots.inherit import Inheritance
from wherry.engine.snapshots.model import CommitOptions

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MADE_MODE = 0o755  # of directories that the runtime makes


class Stubs:
    """Recognises mount points and the directories on the way to them, as :class:`CommitOptions` says."""

    def __init__(self, options: CommitOptions, below: Inheritance) -> None:
        self._first_id = options.first_id
        self._below = below
        self._points = {os.fsencode(path).strip(b"/") for path in options.stubs}
        self._ways = set(self._points)
        for path in self._points:
            while path := path.rpartition(b"/")[0]:
                self._ways.add(path)

    def skip(self, path: bytes, status: os.stat_result, directory: int) -> bool:
        """Whether what is at ``path``, in the open ``directory``, is a stub and nothing else, or hides nothing."""
        if is_whiteout(status):
            return self._below.find(path) is None
        if path not in self._ways:
            return False
        if stat.S_ISDIR(status.st_mode):
            return self._is_as_below(path, status) and self._holds_stubs_only(path, directory)
        empty = stat.S_ISREG(status.st_mode) and status.st_size == 0 and status.st_nlink == 1
        return empty and path in self._points and self._below.find(path) is None

    def _is_as_below(self, path: bytes, status: os.stat_result) -> bool:
        owner = status.st_uid - self._first_id, status.st_gid - self._first_id
        mode = stat.S_IMODE(status.st_mode)
        found = self._below.find(path)
        if found is None:
            return mode == _MADE_MODE and owner == (0, 0)
        same_owner = owner == (found.st_uid, found.st_gid)
        return stat.S_ISDIR(found.st_mode) and same_owner and mode == stat.S_IMODE(found.st_mode)

    def _holds_stubs_only(self, path: bytes, directory: int) -> bool:
        fd = os.open(path.rpartition(b"/")[2], _DIRECTORY, dir_fd=directory)
        try:
            if attributes.read(fd, self._first_id).opaque:
                return False
            for name in map(os.fsencode, os.listdir(fd)):
                status = os.lstat(name, dir_fd=fd)
                if not self.skip(path + b"/" + name, status, fd):
                    return False
            return True
        finally:
            os.close(fd)
