"""What of OpenAPI a definition's schema may use, and how (k8s.io/apiextensions-apiserver
pkg/apis/apiextensions/validation)."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, not_supported, required
from wherry.kube.machinery.schema.structural import META_FIELDS

Raw = dict[str, Any]  # a node of a definition's openAPIV3Schema, JSON

TYPES = ("array", "boolean", "integer", "number", "object", "string")
_UNSUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")


class _Place(msgspec.Struct, frozen=True):
    """Where in a schema we are."""

    root: bool = False
    inside_meta: bool = False
    """Within apiVersion, kind or metadata."""
    no_defaults: str = ""
    """Why there may be none; empty: there may."""


def openapi_errors(schema: Raw, path: Path) -> list[FieldError]:
    """What is wrong with the schema of a version, but for its structure."""
    return list(_check(schema, path, _Place(root=True)))


def _check(schema: Raw, path: Path, place: _Place) -> Iterator[FieldError]:
    yield from _standard(schema, path, place)
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(path.child("uniqueItems"), detail)
    yield from _fields(schema, path, place)
    below = replace(place, root=False) if place.root else place
    if isinstance(schema.get("not"), dict):
        yield from _check(schema["not"], path.child("not"), below)
    for name in ("allOf", "oneOf", "anyOf"):
        for position, each in enumerate(schema.get(name) or ()):
            yield from _check(each, path.child(name).index(position), below)
    if isinstance(schema.get("items"), dict):
        yield from _check(schema["items"], path.child("items"), below)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        yield invalid(path.child("x-kubernetes-preserve-unknown-fields"), False, "must be true or undefined")
    if "x-kubernetes-map-type" in schema:
        yield from _map_type(schema, path)
    if "x-kubernetes-list-type" in schema or "x-kubernetes-list-map-keys" in schema:
        yield from _list_type(schema, path)
        yield from _list_map(schema, path)
        yield from _keys_are_there(schema, path)
    if schema.get("x-kubernetes-validations"):
        yield from _rules(schema["x-kubernetes-validations"], path.child("x-kubernetes-validations"))


def _standard(schema: Raw, path: Path, place: _Place) -> Iterator[FieldError]:
    kind = schema.get("type", "")
    if kind and kind not in TYPES:
        yield not_supported(path.child("type"), kind, TYPES)
    if schema.get("default") is not None and place.no_defaults:
        yield forbidden(path.child("default"), f"must not be set {place.no_defaults}")
    for name in _UNSUPPORTED:
        if name in schema and schema[name] not in (None, "", {}):
            yield forbidden(path.child(name), f"{name} is not supported")
    if kind == "null":
        yield forbidden(path.child("type"), "type cannot be set to null, use nullable as an alternative")
    if isinstance(schema.get("items"), list):
        yield forbidden(path.child("items"), "items must be a schema object and not an array")
    if place.inside_meta and schema.get("x-kubernetes-embedded-resource"):
        yield forbidden(path.child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta")


def _fields(schema: Raw, path: Path, place: _Place) -> Iterator[FieldError]:
    additional, properties = schema.get("additionalProperties"), schema.get("properties") or {}
    if additional is not None:
        if properties and additional is not True:
            detail = "additionalProperties and properties are mutual exclusive"
            yield forbidden(path.child("additionalProperties"), detail)
        if isinstance(additional, dict):
            below = replace(place, root=False)
            if place.inside_meta:
                below = replace(below, no_defaults="inside additionalProperties applying to object metadata")
            yield from _check(additional, path.child("additionalProperties"), below)
    inner = replace(place, root=False) if place.root else place
    for name, each in properties.items():
        below = inner
        if name in META_FIELDS and (place.root or schema.get("x-kubernetes-embedded-resource")):
            below = replace(below, inside_meta=True)
            if place.root:
                below = replace(below, no_defaults=f"in top-level {name}")
        yield from _check(each, path.child("properties").key(name), below)


def _map_type(schema: Raw, path: Path) -> Iterator[FieldError]:
    found = schema["x-kubernetes-map-type"]
    yield from _must_be("object", schema.get("type", ""), path, "x-kubernetes-map-type")
    if found not in ("atomic", "granular"):
        yield not_supported(path.child("x-kubernetes-map-type"), found, ("atomic", "granular"))


def _must_be(wanted: str, kind: str, path: Path, extension: str) -> Iterator[FieldError]:
    detail = f"must be {wanted} if {extension} is specified"
    if not kind:
        yield required(path.child("type"), detail)
    elif kind != wanted:
        yield invalid(path.child("type"), kind, detail)


def _list_type(schema: Raw, path: Path) -> Iterator[FieldError]:
    found, items = schema.get("x-kubernetes-list-type"), schema.get("items")
    if found is not None:
        yield from _must_be("array", schema.get("type", ""), path, "x-kubernetes-list-type")
        if found == "set" and schema.get("type") == "array" and isinstance(items, dict):
            yield from _set_of(items, path.child("items"))
        if found not in ("atomic", "set", "map"):
            yield not_supported(path.child("x-kubernetes-list-type"), found, ("atomic", "set", "map"))
    if schema.get("x-kubernetes-list-map-keys") and found != "map":
        detail = "must be map if x-kubernetes-list-map-keys is non-empty"
        at = path.child("x-kubernetes-list-type")
        yield required(at, detail) if found is None else invalid(at, found, detail)


def _set_of(items: Raw, path: Path) -> Iterator[FieldError]:
    """The elements of a set are compared whole."""
    detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
    list_type, map_type = items.get("x-kubernetes-list-type"), items.get("x-kubernetes-map-type")
    if items.get("type") == "array" and list_type not in (None, "atomic"):
        yield invalid(path.child("x-kubernetes-list-type"), list_type, detail)
    if items.get("type") == "object" and map_type != "atomic":
        yield invalid(path.child("x-kubernetes-map-type"), map_type, detail)


def _list_map(schema: Raw, path: Path) -> Iterator[FieldError]:
    if schema.get("x-kubernetes-list-type") != "map":
        return
    keys, items = schema.get("x-kubernetes-list-map-keys") or [], schema.get("items")
    at = path.child("x-kubernetes-list-map-keys")
    if not keys:
        yield required(at, "must not be empty if x-kubernetes-list-type is map")
    if items is None:
        yield required(path.child("items"), "must have a schema if x-kubernetes-list-type is map")
    elif isinstance(items, list):
        detail = "must only have a single schema if x-kubernetes-list-type is map"
        yield invalid(path.child("items"), items, detail)
    elif items.get("type") != "object":
        detail = "must be object if parent array's x-kubernetes-list-type is map"
        yield invalid(path.child("items").child("type"), items.get("type", ""), detail)
    else:
        properties = items.get("properties") or {}
        before: set[str] = set()
        for key in keys:
            if key not in properties:
                yield invalid(at, keys, "entries must all be names of item properties")
            elif properties[key].get("type") in ("array", "object"):
                detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
                yield invalid(path.child("items").child("properties").key(key).child("type"), items["type"], detail)
            if key in before:
                yield invalid(at, keys, "must not contain duplicate entries")
            before.add(key)


def _keys_are_there(schema: Raw, path: Path) -> Iterator[FieldError]:
    """The keys of a list of type map have values, and the elements of a set too."""
    found, items = schema.get("x-kubernetes-list-type"), schema.get("items")
    if found not in ("set", "map") or not isinstance(items, dict):
        return
    if items.get("nullable"):
        detail = f"cannot be nullable when x-kubernetes-list-type is {found}"
        yield forbidden(path.child("items").child("nullable"), detail)
    needed = set(items.get("required") or ())
    for key in schema.get("x-kubernetes-list-map-keys") or () if found == "map" else ():
        value = (items.get("properties") or {}).get(key)
        if value is None:
            continue
        at = path.child("items").child("properties").key(key)
        reason = "this property is in x-kubernetes-list-map-keys, so it"
        if key not in needed and value.get("default") is None:
            yield required(at.child("default"), f"{reason} must have a default or be a required property")
        if value.get("nullable"):
            yield forbidden(at.child("nullable"), f"{reason} cannot be nullable")


def _rules(rules: Any, path: Path) -> Iterator[FieldError]:
    """Of ``x-kubernetes-validations``, what can be said without running them."""
    for position, rule in enumerate(rules):
        at = path.index(position)
        text, message = rule.get("rule", ""), rule.get("message", "")
        if not text.strip():
            yield required(at.child("rule"), "rule is not specified")
        elif message and not message.strip():
            yield invalid(at.child("message"), message, "message must be non-empty if specified")
        elif _is_broken(message.strip()):
            yield invalid(at.child("message"), message, "message must not contain line breaks")
        elif _is_broken(text.strip()) and not message.strip():
            yield required(at.child("message"), "message must be specified if rule contains line breaks")
        if rule.get("messageExpression") and not rule["messageExpression"].strip():
            yield required(at.child("messageExpression"), "messageExpression must be non-empty if specified")
        if rule.get("reason") is not None and rule["reason"] not in _REASONS:
            yield not_supported(at.child("reason"), rule["reason"], _REASONS)
        where = rule.get("fieldPath", "")
        if where and not where.strip():
            yield invalid(at.child("fieldPath"), where, "fieldPath must be non-empty if specified")
        if _is_broken(where):
            yield invalid(at.child("fieldPath"), where, "fieldPath must not contain line breaks")


def _is_broken(text: str) -> bool:
    return "\n" in text or "\r" in text
