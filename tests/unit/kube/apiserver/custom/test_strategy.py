"""What a custom kind does with its objects."""

from datetime import UTC, datetime
from typing import Any

import pytest

from wherry.kube.apiserver.custom.strategy import CustomStrategy, Scale
from wherry.kube.kinds.model import Context
from wherry.kube.machinery.schema.structural import from_crd

NOW = Context(datetime(2026, 1, 2, tzinfo=UTC))


def strategy(*, has_status: bool = True, scale: Scale | None = None, **properties: Any) -> CustomStrategy:
    schema = from_crd({"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}})
    other = from_crd({"type": "object", "properties": {"spec": {"type": "object", "required": ["other"]}}})
    return CustomStrategy(
        "v1", {"v1": lambda: schema, "v2": lambda: other}, {"v1": scale, "v2": None}, has_status=has_status
    )


def widget(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": spec}


def said(made: CustomStrategy, obj: dict[str, Any], context: Context = NOW) -> list[str]:
    return [str(each) for each in made.validate(obj, context)]


def test_defaults_are_those_of_the_schema() -> None:
    obj = widget()
    strategy(size={"type": "integer", "default": 3}).default(obj)
    assert obj["spec"] == {"size": 3}


def test_a_creator_sets_no_status_where_there_is_a_subresource_for_it() -> None:
    obj = {**widget(), "status": {"a": 1}}
    strategy(has_status=False).prepare_create(obj, NOW)
    assert "status" in obj
    strategy().prepare_create(obj, NOW)
    assert "status" not in obj


def test_values_lists_and_embedded_objects_are_checked() -> None:
    made = strategy(
        size={"type": "integer"},
        set={"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        pod={"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
    )
    assert said(made, widget(size=1, set=["a"], pod={"apiVersion": "v1", "kind": "Pod"})) == []
    assert said(made, widget(size="x", set=["a", "a"], pod={"apiVersion": "v1"})) == [
        'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
        "spec.pod.kind: Required value",
        'spec.set[1]: Duplicate value: "a"',
    ]


def test_the_rules_are_those_of_the_version_that_the_client_wrote() -> None:
    made = strategy(size={"type": "integer"})
    assert said(made, widget(size=1)) == []
    assert said(made, widget(size=1), Context(NOW.now, version="v2")) == ["spec.other: Required value"]


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ({"size": 3}, []),
        ({}, []),
        ({"size": -1}, [".spec.size: Invalid value: -1: should be a non-negative integer"]),
        ({"size": 2**31}, [".spec.size: Invalid value: 2147483648: should be less than or equal to 2147483647"]),
        (
            {"size": "x"},
            [".spec.size: Invalid value: 0: .spec.size accessor error: x is of the type string, expected int64"],
        ),
    ],
)
def test_scale_needs_numbers_of_replicas(spec: dict[str, Any], texts: list[str]) -> None:
    made = strategy(scale=Scale(".spec.size", ".status.size", ".status.selector"))
    free = {**widget(**spec)}
    assert said(made, free) == texts
    free["status"] = {"size": -1, "selector": 5}
    assert said(made, free)[len(texts) :] == [
        ".status.size: Invalid value: -1: should be a non-negative integer",
        '.status.selector: Invalid value: "": .status.selector accessor error: 5 is of the type int64, expected string',
    ]
    assert len(made.validate_status_update(free, free, Context(NOW.now, subresource="status"))) == 2


def test_what_was_stored_under_an_older_schema_may_stay() -> None:
    made = strategy(
        size={"type": "integer"},
        color={"type": "string"},
        set={"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
    )
    old = widget(size="big", set=["a", "a"])
    assert not made.validate_update(widget(size="big", color="red", set=["a", "a"]), old, NOW)
    assert made.validate_update(widget(size="huge"), old, NOW)
    assert made.validate_update(widget(set=["a", "a"]), widget(), NOW)


def test_everything_but_metadata_counts() -> None:
    made = strategy()
    assert not made.generation_counts({**widget(), "metadata": {"name": "a", "labels": {"a": "b"}}}, widget())
    assert made.generation_counts(widget(a=1), widget())
    assert made.generation_counts(widget(a=1), widget(a=True))
    assert made.generation_counts({**widget(), "status": {"a": 1}}, widget())


def test_finalizers_that_others_might_think_of_draw_a_warning() -> None:
    obj = widget()
    obj["metadata"]["finalizers"] = ["mine", "example.com/mine", "orphan"]
    (warning,) = strategy().warnings(obj, None)
    assert warning == (
        'metadata.finalizers: "mine": prefer a domain-qualified finalizer name including a path (/) to avoid '
        "accidental conflicts with other finalizer writers"
    )
    assert not strategy().warnings(obj, obj)
