"""Messages as others write them, for tests: by hand, so that ours are not their own judge."""

import struct
from collections.abc import Sequence


def label_wire(text: str) -> bytes:
    return b"".join(bytes((len(each),)) + each.encode("latin-1") for each in text.split(".") if each) + b"\0"


def query(
    name: str,
    type_: int = 1,
    *,
    id_: int = 7,
    flags: int = 0x0100,
    klass: int = 1,
    edns: int | None = None,
    do: bool = False,
) -> bytes:
    """``edns``: the size in an OPT record."""
    found = struct.pack("!HHHHHH", id_, flags, 1, 0, 0, edns is not None) + label_wire(name)
    found += struct.pack("!HH", type_, klass)
    if edns is not None:
        found += b"\0" + struct.pack("!HHIH", 41, edns, 0x8000 if do else 0, 0)
    return found


def rr(name: bytes, type_: int, ttl: int, data: bytes) -> bytes:
    return name + struct.pack("!HHIH", type_, 1, ttl, len(data)) + data


QUESTION = b"\xc0\x0c"
"""A pointer to the question's name."""
OPT = rr(b"\0", 41, 0, b"")


def reply(
    asked: bytes, answers: Sequence[bytes] = (), authority: Sequence[bytes] = (), more: Sequence[bytes] = (), *,
    code: int = 0, flags: int = 0x8180, id_: int | None = None,
) -> bytes:  # fmt: skip
    """To a query: with its question, and these records."""
    end = 12
    while asked[end]:
        end += asked[end] + 1
    number = struct.unpack("!H", asked[:2])[0] if id_ is None else id_
    head = struct.pack("!HHHHHH", number, flags | code, 1, len(answers), len(authority), len(more))
    return head + asked[12 : end + 5] + b"".join((*answers, *authority, *more))


def address(*parts: int, ttl: int = 60) -> bytes:
    """An A record for the question's name."""
    return rr(QUESTION, 1, ttl, bytes(parts))


def soa(ttl: int = 60, minimum: int = 30) -> bytes:
    data = label_wire("ns.example.org") + label_wire("admin.example.org") + struct.pack("!IIIII", 1, 2, 3, 4, minimum)
    return rr(label_wire("example.org"), 6, ttl, data)
