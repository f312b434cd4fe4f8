"""How nodes of a schema merge."""

from typing import Any

import pytest

from tests.unit.kube.machinery.patches.schemas import ITEM, NUMBER, OBJECT, PORT, SPEC, TEXT, VARIABLE, listing, struct
from wherry.kube.machinery.apply.shapes import are_equal, element_of, is_free, is_whole, list_shape, of_object
from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.kube.machinery.schema.model import MISSING, Schema


def test_lists_are_told_by_their_type_and_else_by_strategic_merge() -> None:
    assert list_shape(SPEC.child("items")).kind == "map"
    assert list_shape(SPEC.child("finalizers")).kind == "set"
    assert list_shape(SPEC.child("args")).is_atomic
    assert list_shape(None).is_atomic
    assert list_shape(listing(VARIABLE, "name", strategies=("merge",))).keys == (("name", MISSING),)
    assert list_shape(listing(TEXT, strategies=("merge",))).kind == "set"
    assert list_shape(listing(VARIABLE, "name", strategies=("replace",))).is_atomic


def test_a_key_that_is_left_out_has_its_default() -> None:
    shape = list_shape(ITEM.child("ports"))
    assert element_of({"port": 80}, shape) == 'k:{"port":80,"protocol":"TCP"}'
    assert element_of({"protocol": "UDP", "port": 80}, shape) == 'k:{"port":80,"protocol":"UDP"}'
    assert element_of({"name": "x"}, shape) == 'k:{"protocol":"TCP"}'


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (None, "associative list with keys may not have a null element"),
        ("x", "associative list with keys may not have non-map elements"),
        (
            {"value": "x"},
            'associative list with keys has an element that omits all key fields ["name"] '
            "(and doesn't have default values for any key fields)",
        ),
    ],
)
def test_an_element_without_keys_is_refused(item: Any, why: str) -> None:
    with pytest.raises(ValueError, match="associative") as caught:
        element_of(item, list_shape(ITEM.child("variables")))
    assert str(caught.value) == why


@pytest.mark.parametrize("item", [{}, [], None])
def test_an_element_of_a_set_is_a_scalar(item: Any) -> None:
    with pytest.raises(ValueError, match="associative list"):
        element_of(item, list_shape(SPEC.child("finalizers")))
    assert element_of("x", list_shape(SPEC.child("finalizers"))) == 'v:"x"'


def test_an_object_is_whole_where_the_schema_says_so() -> None:
    assert is_whole(SPEC.child("selector"))
    assert is_whole(SPEC.child("opaque"))
    assert not is_whole(SPEC)
    assert not is_whole(None)


def test_unknown_fields_are_free_where_anything_is() -> None:
    assert is_free(None)
    assert is_free(SPEC.child("limits"))
    assert is_free(SPEC.child("anything"))
    assert is_free(Schema(type="object"))
    assert not is_free(SPEC)


@pytest.mark.parametrize(
    "kind", ["CustomResourceDefinition", "ResourceClaim", "ControllerRevision", "Pod", "Deployment"]
)
def test_true_is_no_one_where_both_could_be(kind: str) -> None:
    groups = {"Custom": "apiextensions.k8s.io", "Resource": "resource.k8s.io", "Pod": ""}
    group = next((each for name, each in groups.items() if kind.startswith(name)), "apps")
    schema = schema_of(GroupVersionKind(group, "v1", kind))
    assert are_equal(schema, {"spec": {"a": 1}}, {"spec": {"a": 1}})
    assert not are_equal(schema, {"spec": {"a": 1}}, {"spec": {"a": 2}})
    is_told_apart = not are_equal(schema, {"spec": {"a": 1}}, {"spec": {"a": True}})
    assert is_told_apart is (kind not in ("Pod", "Deployment")), "of these nobody sends both: their fields have types"


def test_a_custom_resource_has_metadata_although_its_schema_does_not_say_so() -> None:
    custom = of_object(struct(spec=struct(size=NUMBER)))
    metadata = custom.child("metadata")
    assert metadata is not None
    assert list_shape(metadata.child("finalizers")).kind == "set"
    assert custom.child("spec") is not None
    assert of_object(OBJECT) is OBJECT


def test_built_in_kinds_have_their_keys_and_defaults() -> None:
    pod = schema_of(GroupVersionKind("", "v1", "Pod"))
    containers = pod.properties["spec"].properties["containers"]
    assert containers.items is not None
    assert element_of({"containerPort": 1}, list_shape(containers.items.child("ports"))) == (
        'k:{"containerPort":1,"protocol":"TCP"}'
    )
    service = schema_of(GroupVersionKind("", "v1", "Service")).properties["spec"]
    assert element_of({"port": 80}, list_shape(service.child("ports"))) == 'k:{"port":80,"protocol":"TCP"}'
    assert PORT.child("protocol") is not None
