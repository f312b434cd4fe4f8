"""The defaults of a definition's schema: valid, and without fields that would be pruned
(k8s.io/apiextensions-apiserver pkg/apiserver/schema/defaulting validation.go)."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from wherry.kube.machinery.fielderrors import FieldError, Path, invalid
from wherry.kube.machinery.schema.conform import Mistyped
from wherry.kube.machinery.schema.defaulting import copied
from wherry.kube.machinery.schema.embedded import validate_object
from wherry.kube.machinery.schema.pruning import prune
from wherry.kube.machinery.schema.structural import META_FIELDS, node
from wherry.kube.machinery.schema.structural_rules import nodes
from wherry.kube.machinery.schema.values import validate_values

Raw = dict[str, Any]  # a node of a definition's openAPIV3Schema, JSON
Value: TypeAlias = Any  # JSON

_IDENTITY = {"apiVersion": "validation/v1", "kind": "Validation"}


class _Around(msgspec.Struct, frozen=True):
    """The object that a default would stand in: its schema, and how to put the default where it belongs."""

    schema: Raw
    put: Callable[[Value], Value]
    inside_meta: bool = False

    def child(self, name: str, *, meta: bool) -> "_Around":
        put = self.put
        return replace(self, put=lambda value: put({name: value}), inside_meta=self.inside_meta or meta)

    def element(self) -> "_Around":
        put = self.put
        return replace(self, put=lambda value: put([value]))


def default_errors(schema: Raw, path: Path) -> list[FieldError]:
    """What is wrong with the defaults of a structural schema."""
    if all(each.get("default") is None for each in nodes(schema)):
        return []
    return list(_look({**schema, "x-kubernetes-embedded-resource": True}, path, _object(schema)))


def _object(schema: Raw) -> _Around:
    return _Around(schema, lambda value: {**_IDENTITY, **value} if isinstance(value, dict) else value)


def _look(schema: Raw, path: Path, around: _Around) -> Iterator[FieldError]:
    embedded = schema.get("x-kubernetes-embedded-resource", False)
    if embedded:
        around = _object(schema)
    if schema.get("default") is not None:
        check = _inside_meta if around.inside_meta else _elsewhere
        yield from check(schema, path.child("default"), around)
    if isinstance(schema.get("items"), dict):
        yield from _look(schema["items"], path.child("items"), around.element())
    for name, each in (schema.get("properties") or {}).items():
        below = around.child(name, meta=embedded and name in META_FIELDS)
        yield from _look(each, path.child("properties").key(name), below)


def _elsewhere(schema: Raw, path: Path, around: _Around) -> Iterator[FieldError]:
    value, known = schema["default"], node(schema)
    try:
        if _prune(copied(value), schema):
            yield invalid(path, value, "must not have unknown fields")
    except Mistyped as error:
        yield invalid(path, value, str(error))
        return
    yield from validate_object(value, known, path) or validate_values(value, known, path)


def _prune(value: Value, schema: Raw) -> list[str]:
    """As a field of another object, whose metadata nobody else looks at."""
    return prune({"value": value}, node({"type": "object", "properties": {"value": schema}}))


def _inside_meta(schema: Raw, path: Path, around: _Around) -> Iterator[FieldError]:
    value = schema["default"]
    whole = node({**around.schema, "x-kubernetes-embedded-resource": True})
    obj = around.put(copied(value))
    try:
        _prune(obj, around.schema)
        found = [str(each) for each in validate_object(obj, whole, "")]
        problem = found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""
    except Mistyped as error:
        problem = str(error)
    if problem:
        yield invalid(path, value, f"must result in valid metadata: {problem}")
    else:
        yield from validate_values(value, node(schema), path)
