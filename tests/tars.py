"""Tar archives made byte by byte: also such as no program writes.

Every function gives the bytes of one or more blocks, :func:`archive` puts them together. Names are text or bytes. What
an entry's header cannot hold (a long name, extended attributes) goes into a pax header before it.
"""

import struct
from collections.abc import Iterable, Mapping
from typing import Any

REGULAR, HARD_LINK, SYMBOLIC_LINK, CHARACTER, BLOCK, DIRECTORY, FIFO = (bytes([c]) for c in b"0123456")
USTAR, GNU, V7 = b"ustar\x0000", b"ustar  \0", bytes(8)
_LAYOUT = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12s")
_NAME_BYTES = 100

Name = str | bytes
Records = Mapping[Name, Name] | Iterable[tuple[Name, Name]]


def raw(name: Name) -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def number(value: int, width: int) -> bytes:
    """Octal digits where they suffice, else GNU's base 256."""
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    return bytes([0x80 if value >= 0 else 0xFF]) + value.to_bytes(width - 1, "big", signed=value < 0)


def block(
    name: Name,
    kind: bytes = REGULAR,
    *,
    size: int | bytes = 0,
    link: Name = b"",
    mode: int | bytes = 0o644,
    uid: int | bytes = 0,
    gid: int | bytes = 0,
    mtime: int | bytes = 0,
    major: int = 0,
    minor: int = 0,
    magic: bytes = USTAR,
    prefix: bytes = b"",
    tail: bytes = b"",
) -> bytes:
    """One header with a right checksum. A number may be given as the bytes of its field."""

    def field(value: int | bytes, width: int) -> bytes:
        return value if isinstance(value, bytes) else number(value, width)

    return with_checksum(
        _LAYOUT.pack(
            raw(name), field(mode, 8), field(uid, 8), field(gid, 8), field(size, 12), field(mtime, 12), b"", kind,
            raw(link), magic, b"", b"", number(major, 8), number(minor, 8), prefix, tail,
        )
    )  # fmt: skip


def with_checksum(header: bytes) -> bytes:
    total = sum(header[:148]) + 8 * 32 + sum(header[156:])
    return header[:148] + b"%06o\0 " % total + header[156:]


def records(pairs: Records) -> bytes:
    """``length key=value\\n`` each, the length counting itself."""
    text = b""
    for key, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
        rest = b" %s=%s\n" % (raw(key), raw(value))
        length = len(rest) + len(str(len(rest)))
        length += len(str(length)) - len(str(len(rest)))
        text += b"%d%s" % (length, rest)
    return text


def pax(pairs: Records, kind: bytes = b"x") -> bytes:
    """An extended header."""
    return special(kind, records(pairs))


def special(kind: bytes, data: bytes) -> bytes:
    """An entry that only describes the next one: x, g, L, K."""
    return block("././@LongLink" if kind in b"LK" else "pax", kind, size=len(data)) + padded(data)


def entry(
    name: Name, kind: bytes = REGULAR, data: bytes = b"", *, link: Name = b"", xattrs: Records = (), **fields: Any
) -> bytes:
    """Header, pax header if need be, and data."""
    pairs = xattrs.items() if isinstance(xattrs, Mapping) else xattrs
    extended = [(b"SCHILY.xattr." + raw(key), raw(value)) for key, value in pairs]
    for key, value in ((b"path", raw(name)), (b"linkpath", raw(link))):
        if len(value) > _NAME_BYTES:
            extended.append((key, value))
    before = pax(extended) if extended else b""
    fields.setdefault("size", len(data))
    return before + block(raw(name)[:_NAME_BYTES], kind, link=raw(link)[:_NAME_BYTES], **fields) + padded(data)


def file(name: Name, data: bytes = b"", **fields: Any) -> bytes:
    return entry(name, REGULAR, data, **fields)


def folder(name: Name, mode: int = 0o755, **fields: Any) -> bytes:
    return entry(name, DIRECTORY, mode=mode, **fields)


def symlink(name: Name, target: Name, **fields: Any) -> bytes:
    return entry(name, SYMBOLIC_LINK, link=target, mode=0o777, **fields)


def hardlink(name: Name, target: Name, **fields: Any) -> bytes:
    return entry(name, HARD_LINK, link=target, **fields)


def fifo(name: Name, **fields: Any) -> bytes:
    return entry(name, FIFO, **fields)


def device(name: Name, major: int, minor: int, kind: bytes = CHARACTER, **fields: Any) -> bytes:
    return entry(name, kind, major=major, minor=minor, **fields)


def archive(*parts: bytes) -> bytes:
    """The parts and the end marker."""
    return b"".join(parts) + bytes(1024)
