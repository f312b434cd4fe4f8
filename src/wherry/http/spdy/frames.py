"""Frames: the wire's form, read piece by piece and written whole. Pure (SPDY 3.1, 2.2 and 2.6)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

CONTROL_BYTES = 64 << 10
"""Of a control frame, read: none that makes sense has more."""
DATA_BYTES = (1 << 24) - 1
"""Of a data frame, written."""
FIN = 0x01
UNIDIRECTIONAL = 0x02
_CONTROL, _VERSION = 0x8000, 3
_ID = 0x7FFF_FFFF
_HEAD, _WORD, _TWO = struct.Struct(">II"), struct.Struct(">I"), struct.Struct(">II")


class Type(IntEnum):
    """Of control frames; others are ignored."""

    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    HEADERS = 8
    WINDOW_UPDATE = 9


class Status(IntEnum):
    """Why a stream was reset."""

    PROTOCOL_ERROR = 1
    INVALID_STREAM = 2
    REFUSED_STREAM = 3
    UNSUPPORTED_VERSION = 4
    CANCEL = 5
    INTERNAL_ERROR = 6
    FLOW_CONTROL_ERROR = 7


class GoAway(IntEnum):
    """Why a connection ends."""

    OK = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2


class ProtocolError(Exception):
    """What came is no SPDY: the connection must end."""


@dataclass(frozen=True, slots=True)
class Control:
    type: int
    flags: int
    payload: bytes

    def word(self, at: int = 0) -> int:
        """The number at ``at``. Raises ProtocolError."""
        if len(self.payload) < at + 4:
            raise ProtocolError(f"a control frame of type {self.type} has {len(self.payload)} bytes")
        return int(_WORD.unpack_from(self.payload, at)[0])


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of a data frame. ``fin``: the stream has ended with it."""

    stream: int
    data: bytes
    fin: bool


class Reader:
    """Takes bytes to frames. Keeps no more than one control frame: data goes on as it comes."""

    def __init__(self) -> None:
        self._rest = b""
        self._stream = 0
        self._left = 0
        self._fin = False

    def feed(self, data: bytes) -> Iterator[Control | Data]:
        """Raises ProtocolError. The iterator must be read to its end before more is fed."""
        data, at = self._rest + data if self._rest else data, 0
        self._rest = b""
        while at < len(data):
            if self._left:
                piece = data[at : at + self._left]
                at += len(piece)
                self._left -= len(piece)
                yield Data(self._stream, piece, self._fin and not self._left)
                continue
            if len(data) - at < 8:
                break
            first, second = _HEAD.unpack_from(data, at)
            flags, length = second >> 24, second & 0xFF_FFFF
            if not first >> 31:
                at += 8
                self._stream, self._left, self._fin = first, length, bool(flags & FIN)
                if not length:
                    yield Data(first, b"", self._fin)
                continue
            _check(first, length)
            if len(data) - at < 8 + length:
                break
            yield Control(first & 0xFFFF, flags, data[at + 8 : at + 8 + length])
            at += 8 + length
        self._rest = data[at:]


def _check(first: int, length: int) -> None:
    version = first >> 16 & 0x7FFF
    if version != _VERSION:
        raise ProtocolError(f"a control frame of version {version}")
    if length > CONTROL_BYTES:
        raise ProtocolError(f"a control frame of {length} bytes")


def control(type: Type, payload: bytes, flags: int = 0) -> bytes:
    """A whole frame."""
    return _HEAD.pack((_CONTROL | _VERSION) << 16 | type, flags << 24 | len(payload)) + payload


def data(stream: int, content: bytes, fin: bool = False) -> bytes:
    """A whole frame. At most :data:`DATA_BYTES`."""
    return _HEAD.pack(stream, (FIN if fin else 0) << 24 | len(content)) + content


def words(*numbers: int) -> bytes:
    """What most control frames carry."""
    return struct.pack(f">{len(numbers)}I", *numbers)


def stream_id(word: int) -> int:
    return word & _ID


def settings(payload: bytes) -> Iterator[tuple[int, int]]:
    """Number and value of each. Raises ProtocolError."""
    if len(payload) < 4 or len(payload) != 4 + 8 * _WORD.unpack_from(payload)[0]:
        raise ProtocolError(f"a SETTINGS frame has {len(payload)} bytes")
    for at in range(4, len(payload), 8):
        number, value = _TWO.unpack_from(payload, at)
        yield number & 0xFF_FFFF, value
