"""Watching directories: inotify(7)."""

import ctypes
import os
import struct
from collections.abc import Iterator

from wherry.linux.errors import KernelError

MODIFY, MOVED_TO, CREATE = 0x2, 0x80, 0x100  # include/uapi/linux/inotify.h
_OVERFLOW = 0x4000
_HEADER = struct.Struct("iIII")  # wd, mask, cookie, length of the name behind it

_libc = ctypes.CDLL(None, use_errno=True)


class Inotify:
    """One inotify instance; ``fd`` becomes readable when something has changed. ``with`` closes it.

    An instance counts against fs.inotify.max_user_instances (128 unless set otherwise): share one.
    """

    def __init__(self) -> None:
        self.fd: int = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise KernelError(ctypes.get_errno(), "watch files")

    def add(self, path: str, mask: int = MODIFY | CREATE | MOVED_TO) -> int:
        """Watch a directory; the watch's number, the same one when it is watched already."""
        number: int = _libc.inotify_add_watch(self.fd, os.fsencode(path), ctypes.c_uint32(mask))
        if number < 0:
            raise KernelError(ctypes.get_errno(), "watch directory", path)
        return number

    def remove(self, number: int) -> None:
        """Idempotent: the watch of a directory that was deleted is gone already."""
        _libc.inotify_rm_watch(self.fd, number)

    def changed(self) -> Iterator[int | None]:
        """The numbers of watches that something has happened to; None: too much happened, anything may have changed."""
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return
        place = 0
        while place < len(data):
            number, mask, _cookie, length = _HEADER.unpack_from(data, place)
            place += _HEADER.size + length
            yield None if mask & _OVERFLOW else number

    def close(self) -> None:
        os.close(self.fd)

    def __enter__(self) -> "Inotify":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
