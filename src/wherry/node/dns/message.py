"""DNS messages on the wire (RFC 1035 §4, RFC 6891): queries that come in, answers that go out, answers of others.

Whatever comes in is hostile: every length is checked, pointers only lead backwards, nothing is read twice as long as
the message is. Raises :class:`Malformed`, nothing else.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from wherry.node.dns.names import MOST_BYTES, MOST_LABEL_BYTES, Name, wire
from wherry.node.dns.records import INTERNET, Code, Record, Type

HEADER = struct.Struct("!HHHHHH")
_FIXED = struct.Struct("!HHIH")  # behind a record's name: type, class, ttl, length
_QUESTION = struct.Struct("!HH")
_POINTER = 0xC0
RESPONSE, AUTHORITATIVE, TRUNCATED, DESIRED, AVAILABLE = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
CHECKING_DISABLED = 0x0010
_OPCODE, _CODE = 0x7800, 0x000F
_DO = 0x8000
PLAIN_BYTES = 512
OUR_BYTES = 1232
"""What a datagram of ours may have: more is broken up on the way, somewhere (DNS flag day 2020)."""
MOST_MESSAGE_BYTES = 65535


class Malformed(ValueError):
    """Not a DNS message, or none that means anything."""


@dataclass(frozen=True, slots=True)
class Query:
    """``asked`` is the name as it was written, on the wire. ``edns``: the asker knows extensions; ``size`` is what it
    takes by datagram."""

    id: int
    flags: int
    name: Name
    type: int
    klass: int
    asked: bytes
    edns: bool = False
    version: int = 0
    wants_signatures: bool = False
    size: int = PLAIN_BYTES

    @property
    def opcode(self) -> int:
        return (self.flags & _OPCODE) >> 11

    @property
    def question(self) -> bytes:
        return self.asked + _QUESTION.pack(self.type, self.klass)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said. ``is_ours``: of a zone of our own."""

    code: int = Code.NOERROR
    answers: Sequence[Record] = ()
    authority: Sequence[Record] = ()
    more: Sequence[Record] = ()
    is_ours: bool = True


def parse_query(data: bytes) -> Query:
    """A query has one question, and nothing else but an OPT record that counts."""
    if len(data) < HEADER.size:
        raise Malformed("shorter than a header")
    id_, flags, questions, answers, authority, more = HEADER.unpack_from(data)
    if flags & RESPONSE:
        raise Malformed("a response")
    if questions != 1:
        raise Malformed(f"{questions} questions")
    labels, end = read_name(data, HEADER.size)
    if end + 4 > len(data):
        raise Malformed("the question ends early")
    type_, klass = _QUESTION.unpack_from(data, end)
    asked = data[HEADER.size : end]
    if len(asked) != len(wire(labels)):
        raise Malformed("a compressed question")
    opt = _options(data, end + 4, answers + authority + more)
    if opt is None:
        return Query(id_, flags, labels, type_, klass, asked)
    size, ttl = opt
    return Query(
        id_, flags, labels, type_, klass, asked, True, (ttl >> 16) & 0xFF, bool(ttl & _DO), max(size, PLAIN_BYTES)
    )


def _options(data: bytes, offset: int, count: int) -> tuple[int, int] | None:
    """Class and TTL of the OPT record."""
    found = None
    for _ in range(count):
        _, end = read_name(data, offset)
        type_, klass, ttl, length = _fixed(data, end)
        if type_ == Type.OPT:
            if found is not None:
                raise Malformed("two OPT records")
            found = (klass, ttl)
        offset = end + _FIXED.size + length
        if offset > len(data):
            raise Malformed("a record ends early")
    return found


def read_name(data: bytes, offset: int) -> tuple[Name, int]:
    """Labels in lower case, and where what follows begins."""
    labels: list[bytes] = []
    end, length, limit = 0, 1, offset
    while True:
        if offset >= len(data):
            raise Malformed("a name ends early")
        size = data[offset]
        if size & _POINTER == _POINTER:
            if offset + 1 >= len(data):
                raise Malformed("a pointer ends early")
            target = (size & ~_POINTER) << 8 | data[offset + 1]
            if target >= limit:  # only backwards, each further back than the last: it comes to an end
                raise Malformed("a pointer that does not lead back")
            end = end or offset + 2
            offset = limit = target
        elif size > MOST_LABEL_BYTES:
            raise Malformed("an unknown kind of label")
        elif not size:
            return tuple(labels), end or offset + 1
        else:
            label = data[offset + 1 : offset + 1 + size]
            length += size + 1
            if len(label) != size or length > MOST_BYTES:
                raise Malformed("a name is too long or ends early")
            labels.append(label.lower())
            offset += size + 1


def _fixed(data: bytes, offset: int) -> tuple[int, int, int, int]:
    if offset + _FIXED.size > len(data):
        raise Malformed("a record ends early")
    type_, klass, ttl, length = _FIXED.unpack_from(data, offset)
    return type_, klass, ttl, length


# Answers


def encode(query: Query, answer: Answer, limit: int) -> bytes:
    """An answer of at most ``limit`` bytes; what does not fit is said to be truncated, and left out altogether."""
    flags = RESPONSE | (query.flags & (_OPCODE | DESIRED | CHECKING_DISABLED)) | AVAILABLE | (answer.code & _CODE)
    flags |= AUTHORITATIVE if answer.is_ours else 0
    options = opt(answer.code >> 4) if query.edns else b""
    written = _Writing(query)
    counts = [written.add(section) for section in (answer.answers, answer.authority, answer.more)]
    if HEADER.size + len(written.body) + len(options) > limit and counts[2]:
        written = _Writing(query)  # what is only helpful goes first
        counts = [*(written.add(section) for section in (answer.answers, answer.authority)), 0]
    body = bytes(written.body)
    if HEADER.size + len(body) + len(options) > limit:
        flags, body, counts = flags | TRUNCATED, query.question, [0, 0, 0]
    return HEADER.pack(query.id, flags, 1, counts[0], counts[1], counts[2] + bool(options)) + body + options


def refusal(query: Query, code: int) -> bytes:
    """An answer without any record."""
    return encode(query, Answer(code, is_ours=False), PLAIN_BYTES)


def formerr(data: bytes) -> bytes | None:
    """What is said to something that looks like a query and is none; None: nothing, it may be an answer."""
    if len(data) < HEADER.size or data[2] & 0x80:
        return None
    flags = int.from_bytes(data[2:4], "big")
    return HEADER.pack(
        int.from_bytes(data[:2], "big"), RESPONSE | (flags & (_OPCODE | DESIRED)) | Code.FORMERR, 0, 0, 0, 0
    )


def opt(extended_code: int = 0, wants_signatures: bool = False, size: int = OUR_BYTES) -> bytes:
    """An OPT record."""
    return b"\0" + _FIXED.pack(Type.OPT, size, extended_code << 24 | (_DO if wants_signatures else 0), 0)


class _Writing:
    """Records behind a question; owners are compressed, since clients with small buffers are still about."""

    def __init__(self, query: Query) -> None:
        self.body = bytearray(query.question)
        self._places: dict[Name, int] = {}
        self._remember(query.name, HEADER.size)

    def add(self, records: Iterable[Record]) -> int:
        count = 0
        for record in records:
            self._name(record.name)
            self.body += _FIXED.pack(record.type, INTERNET, record.ttl, len(record.data)) + record.data
            count += 1
        return count

    def _name(self, labels: Name) -> None:
        start = HEADER.size + len(self.body)
        for index in range(len(labels) + 1):
            place = self._places.get(labels[index:])
            if place is not None and index < len(labels):
                self.body += struct.pack("!H", _POINTER << 8 | place)
                break
            self.body += bytes((len(labels[index]),)) + labels[index] if index < len(labels) else b"\0"
        self._remember(labels, start)

    def _remember(self, labels: Name, offset: int) -> None:
        for index, label in enumerate(labels):
            if offset < 0x4000:
                self._places.setdefault(labels[index:], offset)
            offset += len(label) + 1


# Answers of others


@dataclass(frozen=True, slots=True)
class Reply:
    """Somebody's answer to one of our queries, taken apart. ``ttls`` are the places of what counts down in ``data``,
    which has no OPT record any more; ``code`` is the extended one."""

    data: bytes
    code: int
    truncated: bool
    name: Name
    type: int
    klass: int
    answers: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    ttls: tuple[int, ...] = field(default=())


def parse_reply(data: bytes) -> Reply:
    if len(data) < HEADER.size:
        raise Malformed("shorter than a header")
    id_, flags, questions, *counts = HEADER.unpack_from(data)
    if not flags & RESPONSE or questions != 1:
        raise Malformed("no answer to one question")
    labels, offset = read_name(data, HEADER.size)
    if offset + 4 > len(data):
        raise Malformed("the question ends early")
    type_, klass = _QUESTION.unpack_from(data, offset)
    sections, ttls, cut, extended = _sections(data, offset + 4, counts)
    if cut is not None:
        start, end = cut
        if end != len(data):  # what follows might point at what would move
            return _written_anew(data, sections, extended)
        data = HEADER.pack(id_, flags, 1, counts[0], counts[1], counts[2] - 1) + data[HEADER.size : start]
    code = extended << 4 | flags & _CODE
    return Reply(
        data, code, bool(flags & TRUNCATED), labels, type_, klass, tuple(sections[0]), tuple(sections[1]), tuple(ttls)
    )


def _sections(
    data: bytes, offset: int, counts: Sequence[int]
) -> tuple[list[list[Record]], list[int], tuple[int, int] | None, int]:
    """Records by section, places of TTLs, where the OPT record is, and what it adds to the code."""
    sections: list[list[Record]] = [[], [], []]
    ttls: list[int] = []
    cut, extended = None, 0
    for section, count in zip(sections, counts, strict=True):
        for _ in range(count):
            start = offset
            labels, end = read_name(data, offset)
            type_, _, ttl, length = _fixed(data, end)
            offset = end + _FIXED.size + length
            if offset > len(data):
                raise Malformed("a record ends early")
            if type_ == Type.OPT:
                if cut is not None:
                    raise Malformed("two OPT records")
                cut, extended = (start, offset), ttl >> 24
                continue
            ttls.append(end + 4)
            section.append(Record(labels, type_, ttl, _data(data, type_, end + _FIXED.size, length)))
    return sections, ttls, cut, extended


_NAMES_FROM = {Type.NS: 0, Type.CNAME: 0, Type.PTR: 0, Type.MX: 2, Type.SRV: 6, Type.SOA: 0}


def _data(data: bytes, type_: int, offset: int, length: int) -> bytes:
    """With names uncompressed, in the types that may have compressed ones (RFC 3597 §4)."""
    if type_ not in _NAMES_FROM:
        return data[offset : offset + length]
    before = _NAMES_FROM[Type(type_)]
    end = offset + before
    found = data[offset:end]
    for _ in range(2 if type_ == Type.SOA else 1):
        labels, end = read_name(data, end)
        found += wire(labels)
    if end > offset + length:
        raise Malformed("a name reaches out of its record")
    return found + data[end : offset + length]


def _written_anew(data: bytes, sections: Sequence[Sequence[Record]], extended: int) -> Reply:
    id_, flags, *_ = HEADER.unpack_from(data)
    labels, end = read_name(data, HEADER.size)
    type_, klass = _QUESTION.unpack_from(data, end)
    written = _Writing(Query(id_, flags, labels, type_, klass, data[HEADER.size : end]))
    counts = [written.add(section) for section in sections]
    reply = parse_reply(HEADER.pack(id_, flags, 1, *counts) + bytes(written.body))
    return replace(reply, code=extended << 4 | reply.code)
