"""The kinds of all groups but the core one: whether there are all, and whether each is of one piece."""

import json
from collections import Counter
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.unit.kube.kinds.objects import CREATED, NOW
from wherry.kube.kinds.every import builtin
from wherry.kube.kinds.every_other import other
from wherry.kube.kinds.model import Context, Kind
from wherry.kube.machinery.model import GroupVersionKind, Object
from wherry.kube.machinery.schema.builtin import raw_definitions, schema_of
from wherry.kube.machinery.schema.conform import conform
from wherry.kube.machinery.schema.model import Schema

KINDS = other()
STORED = [kind for kind in KINDS if "update" in kind.verbs]
NOT_SERVED: dict[tuple[str, str], str] = {}
"""Stable and beta kinds (group, kind) that are not served, and why. There are none at present."""


def name_of(kind: Kind) -> str:
    return f"{kind.plural}.{kind.group}"


def listed() -> set[GroupVersionKind]:
    """Those that have a List, which is how upstream's definitions show what is a resource; alpha versions are off."""
    found = {
        GroupVersionKind(each["group"], each["version"], each["kind"])
        for definition in raw_definitions().values()
        for each in definition.get("x-kubernetes-group-version-kind", ())
    }
    with_list = {each for each in found if GroupVersionKind(each.group, each.version, f"{each.kind}List") in found}
    return {each for each in with_list if each.group and "alpha" not in each.version}


def test_every_stable_and_beta_kind_is_served() -> None:
    served = {kind.gvk(version.name) for kind in builtin() for version in kind.versions}
    missing = listed() - served
    assert {(each.group, each.kind) for each in missing} == NOT_SERVED.keys()


def test_only_what_upstream_defines_is_served() -> None:
    for kind in KINDS:
        for version in kind.versions:
            assert version.schema() is schema_of(kind.gvk(version.name))
        assert kind.storage in [version.name for version in kind.versions]


def test_names_are_unique() -> None:
    resources = Counter(kind.resource for kind in builtin())
    assert [resource for resource, times in resources.items() if times > 1] == []
    singular = Counter((kind.group, name) for kind in builtin() for name in {kind.plural, kind.singular})
    assert [name for name, times in singular.items() if times > 1] == []
    short = Counter(name for kind in builtin() for name in kind.short_names)
    assert {name for name, times in short.items() if times > 1} <= {"ev"}  # events have two groups


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_its_names_are_those_of_its_kind(kind: Kind) -> None:
    assert kind.singular == kind.kind.lower()
    assert kind.plural.startswith(kind.singular[:-1])


def blank(kind: Kind) -> Object:
    meta = {"name": "a", "uid": "u", "creationTimestamp": CREATED}
    return {"apiVersion": str(kind.storage_version), "kind": kind.kind, "metadata": meta}


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_a_row_has_as_many_cells_as_there_are_columns(kind: Kind) -> None:
    for obj in ({}, blank(kind)):
        for version in kind.versions:
            cells, columns = version.cells or kind.cells, version.columns or kind.columns
            if cells is not None:
                row = cells(obj, NOW)
                assert len(row) == len(columns)
                json.dumps(row)


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_what_can_be_selected_by_is_given(kind: Kind) -> None:
    for obj in ({}, blank(kind)):
        found = kind.fields(obj)
        assert set(kind.selectable) <= found.keys()
        assert all(isinstance(value, str) for value in found.values())


@pytest.mark.parametrize("kind", STORED, ids=name_of)
def test_nothing_at_all_can_be_looked_at(kind: Kind) -> None:
    """An object without a field that its schema does not ask for."""
    obj, context = blank(kind), Context(NOW)
    kind.strategy.default(obj)
    kind.strategy.prepare_create(obj, context)
    old = deepcopy(obj)
    kind.strategy.prepare_update(obj, old, context)
    kind.strategy.prepare_status_update(obj, old, context)
    found = [*kind.strategy.validate(obj, context), *kind.strategy.validate_update(obj, old, context)]
    found += kind.strategy.validate_status_update(obj, old, context)
    assert all(str(error) for error in found)
    assert all(
        isinstance(text, str) for text in [*kind.strategy.warnings(obj, None), *kind.strategy.warnings(obj, old)]
    )


TEXTS = {
    "byte": ("", "eA==", "LS0tLS1CRUdJTiBYLS0tLS0KCi0tLS0tRU5EIFgtLS0tLQo="),
    "date-time": ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000001Z"),
    "": ("", "a", "A b", "a/b", "10.0.0.1", "::1", "10.0.0.0/8", "1.2.3", "50%", "0-3,7", "* * * * *", "a.io/b"),
}
AMOUNTS = ("0", "1", "-1", "1Gi", "1500m", 2)
NUMBERS = (-1, 0, 1, 2, 80, 70000, 2**31 - 1)


def value(schema: Schema, chance: Random, depth: int = 8) -> Any:
    """Of a schema; many fields are left out, and what is there is often wrong otherwise than in its type."""
    if schema.int_or_string:
        return chance.choice((*NUMBERS, "50%", "0%", "x", ""))
    if schema.quantity:
        return chance.choice(AMOUNTS)
    if schema.type == "array":
        length = chance.choice((0, 1, 2)) if schema.items and depth > 0 else 0
        return [value(schema.items, chance, depth - 1) for _ in range(length)] if schema.items else []
    if schema.type == "object" or schema.properties:
        names = [name for name in schema.properties if depth > 0 and chance.random() < 0.7]
        found = {name: value(schema.properties[name], chance, depth - 1) for name in names}
        if schema.additional is not None and depth > 0:
            found |= {key: value(schema.additional, chance, depth - 1) for key in chance.sample(("a", "cpu", "a b"), 1)}
        return found
    enumerated = chance.choice(schema.enum) if schema.enum and chance.random() < 0.8 else None
    plain = {
        "string": TEXTS.get(schema.format, TEXTS[""]),
        "integer": NUMBERS,
        "number": NUMBERS,
        "boolean": (True, False),
    }
    return enumerated or chance.choice(plain.get(schema.type, ({"a": 1},)))


def conforming(kind: Kind, chance: Random) -> Object:
    schema = kind.schema()
    names = [name for name in schema.properties if name not in ("apiVersion", "kind", "metadata")]
    obj = {**blank(kind), **{name: value(schema.properties[name], chance) for name in names}}
    assert conform(obj, schema) == []
    return obj


@pytest.mark.parametrize("kind", STORED, ids=name_of)
@settings(max_examples=20, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(seed=st.integers(0, 2**32))
def test_whatever_conforms_is_filled_in_once_and_looked_at(kind: Kind, seed: int) -> None:
    """No object that has the types of its schema makes a strategy fail, or needs its defaults twice."""
    chance = Random(seed)
    obj, old, context = conforming(kind, chance), conforming(kind, chance), Context(NOW)
    kind.strategy.default(obj)
    again = deepcopy(obj)
    kind.strategy.default(again)
    assert again == obj
    assert conform(again, kind.schema()) == []
    assert again == obj
    kind.strategy.default(old)
    kind.strategy.prepare_create(old, context)
    kind.strategy.prepare_update(obj, old, context)
    json.dumps([str(error) for error in kind.strategy.validate_update(obj, old, context)])
    json.dumps([str(error) for error in kind.strategy.validate(obj, context)])
    kind.strategy.prepare_status_update(obj, old, context)
    json.dumps([str(error) for error in kind.strategy.validate_status_update(obj, old, context)])
    json.dumps([*kind.strategy.warnings(obj, old)])
    if kind.cells is not None:
        assert len(kind.cells(obj, NOW)) == len(kind.columns)
    kind.fields(obj)
    for version in kind.versions:
        if version.conversion is not None:
            converted = version.conversion.from_storage(deepcopy(obj))
            assert conform(converted, version.schema()) == []
            version.conversion.to_storage(converted)
