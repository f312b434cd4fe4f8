"""Configurations read in one walk: what two walks say, of all that fits and of nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.machinery.apply.specs import OBJECTS, Object, obj
from tests.unit.kube.machinery.apply.test_owning import COMPLAINTS
from tests.unit.kube.machinery.patches.schemas import OBJECT
from wherry.kube.machinery.apply.owning import complaints, field_set
from wherry.kube.machinery.apply.typed import typed
from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.kube.machinery.schema.model import Schema

WILD = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "b", "TCP"]) | st.floats(0, 2),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "port", "protocol", "a", "value", "x"]), below, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = (
    "replicas", "paused", "selector", "items", "volumes", "finalizers", "weights", "args", "replaced", "strategy",
    "limits", "opaque", "nested", "anything", "matrix", "unkeyed", "unheard",
)  # fmt: skip


def _agrees(document: Object, schema: Schema) -> None:
    expected = None if complaints(document, schema) else field_set(document, schema)
    assert typed(document, schema) == expected


@given(OBJECTS)
def test_what_fits_has_the_same_field_set(document: Object) -> None:
    assert typed(document, OBJECT) == field_set(document, OBJECT)


@given(st.dictionaries(st.sampled_from(FIELDS), WILD, max_size=3))
def test_whatever_comes_is_read_if_nothing_is_wrong_with_it(spec: Object) -> None:
    _agrees(obj(spec), OBJECT)


@pytest.mark.parametrize("spec", [spec for spec, _ in COMPLAINTS])
def test_what_does_not_fit_is_not_read(spec: Object) -> None:
    _agrees(obj(spec), OBJECT)


def test_elements_by_two_keys_are_told_apart_by_their_types_too() -> None:
    for ports in ([{"port": 1}, {"port": True}], [{"port": 1, "protocol": "TCP"}, {"port": 1}], [{"port": 1.0}]):
        _agrees(obj({"items": [{"name": "a", "ports": ports}]}), OBJECT)


def test_built_in_configurations_are_read() -> None:
    container: dict[str, Any] = {"name": "c", "image": "i", "ports": [{"containerPort": 80}], "env": [{"name": "A"}]}
    container |= {"resources": {"limits": {"cpu": 1, "memory": "1Gi"}}, "args": ["a", "b"], "command": []}
    spec = {"containers": [container], "tolerations": [{"key": "a"}], "nodeSelector": {"a": "b"}, "volumes": []}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"a": "b"}}, "spec": spec}
    schema = schema_of(GroupVersionKind("", "v1", "Pod"))
    assert typed(pod, schema) is not None
    _agrees(pod, schema)
    _agrees({**pod, "spec": {**spec, "hostname": 1}}, schema)


def test_an_open_object_owns_what_its_schema_does_not_name() -> None:
    schema = Schema(type="object", preserve_unknown=True)
    for value in ({"a": {"b": 1}, "c": {}, "d": [1]}, {}, {"a": None}):
        _agrees(value, schema)
