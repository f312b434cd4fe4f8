"""Duplicates in lists of type set and map."""

from typing import Any

from wherry.kube.machinery.schema.listtypes import validate_list_types
from wherry.kube.machinery.schema.structural import from_crd

ITEM = {"type": "object", "properties": {"name": {"type": "string"}, "port": {"type": "integer"}}}
SCHEMA = from_crd(
    {
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                    "map": {
                        "type": "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["name"],
                        "items": ITEM,
                    },
                    "pairs": {
                        "type": "array",
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["name", "port"],
                        "items": ITEM,
                    },
                    "deep": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "array",
                            "x-kubernetes-list-type": "set",
                            "items": {"type": "integer"},
                        },
                    },
                },
            }
        }
    }
)


def said(spec: Any) -> list[str]:
    return [str(each) for each in validate_list_types({"metadata": {"finalizers": ["a", "a"]}, "spec": spec}, SCHEMA)]


def test_without_duplicates_nothing_is_said() -> None:
    assert not said({"set": ["a", "b"], "map": [{"name": "a"}, {"name": "b"}], "deep": {"x": [1, 2]}})


def test_the_second_of_a_set_is_told() -> None:
    assert said({"set": ["a", "b", "a", "a"]}) == ['spec.set[2]: Duplicate value: "a"']


def test_the_second_of_a_map_is_told_by_its_keys() -> None:
    assert said({"map": [{"name": "a", "port": 1}, {"name": "a", "port": 2}]}) == [
        'spec.map[1]: Duplicate value: {"name":"a"}'
    ]
    assert said({"pairs": [{"name": "a", "port": 1}, {"name": "a", "port": 2}]}) == []
    assert said({"pairs": [{"port": 1, "name": "a"}, {"name": "a", "port": 1}]}) == [
        'spec.pairs[1]: Duplicate value: {"name":"a","port":1}'
    ]


def test_no_key_is_a_key() -> None:
    assert said({"map": [{}, None]}) == ["spec.map[1]: Duplicate value: {}"]


def test_true_is_not_one() -> None:
    assert said({"deep": {"x": [1, True]}}) == []


def test_maps_are_looked_into() -> None:
    assert said({"deep": {"a/b": [1, 1]}}) == ["spec.deep[a/b][1]: Duplicate value: 1"]


def test_what_is_no_object_has_no_keys() -> None:
    assert said({"map": ["a"]}) == ['spec.map[0]: Invalid value: "a": must be an object for an array of list-type map']
