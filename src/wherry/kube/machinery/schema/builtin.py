"""The schemas of Kubernetes' own kinds.

Read from the two files that ``hatch_build.py`` puts into ``data/``. The structure is indexed when first asked for
(about a millisecond) and a definition is decoded when somebody looks into it: a start pays for what it uses. All of it
is cached, and the same for the whole process.
"""

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.schema.model import Schema

Raw = dict[str, Any]  # a node of the OpenAPI document, JSON

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
OBJECT_META = META + "ObjectMeta"
JSON_SCHEMA = _EXTENSIONS + "JSONSchemaProps"
SCHEMA_OR_BOOL = JSON_SCHEMA + "OrBool"
SCHEMA_OR_ARRAY = JSON_SCHEMA + "OrArray"
SCHEMA_OR_STRINGS = JSON_SCHEMA + "OrStringArray"
TIME = META + "Time"
MICRO_TIME = META + "MicroTime"

# What these types hold their Go code says, and OpenAPI does not.
_ANYTHING: dict[str, dict[str, Any]] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"quantity": True},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"int_or_string": True},
    "io.k8s.apimachinery.pkg.runtime.RawExtension": {"type": "object", "preserve_unknown": True},
    META + "FieldsV1": {"type": "object", "preserve_unknown": True, "map_type": "atomic"},
    META + "Patch": {"type": "object", "preserve_unknown": True},
    _EXTENSIONS + "JSON": {"preserve_unknown": True},
    SCHEMA_OR_BOOL: {"preserve_unknown": True},
    SCHEMA_OR_ARRAY: {"preserve_unknown": True},
    SCHEMA_OR_STRINGS: {"preserve_unknown": True},
}

# Defaults that identify an entry of a list (``x-kubernetes-list-map-keys``); OpenAPI v2, our source, has none at all.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "io.k8s.api.core.v1.ContainerPort": {"protocol": "TCP"},
    "io.k8s.api.core.v1.ServicePort": {"protocol": "TCP"},
}


class _Document(msgspec.Struct):
    kinds: dict[str, str]
    definitions: dict[str, msgspec.Raw]


def _data(name: str) -> bytes:
    """Of one of the files; without them the package was not built."""
    found = Path(__file__).with_name("data") / name
    try:
        return found.read_bytes()
    except FileNotFoundError as error:
        raise RuntimeError(f"{found} is missing: install the package (pip install -e .), which makes it") from error


@functools.cache
def _document() -> _Document:
    return msgspec.json.decode(_data("structure.json"), type=_Document)


def schema_of(gvk: GroupVersionKind) -> Schema:
    """Of a built-in kind, or of its list. Raises KeyError."""
    return definition(_document().kinds[f"{gvk.group_version}/{gvk.kind}"])


def kinds() -> tuple[GroupVersionKind, ...]:
    """All that have a schema: kinds, their lists, and what is only sent or answered (``Scale``, ``Status``)."""
    parts = (text.rpartition("/") for text in _document().kinds)
    return tuple(
        GroupVersionKind(group, version, kind)
        for group_version, _, kind in parts
        for group, _, version in (group_version.rpartition("/"),)
    )


@functools.cache
def definition(name: str) -> Schema:
    """By its OpenAPI name, such as ``io.k8s.api.core.v1.PodSpec``. Raises KeyError."""
    text = _document().definitions[name]
    if name in _ANYTHING:
        return Schema(name=name, **_ANYTHING[name])
    return _inline(msgspec.json.decode(text), name)


def _node(raw: Raw) -> Schema:
    """A reference is the definition itself, unless something beside it changes how it merges."""
    reference = raw.get("$ref")
    if reference:
        base = definition(reference.rpartition("/")[2])
        return base if len(raw) == 1 else _beside(base, raw)
    if raw.keys() <= {"type", "format"}:
        return _leaf(raw.get("type", ""), raw.get("format", ""))
    return _inline(raw)


@functools.cache
def _leaf(kind: Any, form: str) -> Schema:
    """Thousands of fields are plain texts and numbers: they share a node."""
    return Schema(type=kind, format=form)


def _beside(base: Schema, raw: Raw) -> Schema:
    return replace(base, **_merging(raw), resolve_properties=lambda: base.properties)


def _merging(raw: Raw) -> dict[str, Any]:
    """What patches and server-side apply want to know: the extensions, under the names of :class:`Schema`."""
    found: dict[str, Any] = {}
    if "x-kubernetes-list-type" in raw:
        found["list_type"] = raw["x-kubernetes-list-type"]
    if "x-kubernetes-list-map-keys" in raw:
        found["list_map_keys"] = tuple(raw["x-kubernetes-list-map-keys"])
    if "x-kubernetes-map-type" in raw:
        found["map_type"] = raw["x-kubernetes-map-type"]
    if "x-kubernetes-patch-strategy" in raw:
        found["patch_strategies"] = frozenset(raw["x-kubernetes-patch-strategy"].split(","))
    if "x-kubernetes-patch-merge-key" in raw:
        found["patch_merge_key"] = raw["x-kubernetes-patch-merge-key"]
    return found


def _inline(raw: Raw, name: str = "") -> Schema:
    properties, items, additional = raw.get("properties"), raw.get("items"), raw.get("additionalProperties")
    return Schema(
        type=raw.get("type", ""),
        format=raw.get("format", ""),
        name=name,
        required=tuple(raw.get("required", ())),
        resolve_properties=functools.partial(_properties, properties, name) if properties else None,
        resolve_items=functools.partial(_node, items) if items else None,
        resolve_additional=functools.partial(_node, additional) if additional else None,
        **_merging(raw),
    )


def _properties(raw: Mapping[str, Raw], name: str) -> dict[str, Schema]:
    made = {field: _node(each) for field, each in raw.items()}
    for field, value in _DEFAULTS.get(name, {}).items():
        made[field] = replace(made[field], default=value)
    return made


@functools.cache
def raw_definitions() -> Raw:
    """OpenAPI v2's ``definitions`` as upstream writes them, descriptions and ``#/definitions/`` references included.

    About 4 MB once decoded; do not change it.
    """
    import gzip

    found: Raw = msgspec.json.decode(gzip.decompress(_data("definitions.json.gz")))
    return found
