"""Objects in ``application/vnd.kubernetes.protobuf``, for clients that take nothing else.

Who takes JSON as well gets that: it is stored as JSON and sent as it is, while this here is made of it, object by
object. What messages are made of is in :mod:`wherry.kube.machinery.protofields`; how they are read, in
:mod:`wherry.kube.machinery.protobuf`. What is null or not there is not written, and fields come in the object's order.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from struct import pack
from typing import Any, TypeAlias

import msgspec

from wherry.kube.machinery import jsondocs, protofields, times
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.protobuf import MAGIC
from wherry.kube.machinery.protowire import BYTES, FIXED64, OF_VARINT, VARINT
from wherry.kube.machinery.protowire import written as write_varint

Value: TypeAlias = Any  # JSON, as the message has it
Make: TypeAlias = Callable[[Value], bytes]
"""What stands between a tag and the next one."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SCHEMA = "apiextensions.v1.JSONSchemaProps"
_NO_ENCODING = b"\x1a\x00\x22\x00"
"""``contentEncoding`` and ``contentType`` of a ``runtime.Unknown``, which Go writes when they are empty."""


def is_writable(api_version: str, kind: str) -> bool:
    """Whether there is a message for it."""
    return (api_version, kind) in protofields.kinds()


def encode(document: Object) -> bytes:
    """A whole body (apimachinery pkg/runtime/serializer/protobuf). ``document``: as the API shows it, a list or a
    Status, too. Raises KeyError when there is no such message."""
    version, kind = document["apiVersion"], document["kind"]
    raw = _written(_message(protofields.kinds()[version, kind]), document)
    meta = _chunk(1, version.encode()) + _chunk(2, kind.encode())
    return b"".join((MAGIC, _chunk(1, meta), _chunk(2, raw), _NO_ENCODING))


def event(line: bytes) -> bytes:
    """A watch's event as a frame of its stream: its length in four bytes, and a ``WatchEvent``, in which the object is
    a whole body. ``line``: the same in JSON."""
    found = msgspec.json.decode(line)
    message = _chunk(1, found["type"].encode()) + _chunk(2, _chunk(1, encode(found["object"])))
    return len(message).to_bytes(4, "big") + message


# --- the wire


def _chunk(number: int, data: bytes) -> bytes:
    return b"".join((write_varint(number << 3 | BYTES), write_varint(len(data)), data))


def _sized(make: Make) -> Make:
    """With its length before it."""

    def made(value: Value) -> bytes:
        data = make(value)
        return write_varint(len(data)) + data

    return made


# --- messages, made when first met


class _Message(msgspec.Struct, eq=False):
    """``fields`` by name: the tag, and what follows it; of lists and maps, of each element. ``inlines``: messages whose
    fields are this one's in JSON, by tag."""

    fields: "dict[str, tuple[bytes, Make, str]]" = msgspec.field(default_factory=dict)
    inlines: "dict[bytes, _Message]" = msgspec.field(default_factory=dict)


def _written(message: _Message, document: Mapping[str, Value]) -> bytes:
    written, fields = list[bytes](), message.fields
    for name, value in document.items():
        if value is None or (known := fields.get(name)) is None:
            continue
        tag, make, cardinality = known
        if not cardinality:
            written += (tag, make(value))
        elif cardinality == "*":
            for each in value:
                written += (tag, make(each))
        else:
            for key in sorted(value):
                written += (tag, make((key, value[key])))
    for tag, inline in message.inlines.items():
        data = _written(inline, document)
        if data:
            written += (tag, write_varint(len(data)), data)
    return b"".join(written)


@cache
def _message(name: str) -> _Message:
    found = _Message()
    for row in protofields.rows(name):
        if row.cardinality == "~":
            found.inlines[write_varint(row.number << 3 | BYTES)] = _message(row.type)
            continue
        wire, make = _maker(row.type)
        if row.cardinality == "%":
            wire, make = BYTES, _sized(_entry(wire, make))
        found.fields[row.name] = (write_varint(row.number << 3 | wire), make, row.cardinality)
    return found


def _entry(wire: int, make: Make) -> Make:
    """Of a map: a message of key (1) and value (2)."""
    tag = write_varint(2 << 3 | wire)
    return lambda pair: b"".join((_chunk(1, pair[0].encode()), tag, make(pair[1])))


def _maker(kind: str) -> tuple[int, Make]:
    """The wire type, and the function."""
    if kind in OF_VARINT:
        return VARINT, lambda value: write_varint(int(value))
    if kind == "double":
        return FIXED64, lambda value: pack("<d", value)
    return BYTES, _sized(_OF_BYTES.get(kind) or (lambda value: _written(_message(kind), value or {})))


# --- messages that are something else in JSON


def _raw(value: Value) -> bytes:
    return _chunk(1, jsondocs.encode(value))


def _time(value: str) -> bytes:
    return _moment(value[:19] + "Z" if value.endswith("Z") else value)


@lru_cache(maxsize=1024)
def _moment(text: str) -> bytes:
    since = times.parse(text) - _EPOCH
    seconds = b"\x08" + write_varint(since.days * 86400 + since.seconds)
    return seconds + b"\x10" + write_varint(since.microseconds * 1000)


def _int_or_string(value: Value) -> bytes:
    if isinstance(value, int):
        return b"\x08\x00\x10" + write_varint(value) + b"\x1a\x00"
    return b"\x08\x01\x10\x00" + _chunk(3, value.encode())


def _strings(value: list[str]) -> bytes:
    return b"".join(_chunk(1, each.encode()) for each in value)


def _schema(value: Object) -> bytes:
    return _written(_message(_SCHEMA), value)


def _schema_or_bool(value: Value) -> bytes:
    if isinstance(value, bool):
        return b"\x08" + write_varint(value)
    return b"\x08\x01" + _chunk(2, _schema(value))


def _schema_or_list(value: Value) -> bytes:
    if isinstance(value, list):
        return b"".join(_chunk(2, _schema(each)) for each in value)
    return _chunk(1, _schema(value))


def _schema_or_strings(value: Value) -> bytes:
    if isinstance(value, list):
        return b"".join(_chunk(2, each.encode()) for each in value)
    return _chunk(1, _schema(value))


_OF_BYTES: dict[str, Make] = {
    "string": str.encode,
    "bytes": b64decode,
    "time": _time,
    "microtime": _moment,
    "quantity": lambda value: _chunk(1, str(value).encode()),
    "intorstring": _int_or_string,
    "json": _raw,
    "strings": _strings,
    "schemaorbool": _schema_or_bool,
    "schemaorarray": _schema_or_list,
    "schemaorstrings": _schema_or_strings,
}
