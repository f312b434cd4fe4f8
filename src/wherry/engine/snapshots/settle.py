"""Make a tree what the extraction of its own archive would give: owners, modes, attributes, times, in place."""

import os
import stat

from wherry.engine.snapshots.attributes import CAPABILITY, Attributes
from wherry.engine.snapshots.header import Header
from wherry.linux.trees import remove_tree

_SET_ID = stat.S_ISUID | stat.S_ISGID


class Settler:
    """Gives things the owner, mode, kept attributes and time that their header says, when they have others.

    ``moves_ids``: owners differ from the headers'. The order is chown, chmod, attributes, because chown takes set-id
    bits and capabilities away (chown(2), capabilities(7)).
    """

    def __init__(self, moves_ids: bool) -> None:
        self._moves_ids = moves_ids

    def regular(self, fd: int, header: Header, found: Attributes) -> None:
        self._dress(fd, header, found)
        os.utime(fd, ns=(header.mtime, header.mtime))

    def directory(self, fd: int, header: Header, found: Attributes) -> None:
        """All but the time, which changes while the directory is worked in: see :meth:`leave`."""
        self._dress(fd, header, found)

    def leave(self, fd: int, header: Header) -> None:
        os.utime(fd, ns=(header.mtime, header.mtime))

    def other(self, directory: int, name: bytes, header: Header, found: Attributes) -> None:
        """A symbolic link, device or FIFO, none of which can be opened harmlessly."""
        if self._moves_ids:
            os.chown(name, header.uid, header.gid, dir_fd=directory, follow_symlinks=False)
            if header.mode & _SET_ID and not header.link:
                os.chmod(name, header.mode, dir_fd=directory)
        path = b"/proc/self/fd/%d/%s" % (directory, name)
        for surplus in found.surplus:
            os.removexattr(path, surplus, follow_symlinks=False)
        os.utime(name, ns=(header.mtime, header.mtime), dir_fd=directory, follow_symlinks=False)

    def drop(self, directory: int, name: bytes) -> None:
        """Delete what is in no archive."""
        remove_tree(directory, name)

    def _dress(self, fd: int, header: Header, found: Attributes) -> None:
        if self._moves_ids or header.name == b"":
            os.fchown(fd, header.uid, header.gid)
            if header.mode & _SET_ID or header.name == b"":
                os.fchmod(fd, header.mode)
            if found.kept is not None and CAPABILITY in found.kept:
                os.setxattr(fd, CAPABILITY, found.kept[CAPABILITY])
        for surplus in found.surplus:
            os.removexattr(fd, surplus)
