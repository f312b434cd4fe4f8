"""Questions for addresses and names, and answers to them, in DNS's wire format (RFC 1035, section 4): pure.

Only what a container's own names need; every other message is handed on as it is.
"""

import struct
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import msgspec

A, PTR, AAAA = 1, 12, 28
SERVER_FAILURE = 2
_INTERNET = 1
_HEADER = struct.Struct(">HHHHHH")
_KIND = struct.Struct(">HH")
_RECORD = struct.Struct(">HHHIH")  # a pointer to the question's name, type, class, seconds to live, length
_QUESTION_NAME = 0xC00C
_RESPONSE, _RECURSION_WANTED, _RECURSION_AVAILABLE = 0x8000, 0x0100, 0x0080
_OPCODE = 0x7800
_TTL_SECONDS = 600  # libnetwork, resolver.go: respTTL
_REVERSE, _REVERSE6 = ".in-addr.arpa", ".ip6.arpa"
_VERSIONS = {A: 4, AAAA: 6}
Address = IPv4Address | IPv6Address


class Question(msgspec.Struct, frozen=True):
    """``name`` in lower case, without the last dot; ``end`` is where it ends in the message."""

    name: str
    kind: int
    end: int

    @property
    def address(self) -> Address | None:
        """Whose name is asked for (RFC 3596, 2.5); None: no address's."""
        if self.kind != PTR:
            return None
        try:
            if self.name.endswith(_REVERSE):
                return IPv4Address(".".join(reversed(self.name.removesuffix(_REVERSE).split("."))))
            if self.name.endswith(_REVERSE6):
                digits = "".join(reversed(self.name.removesuffix(_REVERSE6).split(".")))
                return IPv6Address(bytes.fromhex(digits))
        except ValueError:
            pass
        return None


def read(message: bytes) -> Question | None:
    """The question of an ordinary query with one; None for anything else."""
    if len(message) < _HEADER.size:
        return None
    _, flags, count, *_ = _HEADER.unpack_from(message)
    if flags & (_RESPONSE | _OPCODE) or count != 1:
        return None
    labels, at = [], _HEADER.size
    while at < len(message) and (length := message[at]):
        label = message[at + 1 : at + 1 + length]
        if length > 63 or len(label) < length:
            return None
        labels.append(label.decode("ascii", "replace").lower())
        at += 1 + length
    at += 1
    if at + _KIND.size > len(message):
        return None
    kind, internet = _KIND.unpack_from(message, at)
    return Question(".".join(labels), kind, at + _KIND.size) if internet == _INTERNET else None


def addresses(message: bytes, question: Question, found: Sequence[Address]) -> bytes:
    """The answer: those of the kind that is asked for, or that there are none."""
    version = _VERSIONS.get(question.kind)
    return _answer(message, question, [one.packed for one in found if one.version == version], question.kind)


def name(message: bytes, question: Question, found: str) -> bytes:
    """The answer that an address has this name."""
    labels = [label.encode("ascii", "replace")[:63] for label in found.split(".")]
    packed = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    return _answer(message, question, [packed], PTR)


def failure(message: bytes, question: Question) -> bytes:
    """That nobody knows just now."""
    return _answer(message, question, [], A, SERVER_FAILURE)


def _answer(message: bytes, question: Question, records: Sequence[bytes], kind: int, code: int = 0) -> bytes:
    number, flags, *_ = _HEADER.unpack_from(message)
    flags = _RESPONSE | _RECURSION_AVAILABLE | (flags & _RECURSION_WANTED) | code
    head = _HEADER.pack(number, flags, 1, len(records), 0, 0)
    body = b"".join(_RECORD.pack(_QUESTION_NAME, kind, _INTERNET, _TTL_SECONDS, len(data)) + data for data in records)
    return head + message[_HEADER.size : question.end] + body
