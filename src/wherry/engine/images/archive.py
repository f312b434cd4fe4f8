"""Reading members of a tar that somebody sent, by name, without ever writing one to a path of its choosing.

The archive lies in one file of ours. An index of where each member's bytes are is all that is made of it. Only what
``docker save``, podman and skopeo write is understood: files, links between them, long names (GNU, pax); everything
else is passed over. Format: POSIX.1-2017 pax "ustar Interchange Format", GNU tar manual "Basic Tar Format".
"""

import io
import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from wherry.kit.errors import Invalid, NotFound

_BLOCK = 512
_MEMBER_LIMIT = 65_536
_NAME_LIMIT_BYTES = 65_536
_PAX_LIMIT_BYTES = 1 << 20
_LINK_LIMIT = 16
_FILES = (b"0", b"\0", b"7")
_LINKS = (b"1", b"2")
_WITHOUT_DATA = (*_LINKS, b"3", b"4", b"5", b"6")


@dataclass(frozen=True, slots=True)
class Member:
    """Where a file's bytes are; or, with ``link``, the cleaned name of the member that has them."""

    offset: int
    size_bytes: int
    link: str | None = None


class Section(io.RawIOBase):
    """Part of an open file as a file of its own; does not move the file's position, does not own it."""

    def __init__(self, fd: int, member: Member) -> None:
        super().__init__()
        self._fd = fd
        self._at = member.offset
        self._end = member.offset + member.size_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any writable buffer
        wanted = min(len(buffer), self._end - self._at)
        count = os.preadv(self._fd, [memoryview(buffer)[:wanted]], self._at) if wanted else 0
        self._at += count
        return count


class Archive:
    """The members of the tar in ``fd``, which stays the caller's. Raises Invalid when it is not a whole tar."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._members = dict(_members(fd))

    def __contains__(self, name: str) -> bool:
        try:
            self._find(name)
        except NotFound:
            return False
        return True

    def _find(self, name: str) -> Member:
        """The file of a name, through links inside the archive."""
        wanted = clean(name)
        for _ in range(_LINK_LIMIT):
            member = self._members.get(wanted)
            if member is None:
                break
            if member.link is None:
                return member
            wanted = member.link
        raise NotFound(f"invalid archive: does not contain {name}")

    def size(self, name: str) -> int:
        return self._find(name).size_bytes

    def open(self, name: str) -> Section:
        """The bytes of a file; NotFound."""
        return Section(self._fd, self._find(name))

    def read(self, name: str, limit_bytes: int) -> bytes:
        """A whole small file; NotFound, and Invalid when it is larger than ``limit_bytes``."""
        member = self._find(name)
        if member.size_bytes > limit_bytes:
            raise Invalid(f"invalid archive: {name} has {member.size_bytes} bytes, at most {limit_bytes} are read")
        return _exactly(self._fd, member.offset, member.size_bytes)


def clean(name: str) -> str:
    """A member's name relative to the archive's root; ``..`` stops there."""
    return posixpath.normpath(posixpath.join("/", name)).lstrip("/")


def _members(fd: int) -> Iterator[tuple[str, Member]]:
    for count, (name, header, offset, size) in enumerate(_entries(fd)):
        if count >= _MEMBER_LIMIT:
            raise Invalid(f"invalid archive: more than {_MEMBER_LIMIT} members")
        kind = header.kind
        if kind in _FILES and not name.endswith("/"):
            yield clean(name), Member(offset, size)
        elif kind in _LINKS:
            # A hard link's target counts from the root, a symbolic link's from where the link is.
            base = posixpath.dirname(clean(name)) if kind == b"2" else ""
            yield clean(name), Member(0, 0, clean(posixpath.join(base, header.link)))


@dataclass(slots=True)
class _Header:
    name: str
    link: str
    kind: bytes
    size: int


def _entries(fd: int) -> Iterator[tuple[str, _Header, int, int]]:
    """Name, header, data offset and data size of every member, extension headers applied."""
    end = os.fstat(fd).st_size
    at = 0
    extended: dict[str, str] = {}
    while at < end:
        header = _header(_exactly(fd, at, _BLOCK))
        at += _BLOCK
        if header is None:
            return
        size = 0 if header.kind in _WITHOUT_DATA else header.size
        if header.kind in _FILES and "size" in extended:
            size = _pax_number(extended["size"])
        if size > end - at:
            raise Invalid("invalid archive: unexpected EOF")
        if header.kind in (b"L", b"K", b"x"):
            extended.update(_extension(fd, header.kind, at, size))
        elif header.kind != b"g":
            header.link = extended.get("linkpath", header.link)
            yield extended.get("path", header.name), header, at, size
            extended = {}
        at += -(-size // _BLOCK) * _BLOCK


def _header(block: bytes) -> _Header | None:
    """A header block; None for the zeros that end an archive. Raises Invalid for anything else."""
    if not block.strip(b"\0"):
        return None
    checksum = _number(block[148:156])
    plain = sum(block[:148]) + 8 * 0x20 + sum(block[156:])
    if checksum != plain:
        raise Invalid("invalid archive: not a tar header (checksum)")
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and block[345]:
        name = f"{_text(block[345:500])}/{name}"
    return _Header(name, _text(block[157:257]), block[156:157], _number(block[124:136]))


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int:
    """Octal digits, or GNU's base 256 when the first bit is set; never negative."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if field[0] & 0x40 or value >= 1 << 62:
            raise Invalid("invalid archive: a number in a tar header is out of range")
        return value
    digits = field.strip(b" \0")
    if digits.strip(b"01234567"):
        raise Invalid("invalid archive: a number in a tar header is not octal")
    return int(digits, 8) if digits else 0


def _extension(fd: int, kind: bytes, at: int, size: int) -> dict[str, str]:
    """What an extension header says of the next member: its name, its link, its size."""
    limit = _PAX_LIMIT_BYTES if kind == b"x" else _NAME_LIMIT_BYTES
    if size > limit:
        raise Invalid(f"invalid archive: an extended header has {size} bytes, at most {limit} are read")
    data = _exactly(fd, at, size)
    if kind == b"x":
        return dict(_pax_records(data))
    return {"path" if kind == b"L" else "linkpath": _text(data)}


def _pax_records(data: bytes) -> Iterator[tuple[str, str]]:
    """``length key=value\\n`` records; only keys that matter here."""
    at = 0
    while at < len(data):
        length_text, space, _ = data[at : at + 20].partition(b" ")
        if not space or not length_text.isdigit():
            raise Invalid("invalid archive: malformed extended header")
        length = int(length_text)
        record = data[at + len(length_text) + 1 : at + length]
        key, equals, value = record.partition(b"=")
        if length <= len(length_text) + 1 or at + length > len(data) or not equals or not value.endswith(b"\n"):
            raise Invalid("invalid archive: malformed extended header")
        if key in (b"path", b"linkpath", b"size"):
            yield key.decode(), value[:-1].decode("utf-8", "surrogateescape")
        at += length


def _pax_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid("invalid archive: malformed size in an extended header")
    return int(text)


def _exactly(fd: int, at: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = os.pread(fd, size, at)
        if not part:
            raise Invalid("invalid archive: unexpected EOF")
        parts.append(part)
        at += len(part)
        size -= len(part)
    return b"".join(parts)
