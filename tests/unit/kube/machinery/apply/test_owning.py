"""The fields of a configuration, and what is wrong with it."""

from typing import Any

import pytest
from hypothesis import given

from tests.unit.kube.machinery.apply.specs import OBJECTS, Object, obj
from tests.unit.kube.machinery.patches.schemas import OBJECT, SPEC
from wherry.kube.machinery.apply.comparison import compare
from wherry.kube.machinery.apply.fieldsets import contains, read, sorted_set
from wherry.kube.machinery.apply.owning import complaints, field_set
from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.schema.builtin import schema_of


def test_leaves_elements_and_entries_are_owned_and_structs_are_not() -> None:
    spec = {
        "replicas": 1,
        "selector": {"labels": {"a": "b"}},
        "args": ["x"],
        "limits": {"cpu": 1},
        "opaque": {"a": "b"},
        "finalizers": ["f"],
        "items": [{"name": "a", "ports": [{"port": 80}], "source": {"kind": "k"}}],
        "nested": {"n": {"a": "1"}},
        "anything": {"x": {"y": 1}, "z": [1, 2]},
    }
    assert field_set(spec, SPEC) == {
        "f:replicas": {},
        "f:selector": {},
        "f:args": {},
        "f:limits": {"f:cpu": {}},
        "f:opaque": {},
        "f:finalizers": {'v:"f"': {}},
        "f:items": {
            'k:{"name":"a"}': {
                ".": {},
                "f:name": {},
                "f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}},
                "f:source": {"f:kind": {}},
            }
        },
        "f:nested": {"f:n": {".": {}, "f:a": {}}},
        "f:anything": {"f:x": {".": {}, "f:y": {}}, "f:z": {}},
    }


def test_empty_and_null_are_owned_but_an_empty_list_of_elements_is_not() -> None:
    spec: Object = {"limits": {}, "strategy": {}, "replicas": None, "items": [], "args": [], "nested": {"a": {}}}
    assert field_set(spec, SPEC) == {
        "f:limits": {},
        "f:strategy": {},
        "f:replicas": {},
        "f:args": {},
        "f:nested": {"f:a": {}},
    }
    assert field_set({"strategy": {"rolling": {"surge": 1}}}, SPEC) == {"f:strategy": {"f:rolling": {"f:surge": {}}}}


def test_duplicates_are_owned_together_and_what_has_no_key_by_nobody() -> None:
    spec = {"items": [{"name": "a", "image": "1"}, {"name": "a", "image": "2"}, {"image": "3"}]}
    assert field_set(spec, SPEC) == {"f:items": {'k:{"name":"a"}': {}}}


@given(OBJECTS)
def test_all_that_a_configuration_has_is_new_where_there_was_nothing(document: Object) -> None:
    fields = field_set(document, OBJECT)
    assert contains(compare({}, document, OBJECT).added, fields)
    assert read(sorted_set(fields)) == fields


COMPLAINTS: list[tuple[Object, list[str]]] = [
    ({"replicas": 1, "limits": {"a": "1", "b": 2}, "anything": [{"x": None}], "paused": None}, []),
    ({"frob": 1}, [".spec.frob: field not declared in schema"]),
    ({"replicas": "1"}, [".spec.replicas: expected numeric (int or float), got string"]),
    ({"replicas": True}, [".spec.replicas: expected numeric (int or float), got bool"]),
    ({"paused": 1}, [".spec.paused: expected boolean, got &{1}"]),
    ({"args": [1]}, [".spec.args[0]: expected string, got &value.valueUnstructured{Value:1}"]),
    ({"items": {"a": 1}}, [".spec.items: expected list, got &{map[a:1]}"]),
    ({"strategy": []}, [".spec.strategy: expected map, got &{[]}"]),
    ({"limits": {"a": []}}, [".spec.limits.a: expected any scalar, got &{[]}"]),
    (
        {"items": [{"name": "a"}, {"name": "a", "frob": 1}]},
        [
            '.spec.items: duplicate entries for key [name="a"]',
            '.spec.items[name="a"].frob: field not declared in schema',
        ],
    ),
    (
        {"items": [{"image": "a"}]},
        [
            '.spec.items: element 0: associative list with keys has an element that omits all key fields ["name"] '
            "(and doesn't have default values for any key fields)"
        ],
    ),
    (
        {"items": [{"name": "a", "variables": [{"name": "b", "value": 1}]}]},
        ['.spec.items[name="a"].variables[name="b"].value: expected string, got &value.valueUnstructured{Value:1}'],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), COMPLAINTS)
def test_complaints_have_upstream_s_words(spec: Object, expected: list[str]) -> None:
    assert complaints(obj(spec), OBJECT) == expected


@given(OBJECTS)
def test_there_is_nothing_to_complain_of_in_what_fits(document: Object) -> None:
    assert complaints(document, OBJECT) == []


def test_a_built_in_configuration_fits() -> None:
    container: dict[str, Any] = {"name": "c", "image": "i", "ports": [{"containerPort": 80}], "resources": {}}
    probe = {"httpGet": {"port": "http", "path": "/"}, "periodSeconds": 5}
    container |= {"resources": {"limits": {"cpu": 1, "memory": "1Gi"}}, "livenessProbe": probe}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}
    assert complaints(pod, schema_of(GroupVersionKind("", "v1", "Pod"))) == []
