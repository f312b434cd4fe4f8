"""One tar header block, and the records of a pax extended header, as values. Pure.

Sources: POSIX.1-2017 pax(1) "ustar Interchange Format" and "pax Extended Header"; GNU tar manual "Basic Tar Format";
where they leave it open, what Go's archive/tar does, because it is what images are made and read with.
"""

import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from struct import Struct

from wherry.kit.errors import Invalid

# name mode uid gid size mtime checksum type link magic(8: with version) uname gname major minor prefix padding
_LAYOUT = Struct("100s8s8s8s12s12s8sc100s8s64x8s8s155s12s")
_USTAR = b"ustar\0"
_STAR_TRAILER = b"tar\0"
_ADLER_PRIME = 65521
_NO_ARCHIVE = "layer is not a tar archive, or is damaged: a header has a wrong checksum"

REGULAR, HARD_LINK, SYMBOLIC_LINK, CHARACTER, BLOCK, DIRECTORY, FIFO = (bytes([c]) for c in b"0123456")
CONTIGUOUS, OLD_REGULAR, GNU_SPARSE = b"7", b"\0", b"S"
PAX, PAX_GLOBAL, SOLARIS_PAX, LONG_NAME, LONG_LINK = b"x", b"g", b"X", b"L", b"K"

Extents = list[tuple[int, int]]
"""(offset, length) of the parts of a sparse file that are in the archive."""


@dataclass(slots=True)
class Header:
    """``kind`` is the type flag. ``size`` is how many bytes follow in the archive, ``real_size`` the file's length.

    ``name`` and ``link`` are as they stand in the archive. ``mtime`` is in nanoseconds since 1970.
    """

    name: bytes
    kind: bytes
    link: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    major: int = 0
    minor: int = 0
    xattrs: dict[bytes, bytes] | None = None
    extents: Extents | None = None
    real_size: int = 0


def parse(block: bytes) -> Header:
    """The header in a block of 512 bytes; Invalid when its checksum or a number is wrong."""
    name, mode, uid, gid, size, mtime, checksum, kind, link, *rest = _LAYOUT.unpack(block)
    magic, major, minor, prefix, trailer = rest
    _check(block, checksum)
    name = name.partition(b"\0")[0]
    if prefix[0] and magic.startswith(_USTAR):
        # star puts access and change time behind a shorter prefix.
        prefix = (prefix[:131] if trailer[-4:] == _STAR_TRAILER else prefix).partition(b"\0")[0]
        name = prefix + b"/" + name
    header = Header(
        name, kind, link.partition(b"\0")[0] if link[0] else b"", number(mode), number(uid), number(gid),
        _length(size), number(mtime) * 1_000_000_000,
    )  # fmt: skip
    if kind in b"34":
        header.major, header.minor = number(major), number(minor)
    return header


def _check(block: bytes, checksum: bytes) -> None:
    """Compare the sum of all bytes, the checksum's own counted as spaces.

    The low half of Adler-32 is that sum plus one modulo a prime, at a fraction of the cost of summing in Python; only
    what differs there is summed exactly, also with signed bytes, as some old programs did.
    """
    try:
        expected = number(checksum)
    except Invalid as error:
        raise Invalid(_NO_ARCHIVE) from error
    if (expected + 1 + sum(checksum) - 256 - (zlib.adler32(block) & 0xFFFF)) % _ADLER_PRIME == 0:
        return
    rest = block[:148] + b" " * 8 + block[156:]
    if expected != sum(byte - 256 if byte > 127 else byte for byte in rest):
        raise Invalid(_NO_ARCHIVE)


@lru_cache(maxsize=4096)
def number(text: bytes) -> int:
    """Octal digits between spaces and NULs (empty is 0), or GNU's base 256 when the first bit is set."""
    if text[0] & 0x80:
        value = int.from_bytes(text, "big")
        bits = len(text) * 8
        return value - (1 << bits) if text[0] & 0x40 else value - (1 << (bits - 1))
    digits = text.strip(b" \0").partition(b"\0")[0].rstrip(b" ")
    if not digits:
        return 0
    try:
        if digits.isdigit():
            return int(digits, 8)
    except ValueError:
        pass
    raise Invalid(f"layer has a damaged tar header: {digits[:24]!r} is not a number")


def _length(text: bytes) -> int:
    value = number(text)
    if value < 0:
        raise Invalid("layer has a damaged tar header: an entry's size is negative")
    return value


def decimal(text: bytes, what: str) -> int:
    """A non-negative decimal number of a pax record."""
    if not text.isdigit() or len(text) > 20:
        raise Invalid(f"layer has a damaged pax header: {what} is {text[:24]!r}")
    return int(text)


def pax_time(text: bytes) -> int:
    """``[-]seconds[.fraction]`` as nanoseconds."""
    seconds, _, fraction = text.removeprefix(b"-").partition(b".")
    if fraction and not fraction.isdigit():
        raise Invalid(f"layer has a damaged pax header: time is {text[:24]!r}")
    nanoseconds = decimal(seconds or b"0", "time") * 1_000_000_000 + int(fraction[:9].ljust(9, b"0"))
    return -nanoseconds if text.startswith(b"-") else nanoseconds


@dataclass(slots=True)
class Extended:
    """What headers before an entry say of it. ``fields`` are the pax records that have no place of their own here."""

    fields: dict[bytes, bytes] = field(default_factory=dict)
    xattrs: dict[bytes, bytes] = field(default_factory=dict)
    sparse: Extents = field(default_factory=list)
    long_name: bytes = b""
    long_link: bytes = b""

    @property
    def sparse_version(self) -> str:
        """``1.0``, ``0`` (0.0 and 0.1, which need not say so), or empty: no sparse file, or none that anybody knows."""
        version = self.fields.get(b"GNU.sparse.major", b""), self.fields.get(b"GNU.sparse.minor", b"")
        if version == (b"1", b"0"):
            return "1.0"
        guessed = version == (b"", b"") and (self.sparse or self.fields.get(b"GNU.sparse.map"))
        return "0" if guessed or version in ((b"0", b"0"), (b"0", b"1")) else ""


_XATTR = b"SCHILY.xattr."


def parse_pax(data: bytes, into: Extended) -> None:
    """Add the records ``length key=value\\n`` of a pax header."""
    at, end = 0, len(data)
    while at < end:
        space = data.find(b" ", at, at + 20)
        length = decimal(data[at : max(at, space)], "a record's length")  # no space: no number
        record = data[space + 1 : at + length]
        key, equals, value = record[:-1].partition(b"=")
        if at + length > end or not record.endswith(b"\n") or not equals or not key or b"\0" in key:
            raise Invalid("layer has a damaged pax header: a record's length does not fit")
        _add(key, value, into)
        at += length


def _add(key: bytes, value: bytes, into: Extended) -> None:
    if key.startswith(_XATTR):
        into.xattrs[key[len(_XATTR) :]] = value
    elif key == b"GNU.sparse.offset":  # version 0.0: pairs of records
        into.sparse.append((decimal(value, "a sparse offset"), 0))
    elif key == b"GNU.sparse.numbytes":
        if not into.sparse:
            raise Invalid("layer has a damaged pax header: GNU.sparse.numbytes without an offset")
        into.sparse[-1] = (into.sparse[-1][0], decimal(value, "a sparse length"))
    elif key in (b"path", b"linkpath") and b"\0" in value:
        raise Invalid("layer has a path with a NUL byte in it")
    else:
        into.fields[key] = value
