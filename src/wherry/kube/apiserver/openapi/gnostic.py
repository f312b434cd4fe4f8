"""OpenAPI 2.0 in protobuf, as kubectl 1.27 and 1.28 want it.

The messages are gnostic's (openapiv2/OpenAPIv2.proto of google/gnostic-models). Each is a row of :data:`_TABLE`: its
fields by their names in JSON, with number and type. A type with a small letter is a scalar; ``*`` is a list. What is
in JSON an object with free names is in protobuf a list of pairs, and what may be this or that is a message around it:
these have functions of their own. Fields that begin with ``x-`` go into the message's ``vendor`` field.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from struct import pack
from typing import Any

from wherry.kube.machinery import jsondocs
from wherry.kube.machinery.protowire import BYTES, FIXED64, VARINT
from wherry.kube.machinery.protowire import written as write_varint

Node = Mapping[str, Any]  # of an OpenAPI document, JSON

CONTENT_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
OLD_CONTENT_TYPE = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
"""What kubectl accepts, and cannot read in an answer: Go's media types have no @ in them."""

_PRIMITIVE = (
    "type:{0}:text format:{1}:text items:{2}:PrimitivesItems collectionFormat:{3}:text default:{4}:any "
    "maximum:{5}:double exclusiveMaximum:{6}:bool minimum:{7}:double exclusiveMinimum:{8}:bool maxLength:{9}:whole "
    "minLength:{10}:whole pattern:{11}:text maxItems:{12}:whole minItems:{13}:whole uniqueItems:{14}:bool "
    "enum:{15}:*any multipleOf:{16}:double"
)


def _primitive(first: int) -> str:
    return _PRIMITIVE.format(*range(first, first + 17))


_TABLE = {
    "Document": "swagger:1:text info:2:Info paths:8:paths definitions:9:Definitions security:12:*security "
    "securityDefinitions:13:securities",
    "Info": "title:1:text version:2:text description:3:text vendor:7:vendor",
    "PathItem": "get:2:Operation put:3:Operation post:4:Operation delete:5:Operation options:6:Operation "
    "head:7:Operation patch:8:Operation parameters:9:*parameter vendor:10:vendor",
    "Operation": "tags:1:*text summary:2:text description:3:text operationId:5:text produces:6:*text consumes:7:*text "
    "parameters:8:*parameter responses:9:responses schemes:10:*text deprecated:11:bool vendor:13:vendor",
    "BodyParameter": "description:1:text name:2:text in:3:text required:4:bool schema:5:Schema vendor:6:vendor",
    "HeaderParameter": f"required:1:bool in:2:text description:3:text name:4:text {_primitive(5)} vendor:22:vendor",
    "QueryParameter": "required:1:bool in:2:text description:3:text name:4:text allowEmptyValue:5:bool "
    f"{_primitive(6)} vendor:23:vendor",
    "PathParameter": f"required:1:bool in:2:text description:3:text name:4:text {_primitive(5)} vendor:22:vendor",
    "PrimitivesItems": f"{_primitive(1)} vendor:18:vendor",
    "Response": "description:1:text schema:2:schemaitem vendor:5:vendor",
    "ApiKeySecurity": "type:1:text name:2:text in:3:text description:4:text vendor:5:vendor",
    "ExternalDocs": "description:1:text url:2:text vendor:3:vendor",
    "Schema": "$ref:1:text format:2:text title:3:text description:4:text default:5:any multipleOf:6:double "
    "maximum:7:double exclusiveMaximum:8:bool minimum:9:double exclusiveMinimum:10:bool maxLength:11:whole "
    "minLength:12:whole pattern:13:text maxItems:14:whole minItems:15:whole uniqueItems:16:bool maxProperties:17:whole "
    "minProperties:18:whole required:19:*text enum:20:*any additionalProperties:21:additional type:22:types "
    "items:23:items allOf:24:*Schema properties:25:Definitions discriminator:26:text readOnly:27:bool "
    "externalDocs:29:ExternalDocs example:30:any vendor:31:vendor",
}


def encode(document: Node) -> bytes:
    """A whole document. Fields that the messages have not (a custom kind's schema may say anything) are left out."""
    return _message("Document", document)


@cache
def _rows(name: str) -> dict[str, tuple[int, bool, str]]:
    """Field → number, whether it is a list, type."""
    rows = {}
    for text in _TABLE[name].split():
        field, number, kind = text.split(":")
        rows[field] = int(number), kind.startswith("*"), kind.removeprefix("*")
    return rows


def _message(name: str, node: Node) -> bytes:
    rows = _rows(name)
    written = []
    for field, value in node.items():
        if field.startswith("x-"):
            written.append(_chunk(rows["vendor"][0], _named(field, _any(value))))
            continue
        if field not in rows:
            continue
        number, is_list, kind = rows[field]
        written += [_field(number, kind, each) for each in (value if is_list else (value,))]
    return b"".join(written)


def _field(number: int, kind: str, value: Any) -> bytes:
    if kind == "text":
        return _chunk(number, value.encode())
    if kind in ("bool", "whole"):
        return write_varint(number << 3 | VARINT) + write_varint(int(value)) if value else b""
    if kind == "double":
        return write_varint(number << 3 | FIXED64) + pack("<d", value) if value else b""
    special = _SPECIAL.get(kind)
    return _chunk(number, special(value) if special else _message(kind, value))


def _chunk(number: int, data: bytes) -> bytes:
    return write_varint(number << 3 | BYTES) + write_varint(len(data)) + data


def _named(name: str, value: bytes) -> bytes:
    """A pair: NamedSchema, NamedAny and the others are all made like this."""
    return _chunk(1, name.encode()) + _chunk(2, value)


def _pairs(number: int, named: Iterable[tuple[str, bytes]]) -> bytes:
    return b"".join(_chunk(number, _named(name, value)) for name, value in named)


def _any(value: Any) -> bytes:
    """Gnostic keeps YAML; JSON is some."""
    return _chunk(2, jsondocs.encode(value))


def _definitions(node: Node) -> bytes:
    return _pairs(1, ((name, _message("Schema", each)) for name, each in node.items()))


def _paths(node: Node) -> bytes:
    return _pairs(2, ((path, _message("PathItem", each)) for path, each in node.items()))


def _responses(node: Node) -> bytes:
    return _pairs(1, ((code, _chunk(1, _message("Response", each))) for code, each in node.items()))


_PLACES = {"header": (1, "HeaderParameter"), "query": (3, "QueryParameter"), "path": (4, "PathParameter")}


def _parameter(node: Node) -> bytes:
    """Of a ParametersItem: a Parameter, which is one of body or not, which is one of several places."""
    place = node["in"]
    if place == "body":
        return _chunk(1, _chunk(1, _message("BodyParameter", node)))
    number, name = {"header": (1, "HeaderParameter"), "query": (3, "QueryParameter"), "path": (4, "PathParameter")}[
        place
    ]
    return _chunk(1, _chunk(2, _chunk(number, _message(name, node))))


def _additional(value: Any) -> bytes:
    if isinstance(value, bool):
        return write_varint(2 << 3 | VARINT) + write_varint(value)
    return _chunk(1, _message("Schema", value))


def _items(value: Any) -> bytes:
    return b"".join(_chunk(1, _message("Schema", each)) for each in (value if isinstance(value, list) else [value]))


def _types(value: Any) -> bytes:
    return b"".join(_chunk(1, each.encode()) for each in (value if isinstance(value, list) else [value]))


def _security(node: Node) -> bytes:
    return _pairs(1, ((name, _types(scopes)) for name, scopes in node.items()))


def _securities(node: Node) -> bytes:
    return _pairs(1, ((name, _chunk(2, _message("ApiKeySecurity", each))) for name, each in node.items()))


_SPECIAL: dict[str, Callable[[Any], bytes]] = {
    "any": _any,
    "Definitions": _definitions,
    "paths": _paths,
    "responses": _responses,
    "parameter": _parameter,
    "schemaitem": lambda node: _chunk(1, _message("Schema", node)),
    "additional": _additional,
    "items": _items,
    "types": _types,
    "security": _security,
    "securities": _securities,
}
