"""Validation of a custom resource's values against its schema (k8s.io/kube-openapi pkg/validation/validate, and what
k8s.io/apiextensions-apiserver pkg/apiserver/validation makes of its errors)."""

from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from wherry.kube.machinery import fielderrors
from wherry.kube.machinery.fielderrors import ErrorType, FieldError
from wherry.kube.machinery.schema import numbers, patterns
from wherry.kube.machinery.schema.model import MISSING, Schema

Value: TypeAlias = Any  # JSON, of whatever type a client sent
Found: TypeAlias = list[FieldError]

NOWHERE = "<nil>"
"""The field that upstream names for what is wrong with a combination of schemas."""
_ACCEPTED: dict[str, frozenset[type]] = {
    "string": frozenset({str}),
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "array": frozenset({list}),
    "object": frozenset({dict}),
    "": frozenset({str, bool, int, float, list, dict}),
}
_INT_OR_STRING = frozenset({int, str})
_TYPE_NAMES: dict[type, str] = {
    str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"
}  # fmt: skip
_FORMAT_NAMES: dict[type, str] = {int: "int64", float: "double"}
_NUMBER_FORMATS = {"integer": ("int32", "int64"), "number": ("float", "double")}


def validate_values(obj: Value, schema: Schema, path: str = "", old: Value = MISSING) -> Found:
    """What is wrong with ``obj``, in upstream's words; ``path`` stands before the fields' names.

    With ``old``, the value that was there: what has not changed is not complained of (ratcheting), so that a schema
    may become stricter than what is stored. Does not look for duplicates: see :mod:`.listtypes`.
    """
    found: Found = []
    _check(obj, schema, "", old, found)
    if not path:
        return found
    return [replace(each, field=path if each.field in ("", NOWHERE) else f"{path}.{each.field}") for each in found]


def _check(value: Value, schema: Schema, name: str, old: Value, found: Found) -> None:
    if old is not MISSING and _same(value, old):
        return
    kind = type(value)
    accepted = _INT_OR_STRING if schema.int_or_string else _ACCEPTED[schema.type]
    if value is None:
        if (schema.type or schema.int_or_string) and not schema.nullable:
            found.append(_mistyped(value, schema, name))
    elif kind not in accepted and not (kind is float and value.is_integer() and int in accepted):
        found.append(_mistyped(value, schema, name))
    constraints = schema.constraints
    if constraints and value is not None:
        _check_constraints(value, schema, name, found)
    elif kind is str and schema.format:
        _check_format(value, schema, name, found)
    if kind is list:
        _check_items(value, schema, name, old, found)
    if schema.enum and not _is_enumerated(value, schema):
        found.append(replace(_not_enumerated(schema), field=name, value=value))
    if kind is dict:
        _check_fields(value, schema, name, old, found)


def _mistyped(value: Value, schema: Schema, name: str) -> FieldError:
    kind = type(value)
    expected: str = "integer,string" if schema.int_or_string else schema.type
    actual = _TYPE_NAMES.get(kind, "null")
    if schema.format in _NUMBER_FORMATS.get(schema.type, ()) and kind in (bool, dict, float):
        expected, actual = schema.format, _FORMAT_NAMES.get(kind, "")
    detail = f"{name} in body must be of type {expected}: {_quoted(actual)}"
    return fielderrors.type_invalid(name, actual, detail)


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _is_enumerated(value: Value, schema: Schema) -> bool:
    if type(value) is str:
        return value in _texts(schema)
    return any(_same(value, each) for each in schema.enum)


@lru_cache(maxsize=1024)
def _texts(schema: Schema) -> frozenset[str]:
    """Of an ``enum``, which may have thousands."""
    return frozenset(each for each in schema.enum if isinstance(each, str))


@lru_cache(maxsize=64)
def _not_enumerated(schema: Schema) -> FieldError:
    """Of any value: the long part of the text is there once, however many values are wrong."""
    allowed = [each if isinstance(each, str) else msgspec.json.encode(each).decode() for each in schema.enum]
    return fielderrors.not_supported("", None, allowed, as_given=True)


def _same(one: Value, other: Value) -> bool:
    """Equal in JSON: true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(each, other[name]) for name, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _check_fields(value: dict[str, Value], schema: Schema, name: str, old: Value, found: Found) -> None:
    constraints = schema.constraints
    if constraints and not _right_size(value, constraints, name, found):
        return
    fields, others = schema.properties, schema.additional
    before = old if isinstance(old, dict) else {}
    forbidden = constraints.get("additionalProperties") is False
    for key, each in value.items():
        child = fields.get(key)
        if child is None:
            if forbidden:
                found.append(fielderrors.invalid(name, key, f"{name}.{key} in body is a forbidden property"))
            child = others
        if child is not None and not child.name:  # a definition of ours has been decoded already
            _check(each, child, f"{name}.{key}" if name else key, before.get(key, MISSING), found)
    for key in schema.required:
        if key not in value:
            found.append(fielderrors.required(f"{name}.{key}" if name else key))


def _right_size(value: dict[str, Value], constraints: Any, name: str, found: Found) -> bool:
    """Upstream looks no further into an object with too few or too many."""
    least, most = constraints.get("minProperties"), constraints.get("maxProperties")
    if least is not None and len(value) < least:
        detail = f"{name} in body should have at least {least} properties"
        found.append(fielderrors.invalid(name, len(value), detail))
        return False
    if most is not None and len(value) > most:
        found.append(fielderrors.too_many(name, len(value), most))
        return False
    return True


def _check_items(value: list[Value], schema: Schema, name: str, old: Value, found: Found) -> None:
    items, constraints = schema.items, schema.constraints
    if items is not None:
        before = _correlated(schema, old)
        for position, each in enumerate(value):
            was = before.get(_key_of(each, schema.list_map_keys), MISSING) if before else MISSING
            _check(each, items, f"{name}[{position}]", was, found)
    if not constraints:
        return
    least, most = constraints.get("minItems"), constraints.get("maxItems")
    if least is not None and len(value) < least:
        found.append(fielderrors.invalid(name, len(value), f"{name} in body should have at least {least} items"))
    if most is not None and len(value) > most:
        found.append(fielderrors.too_many(name, len(value), most))


def _correlated(schema: Schema, old: Value) -> dict[str, Value]:
    """The old elements by key: only lists of type map tell which was which."""
    if schema.list_type != "map" or not isinstance(old, list):
        return {}
    return {_key_of(each, schema.list_map_keys): each for each in old}


def _key_of(element: Value, keys: tuple[str, ...]) -> str:
    return msgspec.json.encode([element.get(key) for key in keys] if isinstance(element, dict) else element).decode()


def _check_constraints(value: Value, schema: Schema, name: str, found: Found) -> None:
    constraints, kind = schema.constraints, type(value)
    _check_combined(value, constraints, name, found)
    if kind is str:
        _check_text(value, constraints, name, found)
        if schema.format:
            _check_format(value, schema, name, found)
    elif kind is int or kind is float:
        numbers.check(value, constraints, name, found)


def _check_text(value: str, constraints: Any, name: str, found: Found) -> None:
    """The first fault of a text is told."""
    most, least, pattern = constraints.get("maxLength"), constraints.get("minLength"), constraints.get("pattern")
    if most is not None and len(value) > most:
        found.append(fielderrors.too_long(name, value, most))
    elif least is not None and len(value) < least:
        found.append(fielderrors.invalid(name, value, f"{name} in body should be at least {least} chars long"))
    elif pattern and not patterns.found(pattern, value):
        found.append(fielderrors.invalid(name, value, f"{name} in body should match '{pattern}'"))


def _check_format(value: str, schema: Schema, name: str, found: Found) -> None:
    if schema.type not in ("", "string"):
        return
    from wherry.kube.machinery.schema import formats

    if not formats.fits(schema.format, value):
        detail = f"{name} in body must be of type {schema.format}: {_quoted(value)}"
        found.append(fielderrors.type_invalid(name, value, detail))


def _combination(name: str, said: str) -> FieldError:
    return FieldError(ErrorType.INVALID, NOWHERE, "", f"{_quoted(name)} {said}")


def _check_combined(value: Value, constraints: Any, name: str, found: Found) -> None:
    if "anyOf" in constraints:
        failed = [_failures(value, each, name) for each in constraints["anyOf"]]
        if all(failed):
            found.append(_combination(name, "must validate at least one schema (anyOf)"))
            found.extend(_nearest(value, constraints["anyOf"], failed))
    if "oneOf" in constraints:
        failed = [_failures(value, each, name) for each in constraints["oneOf"]]
        valid = failed.count([])
        if valid != 1:
            count = "Found none valid" if not valid else f"Found {valid} valid alternatives"
            found.append(_combination(name, f"must validate one and only one schema (oneOf). {count}"))
        if not valid:
            found.extend(_nearest(value, constraints["oneOf"], failed))
    if "allOf" in constraints:
        failed = [_failures(value, each, name) for each in constraints["allOf"]]
        found.extend(error for errors in failed for error in errors)
        if any(failed):
            nothing = "" if [] in failed else ". None validated"
            found.append(_combination(name, f"must validate all the schemas (allOf){nothing}"))
    if "not" in constraints and not _failures(value, constraints["not"], name):
        found.append(_combination(name, "must not validate the schema (not)"))


def _failures(value: Value, schema: Schema, name: str) -> Found:
    found: Found = []
    _check(value, schema, name, MISSING, found)
    return found


def _nearest(value: Value, schemas: tuple[Schema, ...], failed: list[Found]) -> Found:
    """The errors of the alternative of which most could be checked; the first of such."""
    sizes = [_reach(value, schema) for schema in schemas]
    return failed[sizes.index(max(sizes))]


def _reach(value: Value, schema: Schema) -> int:
    if isinstance(value, dict):
        below = ((each, schema.child(name)) for name, each in value.items())
        return 1 + sum(_reach(each, child) for each, child in below if child is not None)
    if isinstance(value, list) and schema.items is not None:
        items = schema.items
        return 1 + sum(_reach(each, items) for each in value)
    return 1
