"""Heads of HTTP/1.1 messages, written and read by ourselves: for a connection that carries one request. Pure."""

import re
from collections.abc import Iterable

import msgspec

LIMIT_BYTES = 64 << 10
END = b"\r\n\r\n"
_STATUS = re.compile(r"HTTP/1\.[01] ([1-9][0-9]{2})(?: ([^\r\n\0]*))?")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*")
_UNSAFE = re.compile(r"[\r\n\0]")

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)
"""What is between two neighbours only (RFC 9110 7.6.1)."""
Fields = list[tuple[str, str]]


class Head(msgspec.Struct, frozen=True):
    """Of an answer. ``raw`` is as it came."""

    status: int
    reason: str
    fields: Fields
    raw: bytes

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known.lower() == name]

    def get(self, name: str) -> str:
        """``name`` in lower case; empty when there is none."""
        return ", ".join(self.all(name))

    @property
    def is_chunked(self) -> bool:
        return self.get("transfer-encoding").lower().endswith("chunked")

    @property
    def length(self) -> int | None:
        """Bytes of the body; None: until the end. Raises ValueError."""
        values = set(self.all("content-length"))
        if not values:
            return None
        value = values.pop()
        if values or not (value.isascii() and value.isdigit()) or len(value) > 18:
            raise ValueError(f"a body of {self.get('content-length')[:80]!r} bytes")
        return int(value)

    def has_body(self, method: str) -> bool:
        return method != "HEAD" and self.status >= 200 and self.status not in (204, 304)


def parse(raw: bytes) -> Head:
    """``raw`` ends with :data:`END`. Raises ValueError for what is no head of an answer."""
    first, *lines = raw[: -len(END)].decode("latin-1").split("\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise ValueError(f"not the beginning of an answer: {first[:80]!r}")
    fields = []
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise ValueError(f"not a header field: {line[:80]!r}")
        fields.append((field[1], field[2]))
    return Head(int(status[1]), status[2] or "", fields, raw)


def request(method: str, target: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """The head of a request. Raises ValueError for what would be more than one line."""
    return _head(f"{method} {target} HTTP/1.1", fields)


def answer(status: int, reason: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """The head of an answer. Raises ValueError."""
    return _head(f"HTTP/1.1 {status} {reason}", fields)


def _head(first: str, fields: Iterable[tuple[str, str]]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in fields)]
    for line in lines:
        if _UNSAFE.search(line):
            raise ValueError(f"a line of a head has a line break in it: {line[:80]!r}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def end_to_end(fields: Iterable[tuple[str, str]]) -> Fields:
    """Those that go on to the next: neither hop-by-hop ones nor those that Connection names."""
    fields = list(fields)
    named = {
        each.strip().lower() for name, value in fields if name.lower() == "connection" for each in value.split(",")
    }
    return [(name, value) for name, value in fields if name.lower() not in HOP_BY_HOP | named]
