"""Members of a tar that somebody sent, read by name without ever writing one to a path of its choosing.

The archive lies in one nameless file of ours; an index of where each member's bytes are is all that is made of it. The
tar reader is the one that extracts layers (``engine.snapshots.reader``): ambiguous archives mean the same to both.
"""

import io
import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from wherry.engine.content.space import space_for
from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.decompress import Decompressed
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.model import DEFAULT_LIMITS, Limits
from wherry.engine.snapshots.reader import entries
from wherry.engine.snapshots.source import Source
from wherry.kit.errors import Invalid, NotFound

MEMBER_LIMIT = 65_536
"""Ten members a layer, a thousand images: no archive of images has more. Folders and repetitions count."""

NAMES_LIMIT_BYTES = 16 << 20
"""Of all names and link targets together: 256 bytes a member. One alone may have a mebibyte, and is kept in memory."""

_LINK_LIMIT = 16


@dataclass(frozen=True, slots=True)
class Member:
    """Where a file's bytes are; or, with ``link``, the cleaned name of the member that has them."""

    offset: int
    size_bytes: int
    link: str | None = None


class Section(io.RawIOBase):
    """Part of an open file as a file of its own; neither moves the file's position nor owns it."""

    def __init__(self, fd: int, member: Member) -> None:
        super().__init__()
        self._fd = fd
        self._at = member.offset
        self._end = member.offset + member.size_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # any writable buffer
        wanted = min(len(buffer), self._end - self._at)
        count = os.preadv(self._fd, [memoryview(buffer)[:wanted]], self._at) if wanted else 0
        self._at += count
        return count


class Archive:
    """The members of the tar in ``fd``, which stays the caller's. Safe to read from several threads."""

    def __init__(self, fd: int, members: dict[str, Member]) -> None:
        self._fd = fd
        self._members = members

    @classmethod
    def receive(cls, stream: BinaryIO, fd: int, limits: Limits = DEFAULT_LIMITS) -> "Archive":
        """Write the tar in ``stream``, decompressed, to the empty file ``fd`` and index it.

        Raises Invalid when it is no tar, not whole, or over a limit; Unavailable when the disk is full.
        """
        source = Source(_Copying(stream, fd), limits)
        members: dict[str, Member] = {}
        names_bytes = 0
        for count, header in enumerate(entries(source)):
            names_bytes += len(header.name) + len(header.link)
            if count >= MEMBER_LIMIT or names_bytes > NAMES_LIMIT_BYTES:
                raise Invalid(f"invalid archive: more than {MEMBER_LIMIT} members, or their names are too long")
            members.update(_member(header, source.position))
        source.drain()
        return cls(fd, members)

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def _find(self, name: str) -> Member | None:
        """The file of a name, through links inside the archive."""
        wanted = clean(name)
        for _ in range(_LINK_LIMIT):
            member = self._members.get(wanted)
            if member is None or member.link is None:
                return member
            wanted = member.link
        return None

    def _get(self, name: str) -> Member:
        member = self._find(name)
        if member is None:
            raise NotFound(f"invalid archive: does not contain {name}")
        return member

    def size(self, name: str) -> int:
        """Bytes of a file; NotFound."""
        return self._get(name).size_bytes

    def open(self, name: str) -> Section:
        """The bytes of a file; NotFound."""
        return Section(self._fd, self._get(name))

    def read(self, name: str, limit_bytes: int) -> bytes:
        """A whole small file; NotFound, and Invalid when it is larger than ``limit_bytes``."""
        member = self._get(name)
        if member.size_bytes > limit_bytes:
            raise Invalid(f"invalid archive: {name} has {member.size_bytes} bytes, at most {limit_bytes} are read")
        return Section(self._fd, member).readall() or b""


class _Copying(Decompressed):
    """Writes what passes to a file."""

    def __init__(self, stream: BinaryIO, fd: int) -> None:
        super().__init__(stream)
        self._fd = fd

    def chunk(self) -> bytes:
        data = super().chunk()
        view = memoryview(data)
        with space_for("the archive"):
            while view:
                view = view[os.write(self._fd, view) :]
        return data


def clean(name: str) -> str:
    """A member's name relative to the archive's root; ``..`` stops there."""
    return posixpath.normpath(posixpath.join("/", name)).lstrip("/")


def _member(header: Header, position: int) -> Iterator[tuple[str, Member]]:
    """What the index remembers of an entry: nothing of a sparse file, whose bytes are not in one piece."""
    name = clean(os.fsdecode(header.name))
    if header.kind == tar.REGULAR and header.extents is None:
        yield name, Member(position, header.size)
    elif header.kind in (tar.HARD_LINK, tar.SYMBOLIC_LINK):
        # A hard link's target counts from the root, a symbolic link's from where the link is.
        base = posixpath.dirname(name) if header.kind == tar.SYMBOLIC_LINK else ""
        yield name, Member(0, 0, clean(posixpath.join(base, os.fsdecode(header.link))))
