"""How the messages of the Kubernetes API are made in protobuf: numbers, names in JSON, types.

The table is ``protobuf_fields.txt`` beside this file (written by ``scripts/protobuf_fields.py``), read when first
asked for. A line ``@apps/v1 apps.v1.Deployment …`` names the objects of a group version; a line
``apps.v1.DeploymentSpec replicas:1:int32 …`` the fields of a message: name in JSON, number, type. ``*`` before the
type: repeated; ``%``: a map from texts; ``~``: the fields are the parent's in JSON. A type with a capital is a message
(of the same package when it has no dot). ``?`` after it: zero is the same as nothing. That is so for what is no pointer
in Go and is left out of JSON when empty: Go programs write such zeros out. A zero of any other field was meant.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

# Messages around the objects, and those that are no object in JSON.
_OWN = """
@meta.k8s.io/v1 meta.v1.PartialObjectMetadata meta.v1.PartialObjectMetadataList
@meta.k8s.io/v1beta1 meta.v1.PartialObjectMetadata meta.v1.PartialObjectMetadataList
meta.v1.PartialObjectMetadata metadata:1:ObjectMeta
meta.v1.PartialObjectMetadataList metadata:1:ListMeta items:2:*PartialObjectMetadata
runtime.Unknown typeMeta:1:TypeMeta raw:2:raw contentEncoding:3:string contentType:4:string
runtime.TypeMeta apiVersion:1:string kind:2:string
wire.Timestamp seconds:1:int64 nanos:2:int32
wire.Text text:1:string
wire.IntOrString type:1:int64 number:2:int32 text:3:string
wire.Raw raw:1:raw
wire.Strings items:1:*string
wire.SchemaOrBool allows:1:bool schema:2:apiextensions.v1.JSONSchemaProps
wire.SchemaOrList schema:1:apiextensions.v1.JSONSchemaProps list:2:*apiextensions.v1.JSONSchemaProps
wire.SchemaOrStrings schema:1:apiextensions.v1.JSONSchemaProps list:2:*string
"""


class Row(NamedTuple):
    """A field. ``cardinality`` is empty, ``*``, ``%`` or ``~``; ``type`` a scalar's name (``string``, ``raw`` bytes,
    ``bytes`` that are base64 in JSON …), a special one (``time``, ``quantity`` …) or a message's, with its package."""

    name: str
    number: int
    cardinality: str
    type: str
    zero_is_nothing: bool


class _Table(msgspec.Struct, frozen=True):
    kinds: dict[tuple[str, str], str]
    lines: dict[str, str]


@cache
def _table() -> _Table:
    table = _Table({}, {})
    for line in (Path(__file__).with_name("protobuf_fields.txt").read_text() + _OWN).splitlines():
        name, _, rest = line.partition(" ")
        if name.startswith("@"):
            for message in rest.split():
                table.kinds[name[1:], message.rpartition(".")[2]] = message
        elif name and name != "#":
            table.lines[name] = rest
    return table


def kinds() -> dict[tuple[str, str], str]:
    """(apiVersion, kind) → message. Do not change it."""
    return _table().kinds


def messages() -> tuple[str, ...]:
    """The names of all."""
    return tuple(_table().lines)


def rows(message: str) -> tuple[Row, ...]:
    """The fields of a message. Raises KeyError."""
    package = message.rpartition(".")[0]
    return tuple(_row(text, package) for text in _table().lines[message].split())


def _row(text: str, package: str) -> Row:
    name, number, type_ = text.split(":")
    zero_is_nothing, type_ = type_.endswith("?"), type_.rstrip("?")
    cardinality, type_ = (type_[0], type_[1:]) if type_[0] in "*%~" else ("", type_)
    if type_[0].isupper():
        type_ = f"{package}.{type_}"
    return Row(name, int(number), cardinality, type_, zero_is_nothing)
