"""From the ``openAPIV3Schema`` of a CustomResourceDefinition's version to a :class:`Schema`.

The document must be one that :mod:`.wellformed` finds nothing wrong with. Nodes are made when somebody looks at them:
a definition may have thousands, and most objects use few.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from wherry.kube.machinery.schema import builtin
from wherry.kube.machinery.schema.model import MISSING, Schema

Raw = dict[str, Any]  # a node of the document, JSON

META_FIELDS = ("apiVersion", "kind", "metadata")
_PLAIN = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "x-kubernetes-validations"),
)
"""Constraints that are kept as they are."""
_COMBINED = ("allOf", "anyOf", "oneOf")


def from_crd(document: Raw | None) -> Schema:
    """The schema of a whole object: it has apiVersion, kind and metadata, whether the document says so or not.

    None, and nothing is known of its fields: all are kept.
    """
    raw = {"x-kubernetes-preserve-unknown-fields": True} if document is None else document
    return node({"type": "object", **raw, "x-kubernetes-embedded-resource": True})


def node(raw: Raw) -> Schema:
    """The schema of a value somewhere in an object."""
    embedded = raw.get("x-kubernetes-embedded-resource", False)
    properties, items, additional = raw.get("properties"), raw.get("items"), raw.get("additionalProperties")
    default = raw.get("default")
    return Schema(
        type=raw.get("type", ""),
        format=raw.get("format", ""),
        required=tuple(raw.get("required", ())),
        nullable=raw.get("nullable", False),
        enum=tuple(raw.get("enum", ())),
        default=MISSING if default is None else default,
        int_or_string=raw.get("x-kubernetes-int-or-string", False),
        preserve_unknown=raw.get("x-kubernetes-preserve-unknown-fields", False),
        embedded=embedded,
        list_type=raw.get("x-kubernetes-list-type", ""),
        list_map_keys=tuple(raw.get("x-kubernetes-list-map-keys", ())),
        map_type=raw.get("x-kubernetes-map-type", ""),
        constraints=_constraints(raw),
        resolve_properties=partial(_properties, properties or {}, embedded) if properties or embedded else None,
        resolve_items=partial(node, items) if items else None,
        resolve_additional=_additional(additional),
    )


def _properties(raw: Raw, embedded: bool) -> dict[str, Schema]:
    made = {name: node(each) for name, each in raw.items()}
    if embedded:
        made["metadata"] = _metadata(made.get("metadata"))
        made.setdefault("apiVersion", Schema(type="string"))
        made.setdefault("kind", Schema(type="string"))
    return made


def _metadata(restricted: Schema | None) -> Schema:
    """ObjectMeta; a definition may restrict its names."""
    whole = builtin.definition(builtin.OBJECT_META)
    if restricted is None or not (restricted.properties or restricted.constraints or restricted.required):
        return whole
    properties = {**whole.properties, **restricted.properties}
    return replace(
        whole,
        name="",
        required=restricted.required,
        constraints=restricted.constraints,
        resolve_properties=lambda: properties,
        _properties=None,
    )


def _additional(raw: Raw | bool | None) -> Callable[[], Schema] | None:
    """``true`` allows any value but no fields in it; so does ``false``, which is a constraint besides."""
    if raw is None:
        return None
    return Schema if isinstance(raw, bool) else partial(node, raw)


def _constraints(raw: Raw) -> Raw:
    found: Raw = {name: raw[name] for name in _PLAIN if name in raw}
    for name in _COMBINED:
        if raw.get(name):
            found[name] = tuple(node(each) for each in raw[name])
    if raw.get("not") is not None:
        found["not"] = node(raw["not"])
    if raw.get("additionalProperties") is False:
        found["additionalProperties"] = False
    return found
