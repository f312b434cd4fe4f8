"""What lists of type ``set`` and ``map`` promise: no element, no key twice
(k8s.io/apiextensions-apiserver pkg/apiserver/schema/listtype)."""

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any, TypeAlias

from wherry.kube.machinery import fielderrors
from wherry.kube.machinery.fielderrors import FieldError
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.model import Schema

Value: TypeAlias = Any  # JSON, of whatever type a client sent


def validate_list_types(obj: Object, schema: Schema, path: str = "") -> list[FieldError]:
    """The duplicates in ``obj``; of each the second place is told. ``path`` stands before the fields' names."""
    found: list[FieldError] = []
    _look(obj, schema, path, found)
    return found


def _look(value: Value, schema: Schema, path: str, found: list[FieldError]) -> None:
    if type(value) is dict:
        fields, others = schema.properties, schema.additional
        for name, each in value.items():
            if type(each) is not dict and type(each) is not list:
                continue
            child = fields.get(name)
            if child is not None:
                if not child.name:  # definitions of ours have validation of their own
                    _look(each, child, f"{path}.{name}" if path else name, found)
            elif others is not None:
                _look(each, others, f"{path}[{name}]", found)
    elif type(value) is list:
        _look_at_list(value, schema, path, found)


def _look_at_list(values: list[Value], schema: Schema, path: str, found: list[FieldError]) -> None:
    if schema.list_type == "set":
        found.extend(fielderrors.duplicate(f"{path}[{place}]", values[place]) for place in _second_places(values))
    elif schema.list_type == "map":
        found.extend(_duplicate_keys(values, schema.list_map_keys, path))
    if schema.items is not None:
        for place, each in enumerate(values):
            if type(each) is dict or type(each) is list:
                _look(each, schema.items, f"{path}[{place}]", found)


def _duplicate_keys(values: list[Value], keys: tuple[str, ...], path: str) -> Iterable[FieldError]:
    for place, each in enumerate(values):
        if each is not None and not isinstance(each, dict):
            detail = "must be an object for an array of list-type map"
            return [fielderrors.invalid(f"{path}[{place}]", each, detail)]
    found = [{key: each[key] for key in keys if key in each} if each is not None else {} for each in values]
    return [fielderrors.duplicate(f"{path}[{place}]", found[place]) for place in _second_places(found)]


def _second_places(values: list[Value]) -> list[int]:
    """Where a value stands for the second time."""
    if len(values) < 2:
        return []
    counts: Counter[Hashable] = Counter()
    places = []
    for place, each in enumerate(values):
        frozen = _frozen(each)
        counts[frozen] += 1
        if counts[frozen] == 2:
            places.append(place)
    return places


def _frozen(value: Value) -> Hashable:
    """Equal for equal JSON: true is not 1."""
    if type(value) is dict:
        return frozenset((name, _frozen(each)) for name, each in value.items())
    if type(value) is list:
        return tuple(map(_frozen, value))
    return type(value), value
