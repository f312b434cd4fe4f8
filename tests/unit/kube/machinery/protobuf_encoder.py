"""An encoder of protobuf bodies: what a Go client writes for an object in JSON. For tests only."""

from base64 import b64decode
from datetime import UTC, datetime
from struct import pack
from typing import Any

from wherry.kube.machinery import jsondocs, protofields
from wherry.kube.machinery.protobuf import MAGIC

SCALARS = ("string", "int32", "int64", "bool", "bytes", "double", "raw")


def body(document: dict[str, Any], zeros: bool = False) -> bytes:
    """``zeros``: write fields that are no pointers in Go even when they are empty, as Go does."""
    inner = {name: value for name, value in document.items() if name not in ("apiVersion", "kind")}
    identity = document["apiVersion"], document["kind"]
    meta = text(1, identity[0]) + text(2, identity[1])
    return MAGIC + chunk(1, meta) + chunk(2, message(protofields.kinds()[identity], inner, zeros))


def varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


def chunk(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def text(number: int, value: str) -> bytes:
    return chunk(number, value.encode())


def whole(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def message(name: str, document: dict[str, Any], zeros: bool = False) -> bytes:
    """The fields of a message. What the table does not know raises KeyError."""
    left, written = dict(document), b""
    for row in protofields.rows(name):
        if row.cardinality == "~":
            names = _names(row.type)
            inner = {each: left.pop(each) for each in list(left) if each in names}
            written += chunk(row.number, message(row.type, inner, zeros))
        elif row.name in left:
            written += _field(row, left.pop(row.name), zeros)
        elif zeros and row.zero_is_nothing:
            zero: Any = "" if row.type in ("string", "bytes") else 0
            written += _single(row.number, row.type, zero, zeros)
    if left:
        raise KeyError(f"{name} has no {sorted(left)}")
    return written


def _names(name: str) -> set[str]:
    rows = protofields.rows(name)
    below = [_names(row.type) for row in rows if row.cardinality == "~"]
    return {row.name for row in rows if row.cardinality != "~"}.union(*below)


def _field(row: protofields.Row, value: Any, zeros: bool) -> bytes:
    if row.cardinality == "*":
        return b"".join(_single(row.number, row.type, each, zeros) for each in value)
    if row.cardinality == "%":
        return b"".join(
            chunk(row.number, text(1, key) + _single(2, row.type, each, zeros)) for key, each in value.items()
        )
    return _single(row.number, row.type, value, zeros)


def _single(number: int, kind: str, value: Any, zeros: bool) -> bytes:
    if kind in ("int32", "int64", "bool"):
        return whole(number, int(value))
    if kind == "double":
        return varint(number << 3 | 1) + pack("<d", value)
    if kind == "string":
        return text(number, value)
    if kind == "bytes":
        return chunk(number, b64decode(value))
    return chunk(number, _special(kind, value) if kind.islower() and "." not in kind else message(kind, value, zeros))


def _special(kind: str, value: Any) -> bytes:
    match kind:
        case "time" | "microtime":
            moment = datetime.fromisoformat(value)
            since = moment - datetime(1970, 1, 1, tzinfo=UTC)
            return whole(1, since.days * 86400 + since.seconds) + whole(2, since.microseconds * 1000)
        case "quantity":
            return text(1, value)
        case "intorstring":
            if isinstance(value, int):
                return whole(1, 0) + whole(2, value) + text(3, "")
            return whole(1, 1) + whole(2, 0) + text(3, value)
        case "json":
            return chunk(1, jsondocs.encode(value))
        case "strings":
            return b"".join(text(1, each) for each in value)
    schema = "apiextensions.v1.JSONSchemaProps"
    match kind:
        case "schemaorbool":
            return whole(1, value) if isinstance(value, bool) else whole(1, 1) + chunk(2, message(schema, value))
        case "schemaorarray":
            many = value if isinstance(value, list) else []
            single = b"" if isinstance(value, list) else chunk(1, message(schema, value))
            return single + b"".join(chunk(2, message(schema, each)) for each in many)
        case "schemaorstrings":
            if isinstance(value, list):
                return b"".join(text(2, each) for each in value)
            return chunk(1, message(schema, value))
    raise KeyError(kind)
