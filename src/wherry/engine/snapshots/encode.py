"""One tar header as bytes: ustar, with a pax header before it where ustar has no room. Pure.

The opposite of ``header`` and ``reader``. Nothing goes in that differs from machine to machine: no names of users and
groups, no access and change times. Sources: POSIX.1-2017 pax(1); for names that are not ASCII, Go's archive/tar, which
writes them in pax headers.
"""

from struct import Struct

from wherry.engine.snapshots import header as tar
from wherry.engine.snapshots.header import Header
from wherry.engine.snapshots.reader import EXTENDED_LIMIT_BYTES
from wherry.engine.snapshots.source import BLOCK_BYTES
from wherry.kit.errors import Invalid

# name mode uid gid size mtime checksum type link magic and version, uname gname, major minor prefix padding
_LAYOUT = Struct("100s8s8s8s12s12s8sc100s8s64x8s8s155s12x")
_NAME_BYTES, _PREFIX_BYTES = 100, 155
_SHORT_LIMIT, _LONG_LIMIT = 1 << 21, 1 << 33  # of seven and of eleven octal digits
_WITH_NUMBERS = (tar.CHARACTER, tar.BLOCK)

END = bytes(2 * BLOCK_BYTES)
"""What ends an archive."""


def encode(header: Header) -> bytes:
    """The blocks of ``header``; its ``size`` bytes of content and their padding follow them in the archive.

    ``mtime`` is cut to whole seconds. Raises Invalid for an attribute that pax headers cannot hold.
    """
    name, prefix = _split(header.name)
    records = b""
    if not name:
        records += _record(b"path", header.name)
        name = _plain(header.name)
    link = header.link
    if link and (len(link) > _NAME_BYTES or not link.isascii()):
        records += _record(b"linkpath", link)
        link = _plain(link)
    uid, gid, size = header.uid, header.gid, header.size
    if uid >= _SHORT_LIMIT:
        records, uid = records + _record(b"uid", b"%d" % uid), 0
    if gid >= _SHORT_LIMIT:
        records, gid = records + _record(b"gid", b"%d" % gid), 0
    if size >= _LONG_LIMIT:
        records, size = records + _record(b"size", b"%d" % size), 0
    for key in sorted(header.xattrs or ()):
        records += _attribute(header, key)
    seconds = header.mtime // 1_000_000_000
    numbers = (header.major, header.minor) if header.kind in _WITH_NUMBERS else None
    block = _block(name, prefix, (header.mode, uid, gid, size, seconds), header.kind, link, numbers)
    return _extended(records, header.name) + block if records else block


def padding(size: int) -> int:
    """How many zeros follow ``size`` bytes of content."""
    return -size % BLOCK_BYTES


def _split(name: bytes) -> tuple[bytes, bytes]:
    """``name`` as ustar's name and prefix; nothing where it does not fit."""
    if not name.isascii():
        return b"", b""
    if len(name) <= _NAME_BYTES:
        return name, b""
    # The slash between the two belongs to neither; a directory's last one does not count.
    slash = name.rfind(b"/", 0, min(_PREFIX_BYTES + 1, len(name) - 1))
    if slash <= 0 or len(name) - slash - 1 > _NAME_BYTES:
        return b"", b""
    return name[slash + 1 :], name[:slash]


def _plain(name: bytes) -> bytes:
    """Something in the place of a name that stands in the pax header."""
    return bytes(byte for byte in name if byte < 0x80)[:_NAME_BYTES].rstrip(b"/")


def _attribute(header: Header, key: bytes) -> bytes:
    if b"=" in key:
        raise Invalid(f"{header.name!r} has the extended attribute {key!r}, which no archive can hold: remove it")
    return _record(b"SCHILY.xattr." + key, (header.xattrs or {})[key])


def _record(key: bytes, value: bytes) -> bytes:
    """``length key=value\\n``, where length counts its own digits."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _extended(records: bytes, name: bytes) -> bytes:
    if len(records) > EXTENDED_LIMIT_BYTES:
        raise Invalid(f"{name!r} has extended attributes of more than {EXTENDED_LIMIT_BYTES} bytes")
    own = b"PaxHeaders.0/" + _plain(name.rstrip(b"/").rpartition(b"/")[2])[:80]
    block = _block(own, b"", (0o644, 0, 0, len(records), 0), tar.PAX, b"", None)
    return block + records + bytes(padding(len(records)))


def _block(
    name: bytes,
    prefix: bytes,
    values: tuple[int, int, int, int, int],
    kind: bytes,
    link: bytes,
    numbers: tuple[int, int] | None,
) -> bytes:
    mode, uid, gid, size, seconds = values
    major, minor = (b"%07o" % numbers[0], b"%07o" % numbers[1]) if numbers else (b"", b"")
    fields = (name, b"%07o" % mode, b"%07o" % uid, b"%07o" % gid, b"%011o" % size, b"%011o" % seconds)
    rest = (kind, link, b"ustar\x0000", major, minor, prefix)
    unsigned = _LAYOUT.pack(*fields, b" " * 8, *rest)
    return unsigned[:148] + b"%06o\0 " % sum(unsigned) + unsigned[156:]
