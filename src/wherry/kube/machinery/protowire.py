"""The wire format of protobuf, below messages: tags, numbers, lengths.

A field is a tag (number and wire type) and a value. Reading past the end of the bytes raises IndexError or gives a
place behind them: who reads looks at it.
"""

from collections.abc import Callable

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types; 3 and 4 are groups, which no message here has."""
_MAX_VARINT_BYTES = 10


class Malformed(Exception):
    """The bytes are no such message."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of up to 64 bits, and where it ends."""
    value = shift = 0
    for _ in range(_MAX_VARINT_BYTES):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise Malformed("proto: integer overflow")


def written(value: int) -> bytes:
    """The number as :func:`varint` reads it, negative ones as 64 bits."""
    if 0 <= value < 128:
        return _SHORT[value]
    value &= 0xFFFFFFFFFFFFFFFF
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


_SHORT = tuple(bytes((value,)) for value in range(128))


def skip(data: bytes, at: int, tag: int) -> int:
    """Where the field ends whose tag has just been read."""
    number, wire = tag >> 3, tag & 7
    if number == 0:
        raise Malformed(f"proto: illegal tag 0 (wire type {wire})")
    if wire == VARINT:
        return varint(data, at)[1]
    if wire == BYTES:
        length, at = varint(data, at)
        return at + length
    if wire == FIXED64:
        return at + 8
    if wire == FIXED32:
        return at + 4
    raise Malformed(f"proto: illegal wireType {wire}")


def _int32(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - 0x100000000 if value & 0x80000000 else value


def _int64(value: int) -> int:
    return value - 0x10000000000000000 if value & 0x8000000000000000 else value


OF_VARINT: dict[str, Callable[[int], int | bool]] = {"int32": _int32, "int64": _int64, "bool": bool}
"""A number as read → the value of a field of that type."""
