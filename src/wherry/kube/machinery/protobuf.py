"""Bodies in ``application/vnd.kubernetes.protobuf``, read into the objects that the same in JSON would be.

Such a body is four bytes, ``k8s\\0``, and a message ``runtime.Unknown``: what it is (apiVersion and kind) and the
object as a message of its own (apimachinery pkg/runtime/serializer/protobuf). How messages are made is in
:mod:`wherry.kube.machinery.protofields`; they are written by :mod:`wherry.kube.machinery.protowriting`.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from struct import unpack_from
from typing import Any

import msgspec

from wherry.kube.machinery import jsondocs, protofields
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.protowire import BYTES, FIXED64, OF_VARINT, VARINT, Malformed, skip, varint
from wherry.kube.machinery.status import bad_request

MAGIC = b"k8s\x00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OF_ALL_GROUPS = re.compile("(?:Create|Update|Patch|Delete|List|Get)Options")


class _Body(bytes):
    """Bytes that count how many messages may still be read from them, and how many elements, entries and strangers."""

    left = jsondocs.MAX_CONTAINERS
    values_left = jsondocs.MAX_VALUES

    def inside(self, data: bytes) -> "_Body":
        """Of a field's bytes, to be read in their turn."""
        found = _Body(data)
        found.left, found.values_left = self.left, self.values_left
        return found


class _Field(msgspec.Struct, eq=False):
    name: str
    take: "Callable[[_Field, Object, _Body, int, int, int], None]"
    """Puts what is between two places of the bytes into an object: (field, object, bytes, start, stop, depth)."""
    type: str
    zero_is_nothing: bool = False

    @property
    def message(self) -> "_Message":
        """Of a field whose type is one."""
        return _message(self.type)


class _Message(msgspec.Struct, eq=False):
    """``fields`` by tag: number and wire type."""

    name: str
    fields: dict[int, _Field] = msgspec.field(default_factory=dict)
    numbers: set[int] = msgspec.field(default_factory=set)


def decode(data: bytes) -> Object:
    """The object of a body. Raises StatusError 400."""
    if not data.startswith(MAGIC):
        shown = " ".join(str(each) for each in MAGIC)
        raise bad_request(f"provided data does not appear to be a protobuf message, expected prefix [{shown}]")
    try:
        return _unknown(_Body(data), len(MAGIC), len(data), 0)
    except Malformed as error:
        raise bad_request(f"couldn't read the body as protobuf: {error}") from error
    except IndexError as error:
        raise bad_request("couldn't read the body as protobuf: unexpected EOF") from error
    except UnicodeDecodeError as error:
        raise bad_request("couldn't read the body as protobuf: a text is not valid UTF-8") from error


def _unknown(data: _Body, start: int, stop: int, depth: int) -> Object:
    """Of a ``runtime.Unknown``."""
    outer: Object = {}
    _fill(_message("runtime.Unknown"), outer, data, start, stop, depth)
    meta = outer.get("typeMeta", {})
    version, kind = meta.get("apiVersion", ""), meta.get("kind", "")
    if outer.get("contentEncoding"):
        raise Malformed(f"unsupported content encoding {outer['contentEncoding']!r}")
    if outer.get("contentType") not in (None, "", "application/vnd.kubernetes.protobuf"):
        raise Malformed(f"unsupported content type {outer['contentType']!r}")
    document: Object = {"apiVersion": version, "kind": kind}
    raw = data.inside(outer.get("raw", b""))
    _fill(_message(_kind(version, kind)), document, raw, 0, len(raw), depth)
    return document


def _kind(version: str, kind: str) -> str:
    """The name of the message. Raises StatusError 400."""
    if not kind:
        raise bad_request("Object 'Kind' is missing in the protobuf message")
    found = protofields.kinds().get((version, kind))
    if found is None and _OF_ALL_GROUPS.fullmatch(kind):
        found = protofields.kinds().get(("v1", kind))  # every group has them
    if found is None:
        raise bad_request(f'no kind "{kind}" is registered for version "{version}" in protobuf')
    return found


# --- reading


def _fill(message: _Message, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    """Put the fields between ``start`` and ``stop`` into an object, over what is there (as protobuf merges)."""
    if depth > jsondocs.MAX_DEPTH:
        raise jsondocs.too_deep()
    data.left -= 1
    if data.left < 0:
        raise jsondocs.too_many()
    fields, at = message.fields, start
    while at < stop:
        tag = data[at]
        at += 1
        if tag > 127:
            tag, at = varint(data, at - 1)
        known = fields.get(tag)
        if known is None:
            at = _skip(message, data, at, tag)
            continue
        end = at
        wire = tag & 7
        if wire == BYTES:
            length = data[at]
            at += 1
            if length > 127:
                length, at = varint(data, at - 1)
            end = at + length
        elif wire == VARINT:
            while data[end] > 127:
                end += 1
            end += 1
        else:
            end += 8
        if end > stop:
            raise Malformed("unexpected EOF")
        known.take(known, into, data, at, end, depth)
        at = end
    if at > stop:
        raise Malformed("unexpected EOF")


def _skip(message: _Message, data: _Body, at: int, tag: int) -> int:
    """Where a field ends that nobody knows."""
    number = tag >> 3
    _count(data)
    if number in message.numbers:
        raise Malformed(f"proto: wrong wireType = {tag & 7} for field {number} of {message.name}")
    return skip(data, at, tag)


def _count(data: _Body) -> None:
    """One more element, entry, or field that nobody knows."""
    data.values_left -= 1
    if data.values_left < 0:
        raise jsondocs.too_many_values()


# --- what becomes of a field's bytes, one function a form. Parameters: see _Field.take.


def _string(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    if start == stop and known.zero_is_nothing:
        into.pop(known.name, None)
    else:
        into[known.name] = data[start:stop].decode()


def _bytes(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    if start == stop and known.zero_is_nothing:
        into.pop(known.name, None)
    else:
        into[known.name] = b64encode(data[start:stop]).decode()


def _raw_bytes(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    into[known.name] = data[start:stop]


def _number(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    value = OF_VARINT[known.type](varint(data, start)[0])
    if not value and known.zero_is_nothing:
        into.pop(known.name, None)
    else:
        into[known.name] = value


def _double(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    value: float = unpack_from("<d", data, start)[0]
    if value != value or value in (float("inf"), float("-inf")):
        raise Malformed(f"{known.name}: {value} is no JSON")
    into[known.name] = int(value) if value.is_integer() and abs(value) < 1e15 else value  # as Go writes it


def _nested(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    _fill(known.message, into.setdefault(known.name, {}), data, start, stop, depth + 1)


def _inline(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    _fill(known.message, into, data, start, stop, depth + 1)


def _special(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    value = _SPECIAL[known.type](data, start, stop, depth + 1)
    if value is None:
        into.pop(known.name, None)
    else:
        into[known.name] = value


def _element(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    _count(data)
    into.setdefault(known.name, []).append(_value(known, data, start, stop, depth))


def _number_element(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    _count(data)
    into.setdefault(known.name, []).append(OF_VARINT[known.type](varint(data, start)[0]))


def _packed(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    elements, convert = into.setdefault(known.name, []), OF_VARINT[known.type]
    while start < stop:
        _count(data)
        value, start = varint(data, start)
        elements.append(convert(value))
    if start > stop:
        raise Malformed("unexpected EOF")


def _entry(known: _Field, into: Object, data: _Body, start: int, stop: int, depth: int) -> None:
    """Of a map: a message of key (1) and value (2); what is left out is empty."""
    _count(data)
    key, value = "", (stop, stop)
    while start < stop:
        tag, start = varint(data, start)
        if tag == 0x0A or tag == 0x12:
            length, start = varint(data, start)
            end = start + length
            if end > stop:
                raise Malformed("unexpected EOF")
            if tag == 0x0A:
                key = data[start:end].decode()
            else:
                value = start, end
            start = end
        else:
            start = _skip(_ENTRY, data, start, tag)
    if start > stop:
        raise Malformed("unexpected EOF")
    into.setdefault(known.name, {})[key] = _value(known, data, *value, depth)


_ENTRY = _Message("map entry", numbers={1, 2})


def _value(known: _Field, data: _Body, start: int, stop: int, depth: int) -> Any:
    """An element of a list, or a value of a map."""
    if known.type == "string":
        return data[start:stop].decode()
    if known.type == "bytes":
        return b64encode(data[start:stop]).decode()
    special = _SPECIAL.get(known.type)
    if special:
        return special(data, start, stop, depth + 1)
    inner: Object = {}
    _fill(known.message, inner, data, start, stop, depth + 1)
    return inner


# --- messages that are something else in JSON (their MarshalJSON); None: null


def _read(name: str, data: _Body, start: int, stop: int, depth: int) -> Object:
    found: Object = {}
    _fill(_message(name), found, data, start, stop, depth)
    return found


def _moment(data: _Body, start: int, stop: int, depth: int) -> datetime | None:
    """An empty message is the zero time, which is null."""
    if start == stop:
        return None
    found = _read("wire.Timestamp", data, start, stop, depth)
    try:
        return _EPOCH + timedelta(seconds=found.get("seconds", 0), microseconds=found.get("nanos", 0) // 1000)
    except OverflowError as error:
        raise Malformed("a time is outside of the years 1 to 9999") from error


def _time(data: _Body, start: int, stop: int, depth: int) -> str | None:
    moment = _moment(data, start, stop, depth)
    return None if moment is None else moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _micro_time(data: _Body, start: int, stop: int, depth: int) -> str | None:
    moment = _moment(data, start, stop, depth)
    return None if moment is None else moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _quantity(data: _Body, start: int, stop: int, depth: int) -> str:
    text: str = _read("wire.Text", data, start, stop, depth).get("text", "0")
    return text


def _int_or_string(data: _Body, start: int, stop: int, depth: int) -> int | str:
    found = _read("wire.IntOrString", data, start, stop, depth)
    if found.get("type", 0) not in (0, 1):
        raise Malformed("impossible IntOrString.Type")
    value: int | str = found.get("text", "") if found.get("type") else found.get("number", 0)
    return value


def _json(data: _Body, start: int, stop: int, depth: int) -> Any:
    """JSON as it is, or (of a RawExtension) an object in the form of a whole body."""
    raw = _read("wire.Raw", data, start, stop, depth).get("raw", b"")
    if raw.startswith(MAGIC):
        inner = data.inside(raw)
        return _unknown(inner, len(MAGIC), len(inner), depth + 1)
    return jsondocs.parse(raw, jsondocs.MAX_DEPTH - depth) if raw else None


def _strings(data: _Body, start: int, stop: int, depth: int) -> list[str]:
    texts: list[str] = _read("wire.Strings", data, start, stop, depth).get("items", [])
    return texts


def _schema_or_bool(data: _Body, start: int, stop: int, depth: int) -> Any:
    found = _read("wire.SchemaOrBool", data, start, stop, depth)
    return found.get("schema", found.get("allows", False))


def _schema_or_list(data: _Body, start: int, stop: int, depth: int) -> Any:
    found = _read("wire.SchemaOrList", data, start, stop, depth)
    return found.get("list", found.get("schema"))


def _schema_or_strings(data: _Body, start: int, stop: int, depth: int) -> Any:
    found = _read("wire.SchemaOrStrings", data, start, stop, depth)
    return found.get("list", found.get("schema"))


_SPECIAL: dict[str, Callable[[_Body, int, int, int], Any]] = {
    "time": _time,
    "microtime": _micro_time,
    "quantity": _quantity,
    "intorstring": _int_or_string,
    "json": _json,
    "strings": _strings,
    "schemaorbool": _schema_or_bool,
    "schemaorarray": _schema_or_list,
    "schemaorstrings": _schema_or_strings,
}

# --- messages, made when first met


@cache
def _message(name: str) -> _Message:
    found = _Message(name)
    for row in protofields.rows(name):
        wire, take = _taker(row)
        found.numbers.add(row.number)
        found.fields[row.number << 3 | wire] = _Field(row.name, take, row.type, row.zero_is_nothing)
        if take is _number_element:  # readers of proto2 take both forms
            found.fields[row.number << 3 | BYTES] = _Field(row.name, _packed, row.type)
    return found


def _taker(row: protofields.Row) -> "tuple[int, Callable[[_Field, Object, _Body, int, int, int], None]]":
    """The wire type, and the function above."""
    if row.cardinality == "*":
        return (VARINT, _number_element) if row.type in OF_VARINT else (BYTES, _element)
    if row.cardinality:
        return BYTES, _entry if row.cardinality == "%" else _inline
    if row.type in OF_VARINT:
        return VARINT, _number
    if row.type == "double":
        return FIXED64, _double
    return BYTES, _OF_BYTES.get(row.type, _special if row.type in _SPECIAL else _nested)


_OF_BYTES = {"string": _string, "bytes": _bytes, "raw": _raw_bytes}
