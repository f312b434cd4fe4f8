"""What makes a schema structural: every field has one type, said once and outside of ``anyOf`` and its like, so that
an object can be pruned and defaulted by it (k8s.io/apiextensions-apiserver pkg/apiserver/schema validation.go,
complete.go)."""

from collections.abc import Iterable, Iterator
from typing import Any

from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, required
from wherry.kube.machinery.schema import patterns

Raw = dict[str, Any]  # a node of a definition's openAPIV3Schema, JSON

_INTEGER_OR_STRING = [{"type": "integer"}, {"type": "string"}]
_UNTYPED = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}
_NO_PLACE_IN_COMBINATIONS = (
    *(("type", "must be empty to be structural"), ("additionalProperties", "must be undefined to be structural")),
    *(("default", "must be undefined to be structural"), ("title", "must be empty to be structural")),
    *(("description", "must be empty to be structural"), ("nullable", "must be false to be structural")),
    ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
    ("x-kubernetes-embedded-resource", "must be false to be structural"),
    ("x-kubernetes-int-or-string", "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
    ("x-kubernetes-validations", "must be empty to be structural"),
)
_HOLDING_ONE = frozenset(("items", "not", "additionalProperties", "additionalItems"))
_HOLDING_SEVERAL = frozenset(("items", "allOf", "anyOf", "oneOf"))
_HOLDING_NAMED = frozenset(("properties", "patternProperties", "definitions", "dependencies"))
_COMBINING = frozenset(("allOf", "anyOf", "oneOf", "not", "pattern"))
_UNDEFINED = ("additionalProperties", "default", "x-kubernetes-list-type", "x-kubernetes-map-type")
"""Those of them whose empty value is one."""
_UNSUPPORTED = (
    ("id", "id"), ("$schema", "schema"), ("$ref", "$ref"), ("patternProperties", "patternProperties"),
    ("dependencies", "dependencies"), ("additionalItems", "additionalItems"), ("definitions", "definitions"),
)  # fmt: skip


def structural_errors(schema: Raw, path: Path) -> list[FieldError]:
    """What keeps a version's schema from being structural, in the order of the texts."""
    found = [*_invariants(schema, "root", path), *_completeness(schema, schema, path, path)]
    return sorted(found, key=str)


def unsupported(schema: Raw) -> str:
    """The first thing in it that no structural schema can be made of, in words; empty when there is none."""
    fields = dict(_UNSUPPORTED)
    for each in nodes(schema):
        for field in each.keys() & fields:
            if each[field] not in (None, "", {}):
                return f"OpenAPIV3Schema '{fields[field]}' is not supported"
        if isinstance(each.get("items"), list):
            return "OpenAPIV3Schema 'items' must be a schema, but is an array"
        if each.get("x-kubernetes-preserve-unknown-fields") is False:
            return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
    return ""


def nodes(schema: Raw) -> Iterator[Raw]:
    """The schema and all that are in it. (A stack, not recursion: there may be thousands, deep down.)"""
    rest = [schema]
    while rest:
        each = rest.pop()
        yield each
        below: list[Raw] = []
        for name, value in each.items():
            if type(value) is dict and name in _HOLDING_ONE:
                below.append(value)
            elif type(value) is dict and name in _HOLDING_NAMED:
                below.extend(one for one in value.values() if type(one) is dict)
            elif type(value) is list and name in _HOLDING_SEVERAL:
                below.extend(value)
        rest.extend(reversed(below))


def _invariants(schema: Raw, level: str, path: Path) -> Iterator[FieldError]:
    items, additional = schema.get("items"), schema.get("additionalProperties")
    if schema.get("type") == "array" and items is None:
        yield required(path.child("items"), "must be specified")
    if isinstance(items, dict):
        yield from _invariants(items, "item", path.child("items"))
    for name, each in (schema.get("properties") or {}).items():
        yield from _invariants(each, "field", path.child("properties").key(name))
    if additional is not None and level == "root":
        yield forbidden(path.child("additionalProperties"), "must not be used at the root")
    if isinstance(additional, dict):
        yield from _invariants(additional, "field", path.child("additionalProperties"))
    if "x-kubernetes-int-or-string" in schema:
        yield from _extensions(schema, path)
    if not _COMBINING.isdisjoint(schema):
        yield from _validations(schema, path)
    yield from _type(schema, level, path)
    if level == "root" or "x-kubernetes-embedded-resource" in schema:
        yield from _meta_fields(schema, level, path)


def _extensions(schema: Raw, path: Path) -> Iterator[FieldError]:
    if schema.get("x-kubernetes-int-or-string"):
        for name in ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"):
            if schema.get(name):
                yield invalid(path.child(name), True, "must be false if x-kubernetes-int-or-string is true")


def _type(schema: Raw, level: str, path: Path) -> Iterator[FieldError]:
    kind, embedded = schema.get("type", ""), schema.get("x-kubernetes-embedded-resource")
    preserved = schema.get("x-kubernetes-preserve-unknown-fields")
    if embedded and kind != "object":
        detail = "must be object if x-kubernetes-embedded-resource is true"
        yield invalid(path.child("type"), kind, detail) if kind else required(path.child("type"), detail)
    elif not kind and not schema.get("x-kubernetes-int-or-string") and not preserved:
        yield required(path.child("type"), _UNTYPED[level])
    if embedded and schema.get("additionalProperties") is not None:
        detail = "must not be used if x-kubernetes-embedded-resource is set"
        yield forbidden(path.child("additionalProperties"), detail)
    if level == "root" and kind and kind != "object":
        yield invalid(path.child("type"), kind, "must be object at the root")
    if embedded and not preserved and not schema.get("properties"):
        detail = "if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        yield required(path.child("properties"), f"must not be empty {detail}")


def _meta_fields(schema: Raw, level: str, path: Path) -> Iterator[FieldError]:
    """apiVersion and kind are texts, metadata is an object, of which the names may be restricted."""
    if level != "root" and not schema["x-kubernetes-embedded-resource"]:
        return
    properties = schema.get("properties") or {}
    for name in ("kind", "apiVersion"):
        kind = properties.get(name, {"type": "string"}).get("type", "")
        if kind != "string":
            yield invalid(path.child("properties").key(name).child("type"), kind, "must be string")
    if "metadata" not in properties:
        return
    metadata, at = properties["metadata"], path.child("properties").key("metadata")
    if metadata.get("type") != "object":
        yield invalid(at.child("type"), metadata.get("type", ""), "must be object")
    if level == "root" and _says_more(metadata):
        detail = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        yield forbidden(at, detail)


def _says_more(metadata: Raw) -> bool:
    said = {name for name, value in metadata.items() if value not in (None, "", [], {}, False)}
    if said & {"properties"} and metadata["properties"].keys() <= {"name", "generateName"}:
        said.discard("properties")
    return bool(said - {"type", "default", "externalDocs", "example"})


def _validations(schema: Raw, path: Path, *, nested: bool = False) -> Iterator[FieldError]:
    """Of the combinations at this node. A number or a text may be said to be ``anyOf`` integer and string."""
    any_of, all_of = schema.get("anyOf") or [], schema.get("allOf") or []
    if nested or any_of != _INTEGER_OR_STRING:
        yield from _each_combined(any_of, path.child("anyOf"))
    for position, each in enumerate(all_of):
        first = position == 0 and not nested and each.get("anyOf") == _INTEGER_OR_STRING
        yield from _combined(each, path.child("allOf").index(position), free=first)
    yield from _each_combined(schema.get("oneOf") or [], path.child("oneOf"))
    if schema.get("not") is not None:
        yield from _combined(schema["not"], path.child("not"))
    problem = patterns.complaint(schema["pattern"]) if schema.get("pattern") else ""
    if problem:
        detail = f"must be a valid regular expression, but isn't: {problem}"
        yield invalid(path.child("pattern"), schema["pattern"], detail)


def _each_combined(schemas: Iterable[Raw], path: Path) -> Iterator[FieldError]:
    for position, each in enumerate(schemas):
        yield from _combined(each, path.index(position))


def _combined(schema: Raw, path: Path, *, free: bool = False) -> Iterator[FieldError]:
    """Of one below ``anyOf`` and its like: it may restrict values, and say nothing of structure. ``free``: its
    ``anyOf`` is the one that says integer or string."""
    yield from _validations({**schema, "anyOf": []} if free else schema, path, nested=True)
    if isinstance(schema.get("items"), dict):
        yield from _combined(schema["items"], path.child("items"))
    for name, each in (schema.get("properties") or {}).items():
        yield from _combined(each, path.child("properties").key(name))
    for name, detail in _NO_PLACE_IN_COMBINATIONS:
        value = schema.get(name)
        if value if name not in _UNDEFINED else value is not None:
            yield forbidden(path.child(name), detail)
    if "metadata" in (schema.get("properties") or {}):
        yield forbidden(path.child("properties").key("metadata"), "must not be specified in a nested context")


def _completeness(combined: Raw, schema: Raw, at: Path, path: Path) -> Iterator[FieldError]:
    """What a combination speaks of is there outside of it: ``schema``, at ``at``."""
    for name in ("not", "allOf", "anyOf", "oneOf"):
        value = combined.get(name)
        several = enumerate(value) if isinstance(value, list) else ()
        for position, each in several:
            yield from _complete(each, schema, at, path.child(name).index(position))
        if isinstance(value, dict):
            yield from _complete(value, schema, at, path.child(name))


def _complete(combined: Raw, schema: Raw, at: Path, path: Path) -> Iterator[FieldError]:
    yield from _completeness(combined, schema, at, path)
    items, said = combined.get("items"), schema.get("items")
    if isinstance(items, dict):
        if isinstance(said, dict):
            yield from _complete(items, said, at.child("items"), path.child("items"))
        else:
            yield required(at.child("items"), f"because it is defined in {path.child('items')}")
    for name, each in (combined.get("properties") or {}).items():
        place, here = path.child("properties").key(name), at.child("properties").key(name)
        known = (schema.get("properties") or {}).get(name)
        if known is None:
            yield required(here, f"because it is defined in {place}")
        else:
            yield from _complete(each, known, here, place)
